"""Validation of one body: the algorithm of the specification's appendix. References and tables are in validate_references."""

from __future__ import annotations

from collections.abc import Callable

from wasm_exec.module import Body, FunctionType, Instruction, ValueType
from wasm_exec.opcodes import BLOCK, CODE_OF, ELSE, END, IF, LOOP, OPCODES, SELECT_TYPED
from wasm_exec.signatures import NEED_MEMORY, SIGNATURES, WIDTHS
from wasm_exec.validate_references import RULES as REFERENCES
from wasm_exec.validate_stack import BRANCHES_LIMIT, BodyChecker, Context, Frame


def validate_body(context: Context, signature: FunctionType, body: Body) -> None:
    checker = BodyChecker(context, signature, body)
    for instruction in body.instructions:
        checker.offset = instruction.offset
        rule = RULES.get(instruction.code) or REFERENCES.get(instruction.code)
        if rule is not None:
            rule(checker, instruction)
        elif instruction.code in SIGNATURES:
            plain(checker, instruction)
        else:
            raise checker.fail(f"{OPCODES[instruction.code].name} is not supported yet")


def plain(checker: BodyChecker, instruction: Instruction) -> None:
    parameters, results = SIGNATURES[instruction.code]
    if instruction.code in NEED_MEMORY:
        checker.require_memory()
        if isinstance(instruction.operand, tuple) and instruction.code in WIDTHS:
            if 1 << instruction.operand[0] > WIDTHS[instruction.code]:
                raise checker.fail("alignment must not be larger than natural")
    checker.pop_all(parameters)
    checker.push_all(results)


def close_block(checker: BodyChecker, instruction: Instruction) -> None:
    frame = checker.close()
    if frame.code == IF and frame.type.parameters != frame.type.results:
        raise checker.fail("type mismatch")
    checker.push_all(frame.type.results)


def middle(checker: BodyChecker, instruction: Instruction) -> None:
    frame = checker.close()
    checker.frames.append(Frame(ELSE, frame.type, frame.height))
    checker.push_all(frame.type.parameters)


def open_if(checker: BodyChecker, instruction: Instruction) -> None:
    checker.pop(ValueType.I32)
    checker.open(IF, checker.block_type(instruction.operand))


def branch(checker: BodyChecker, instruction: Instruction) -> None:
    checker.pop_all(checker.label(instruction.operand))
    checker.stop()


def branch_if(checker: BodyChecker, instruction: Instruction) -> None:
    checker.pop(ValueType.I32)
    types = checker.label(instruction.operand)
    checker.pop_all(types)
    checker.push_all(types)


def branch_table(checker: BodyChecker, instruction: Instruction) -> None:
    depths = instruction.operand
    assert isinstance(depths, list)
    if len(depths) > BRANCHES_LIMIT:
        raise checker.fail(f"a br_table with more than {BRANCHES_LIMIT} labels is not supported")
    checker.pop(ValueType.I32)
    arity = len(checker.label(depths[-1]))
    checker.count(len(depths) * arity)
    for depth in depths:
        types = checker.label(depth)
        if len(types) != arity:
            raise checker.fail("type mismatch")
        popped = [checker.pop(kind) for kind in reversed(types)]
        checker.stack.extend(reversed(popped))
    checker.pop_all(checker.label(depths[-1]))
    checker.stop()


def leave(checker: BodyChecker, instruction: Instruction) -> None:
    checker.pop_all(checker.frames[0].type.results)
    checker.stop()


def call(checker: BodyChecker, instruction: Instruction) -> None:
    index = instruction.operand
    assert isinstance(index, int)
    if index >= len(checker.context.functions):
        raise checker.fail("unknown function")
    checker.pop_all(checker.context.functions[index].parameters)
    checker.push_all(checker.context.functions[index].results)


def select(checker: BodyChecker, instruction: Instruction) -> None:
    kind: ValueType | None = None
    if instruction.code == SELECT_TYPED:
        types = instruction.operand
        assert isinstance(types, list)
        if len(types) != 1:
            raise checker.fail("invalid result arity")
        kind = types[0]
        if kind is ValueType.V128:
            raise checker.fail("SIMD is not supported")
    checker.pop(ValueType.I32)
    second = checker.pop(kind)
    first = checker.pop(kind)
    if first is not None and second is not None and first is not second:
        raise checker.fail("type mismatch")
    if kind is None and ValueType.FUNCREF in (first, second) or kind is None and ValueType.EXTERNREF in (first, second):
        raise checker.fail("type mismatch")
    checker.stack.append(kind or (first if second is None else second))


def local_get(checker: BodyChecker, instruction: Instruction) -> None:
    checker.push_all((checker.local(instruction.operand),))


def local_set(checker: BodyChecker, instruction: Instruction) -> None:
    checker.pop(checker.local(instruction.operand))


def local_tee(checker: BodyChecker, instruction: Instruction) -> None:
    local_set(checker, instruction)
    local_get(checker, instruction)


def global_access(checker: BodyChecker, instruction: Instruction) -> None:
    index, globals_ = instruction.operand, checker.context.module.globals
    assert isinstance(index, int)
    if index >= len(globals_):
        raise checker.fail("unknown global")
    if instruction.code == CODE_OF["global.get"]:
        checker.push_all((globals_[index].type,))
        return
    if not globals_[index].mutable:
        raise checker.fail("global is immutable")
    checker.pop(globals_[index].type)


RULES: dict[int, Callable[[BodyChecker, Instruction], object]] = {
    CODE_OF["unreachable"]: lambda checker, instruction: checker.stop(),
    CODE_OF["nop"]: lambda checker, instruction: None,
    BLOCK: lambda checker, instruction: checker.open(BLOCK, checker.block_type(instruction.operand)),
    LOOP: lambda checker, instruction: checker.open(LOOP, checker.block_type(instruction.operand)),
    IF: open_if,
    ELSE: middle,
    END: close_block,
    CODE_OF["br"]: branch,
    CODE_OF["br_if"]: branch_if,
    CODE_OF["br_table"]: branch_table,
    CODE_OF["return"]: leave,
    CODE_OF["call"]: call,
    CODE_OF["drop"]: lambda checker, instruction: checker.pop(),
    CODE_OF["select"]: select,
    SELECT_TYPED: select,
    CODE_OF["local.get"]: local_get,
    CODE_OF["local.set"]: local_set,
    CODE_OF["local.tee"]: local_tee,
    CODE_OF["global.get"]: global_access,
    CODE_OF["global.set"]: global_access,
}
