"""The state of validation of one body: operand types and open blocks, both on explicit stacks."""

from __future__ import annotations

from dataclasses import dataclass

from wasm_exec.errors import Invalid
from wasm_exec.module import Body, FunctionType, Module, Table, ValueType
from wasm_exec.opcodes import BLOCK, LOOP
from wasm_exec.signatures import Types

NESTING_LIMIT = 10_000
FRAME_VALUES_LIMIT = 60_000
BRANCHES_LIMIT = 65_536     # of one br_table
WORK_LIMIT = 1 << 24        # values that all code of a module pops and pushes, as it is written: a few bytes can name a thousand


@dataclass
class Context:
    module: Module
    functions: list[FunctionType]
    declared: set[int]
    vectors: set[int]       # indices of types with vectors
    work: int = 0


@dataclass
class Frame:
    """An open block: its opcode, its types, the height of the operand stack below it."""

    code: int
    type: FunctionType
    height: int
    unreachable: bool = False

    @property
    def label(self) -> Types:
        return self.type.parameters if self.code == LOOP else self.type.results


class BodyChecker:
    def __init__(self, context: Context, signature: FunctionType, body: Body) -> None:
        self.context = context
        self.locals = list(signature.parameters)
        for count, kind in body.locals:
            if kind is ValueType.V128:
                raise Invalid("SIMD is not supported", body.offset)
            self.locals += [kind] * count
        self.stack: list[ValueType | None] = []
        self.frames = [Frame(BLOCK, signature, 0)]
        self.offset = body.offset

    def fail(self, message: str) -> Invalid:
        return Invalid(message, self.offset)

    def pop(self, expected: ValueType | None = None) -> ValueType | None:
        """The type at the top, or None where code cannot be reached and any type will do."""
        frame = self.frames[-1]
        if len(self.stack) == frame.height:
            if frame.unreachable:
                return None
            raise self.fail("type mismatch")
        actual = self.stack.pop()
        if actual is not None and expected is not None and actual is not expected:
            raise self.fail("type mismatch")
        return actual

    def count(self, values: int) -> None:
        self.context.work += values
        if self.context.work > WORK_LIMIT:
            raise self.fail(f"code that moves more than {WORK_LIMIT} values is not supported")

    def pop_all(self, types: Types) -> None:
        if not types:
            return
        self.count(len(types))
        stack, rest = self.stack, len(self.stack) - len(types)
        if rest >= self.frames[-1].height and tuple(stack[rest:]) == types:     # as it mostly is
            del stack[rest:]
            return
        for kind in reversed(types):
            self.pop(kind)

    def push_all(self, types: Types) -> None:
        if not types:
            return
        self.count(len(types))
        self.stack.extend(types)
        if len(self.stack) + len(self.locals) > FRAME_VALUES_LIMIT:
            raise self.fail(f"more than {FRAME_VALUES_LIMIT} values in a function are not supported")

    def open(self, code: int, signature: FunctionType) -> None:
        if len(self.frames) >= NESTING_LIMIT:
            raise self.fail(f"more than {NESTING_LIMIT} nested blocks are not supported")
        self.pop_all(signature.parameters)
        self.frames.append(Frame(code, signature, len(self.stack)))
        self.push_all(signature.parameters)

    def close(self) -> Frame:
        frame = self.frames[-1]
        self.pop_all(frame.type.results)
        if len(self.stack) != frame.height:
            raise self.fail("type mismatch")
        return self.frames.pop()

    def stop(self) -> None:
        """What follows in this block cannot be reached."""
        frame = self.frames[-1]
        del self.stack[frame.height :]
        frame.unreachable = True

    def label(self, depth: object) -> Types:
        assert isinstance(depth, int)
        if depth >= len(self.frames):
            raise self.fail("unknown label")
        return self.frames[-1 - depth].label

    def local(self, index: object) -> ValueType:
        assert isinstance(index, int)
        if index >= len(self.locals):
            raise self.fail("unknown local")
        return self.locals[index]

    def block_type(self, operand: object) -> FunctionType:
        if operand is None:
            return FunctionType((), ())
        if isinstance(operand, ValueType):
            if operand is ValueType.V128:
                raise self.fail("SIMD is not supported")
            return FunctionType((), (operand,))
        return self.type(operand)

    def type(self, index: object) -> FunctionType:
        assert isinstance(index, int)
        if index >= len(self.context.module.types):
            raise self.fail("unknown type")
        if index in self.context.vectors:
            raise self.fail("SIMD is not supported")
        return self.context.module.types[index]

    def table(self, index: object) -> Table:
        assert isinstance(index, int)
        if index >= len(self.context.module.tables):
            raise self.fail("unknown table")
        return self.context.module.tables[index]

    def require_memory(self) -> None:
        if not self.context.module.memories:
            raise self.fail("unknown memory")
