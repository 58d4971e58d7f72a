"""Translation of one function body: control flow, locals and calls. What computes is in translate_plain, translate_memory and
translate_tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from wasm_exec.assembler import Assembler, Label, Line
from wasm_exec.errors import Invalid, TrapKind
from wasm_exec.flow import flow_of, read_before_written
from wasm_exec.instructions import BY_NAME, MASK, MASK64
from wasm_exec.module import Body, FunctionType, Instruction, Module, ValueType
from wasm_exec.opcodes import BLOCK, CODE_OF, ELSE, END, IF, LOOP, OPCODES
from wasm_exec.places import Places
from wasm_exec.routines import Routines
from wasm_exec.translate_memory import LOADS, STORES, get_global, load, memory_size, set_global, store
from wasm_exec.translate_plain import BINARY, PLAIN, binary, condition_slot
from wasm_exec.values import Constant, OperandStack, Slot, Temporary, places

Wide = tuple[bool, ...]


@dataclass(frozen=True)
class Surroundings:
    """What all bodies of a module share."""

    module: Module
    functions: list[FunctionType]
    places: Places
    routines: Routines


@dataclass
class Block:
    """An open block. A branch to it puts values into `targets` and goes to `label`; when it is over its results are in `ends`."""

    code: int
    height: int
    targets: list[Slot]
    ends: list[Slot]
    label: Label
    parameters: Wide
    results: Wide
    otherwise: Label = field(default_factory=Label)


def widths(types: tuple[ValueType, ...]) -> Wide:
    return tuple(kind.wide for kind in types)


class BodyTranslator:
    def __init__(self, around: Surroundings, name: str, signature: FunctionType, body: Body) -> None:
        self.around = around
        self.code = Assembler(name)
        kinds = [*signature.parameters, *(kind for count, kind in body.locals for _ in range(count))]
        self.locals = places(kind.wide for kind in kinds)
        self.parameter_slots = sum(1 + kind.wide for kind in signature.parameters)
        self.stack = OperandStack(self.code, sum(1 + kind.wide for kind in kinds))
        results = widths(signature.results)
        self.results = [slot for slot, _ in places(results)]
        self.blocks = [Block(BLOCK, 0, places(results), places(results), Label(), (), results)]
        self.skipping = 0  # open blocks of a part that cannot be reached

    def translate(self, body: Body) -> Assembler:
        for instruction in body.instructions:
            if self.skipping:
                self.skip(instruction)
            else:
                self.instruction(instruction)
        flow = flow_of(self.code)
        zeroed = read_before_written(flow, self.parameter_slots, self.stack.zero_slot + 1, self.results)
        wide = {slot for slot, wide in self.locals if wide}
        self.code.items[:0] = [Line(BY_NAME["CONST64" if slot in wide else "CONST"], d=slot) for slot in zeroed]
        return self.code

    def skip(self, instruction: Instruction) -> None:
        if instruction.code in (BLOCK, LOOP, IF):
            self.skipping += 1
        elif instruction.code == END:
            self.skipping -= 1
            if not self.skipping:
                self.close(reachable=False)
        elif instruction.code == ELSE and self.skipping == 1:
            self.skipping = 0
            self.middle(reachable=False)

    def instruction(self, instruction: Instruction) -> None:
        code, operand = instruction.code, instruction.operand
        if code in BINARY:
            name, swapped = BINARY[code]
            right, left = self.stack.pop(), self.stack.pop()
            binary(self.stack, name, right if swapped else left, left if swapped else right)
        elif code in LOADS and isinstance(operand, tuple):
            load(self.stack, code, operand[1])
        elif code in STORES and isinstance(operand, tuple):
            store(self.stack, code, operand[1])
        elif code in PLAIN:
            PLAIN[code](self.stack)
        elif code in CONSTANTS:
            self.constant(operand, CONSTANTS[code])
        elif code in CONTROL:
            CONTROL[code](self, operand)
        else:
            self.special(instruction)

    def special(self, instruction: Instruction) -> None:
        from wasm_exec.translate_floats import FLOATS
        from wasm_exec.translate_tables import SPECIAL
        rule = SPECIAL.get(instruction.code) or FLOATS.get(instruction.code)
        if rule is None:
            raise Invalid(f"{OPCODES[instruction.code].name} is not supported yet", instruction.offset)
        rule(self, instruction.operand)

    # Blocks

    def block_types(self, operand: object) -> tuple[Wide, Wide]:
        if operand is None:
            return (), ()
        if isinstance(operand, ValueType):
            return (), (operand.wide,)
        assert isinstance(operand, int)
        signature = self.around.module.types[operand]
        return widths(signature.parameters), widths(signature.results)

    def open(self, code: int, operand: object) -> Block:
        parameters, results = self.block_types(operand)
        self.stack.settle_locals()
        height = len(self.stack) - len(parameters)
        self.stack.settle_top(len(parameters))
        base = self.stack.base(height)
        ends = places(results, base)
        block = Block(code, height, places(parameters, base) if code == LOOP else ends, ends, Label(), parameters, results)
        self.blocks.append(block)
        return block

    def open_block(self, operand: object) -> None:
        self.open(BLOCK, operand)

    def open_loop(self, operand: object) -> None:
        self.code.place(self.open(LOOP, operand).label)

    def open_if(self, operand: object) -> None:
        condition = self.stack.pop()
        if isinstance(condition, Constant):
            block = self.open(IF, operand)
            if not condition.value:
                self.code.jump(block.otherwise)
            return
        slot, negated = condition_slot(self.stack, condition)
        block = self.open(IF, operand)  # writes only homes below the condition
        self.code.emit("BRNZ" if negated else "BRZ", a=slot, target=block.otherwise)

    def middle(self, operand: object = None, reachable: bool = True) -> None:
        block = self.blocks[-1]
        if reachable:
            self.put_results(block.ends)
            self.code.jump(block.label)
        block.code = ELSE
        self.code.place(block.otherwise)
        self.stack.drop_to(block.height, block.parameters)

    def close(self, operand: object = None, reachable: bool = True) -> None:
        block = self.blocks.pop()
        if reachable:
            self.put_results(block.ends)
        self.stack.drop_to(block.height, block.results)
        if block.code == IF:
            self.code.place(block.otherwise)
        if block.code != LOOP:
            self.code.place(block.label)
        if not self.blocks:
            self.code.emit("RETURN")

    # Branches

    def put_results(self, targets: list[Slot]) -> None:
        """Copies the values at the top to where they are wanted. With several, from homes upwards, so that none is overwritten."""
        if len(targets) > 1:
            self.stack.settle_top(len(targets))
        for entry, (slot, _) in zip(self.stack.entries[len(self.stack) - len(targets) :], targets, strict=True):
            self.stack.move(entry, slot)

    def in_place(self, block: Block) -> bool:
        top = len(self.stack) - len(block.targets)
        return self.stack.entries[top:] == [Temporary(slot, wide) for slot, wide in block.targets]

    def leave_to(self, block: Block) -> None:
        self.put_results(block.targets)
        self.code.jump(block.label)
        self.skipping = 1

    def branch(self, operand: object) -> None:
        assert isinstance(operand, int)
        self.leave_to(self.blocks[-1 - operand])

    def branch_if(self, operand: object) -> None:
        assert isinstance(operand, int)
        block, condition = self.blocks[-1 - operand], self.stack.pop()
        if isinstance(condition, Constant):
            if condition.value:
                self.leave_to(block)
            return
        slot, negated = condition_slot(self.stack, condition)
        if self.in_place(block):
            self.code.emit("BRZ" if negated else "BRNZ", a=slot, target=block.label)
            return
        if len(block.targets) > 1:
            self.stack.settle_top(len(block.targets))
        stay = Label()
        self.code.emit("BRNZ" if negated else "BRZ", a=slot, target=stay)
        self.put_results(block.targets)
        self.code.jump(block.label)
        self.code.place(stay)

    def branch_table(self, operand: object) -> None:
        """A binary search over the runs of equal targets; each comparison needs a slot above everything that is still of use."""
        assert isinstance(operand, list)
        index = self.stack.pop()
        slot = self.stack.slot_of(index)
        scratch = index.home + 1
        arity = len(self.blocks[-1 - operand[-1]].targets)
        if arity > 1:
            self.stack.settle_top(arity)
        runs = [position for position in range(len(operand)) if position == 0 or operand[position] != operand[position - 1]]
        exits: dict[int, Label] = {operand[position]: Label() for position in runs}
        waiting: list[tuple[Label, int, int]] = [(Label(), 0, len(runs))]
        while waiting:
            label, low, high = waiting.pop()
            self.code.place(label)
            if high - low == 1:
                self.code.jump(exits[operand[runs[low]]])
                continue
            middle, upper = (low + high) // 2, Label()
            self.code.emit("LT_UI", d=scratch, a=slot, immediate=runs[middle])
            self.code.emit("BRZ", a=scratch, target=upper)
            waiting += [(upper, middle, high), (Label(), low, middle)]
        for depth, label in exits.items():
            self.code.place(label)
            self.put_results(self.blocks[-1 - depth].targets)
            self.code.jump(self.blocks[-1 - depth].label)
        self.skipping = 1

    def leave(self, operand: object) -> None:
        self.leave_to(self.blocks[0])

    def unreachable(self, operand: object) -> None:
        self.trap(TrapKind.UNREACHABLE)

    def trap(self, operand: object) -> None:
        assert isinstance(operand, int)
        self.code.emit("TRAP", condition=operand)
        self.skipping = 1

    # Locals and calls

    def local_get(self, operand: object) -> None:
        assert isinstance(operand, int)
        self.stack.push_local(*self.locals[operand])

    def local_set(self, operand: object) -> None:
        assert isinstance(operand, int)
        self.stack.set_local(self.locals[operand][0])

    def local_tee(self, operand: object) -> None:
        self.local_set(operand)
        self.local_get(operand)

    def global_get(self, operand: object) -> None:
        assert isinstance(operand, int)
        get_global(self.stack, operand, self.around.module.globals[operand].type.wide)

    def global_set(self, operand: object) -> None:
        assert isinstance(operand, int)
        set_global(self.stack, operand)

    def constant(self, operand: object, wide: bool) -> None:
        value = int.from_bytes(operand, "little") if isinstance(operand, bytes) else operand
        assert isinstance(value, int)
        self.stack.push_constant(value & (MASK64 if wide else MASK), wide)

    def memory_size(self, operand: object) -> None:
        memory_size(self.stack, self.around.places.memory_minimum, self.around.places.memory_grows)

    def call(self, operand: object) -> None:
        assert isinstance(operand, int)
        signature = self.around.functions[operand]
        self.call_function(operand, len(signature.parameters), widths(signature.results))

    def call_function(self, number: int, parameters: int, results: Wide) -> None:
        """Calls a function or routine with the values at the top."""
        self.stack.settle_top(parameters)
        base = len(self.stack) - parameters
        self.code.emit("CALL", d=self.stack.base(base), callee=number)
        self.stack.drop_to(base, results)


CONSTANTS = {CODE_OF["i32.const"]: False, CODE_OF["i64.const"]: True, CODE_OF["f32.const"]: False, CODE_OF["f64.const"]: True}
CONTROL: dict[int, Callable[[BodyTranslator, object], None]] = {
    BLOCK: BodyTranslator.open_block,
    LOOP: BodyTranslator.open_loop,
    IF: BodyTranslator.open_if,
    ELSE: BodyTranslator.middle,
    END: BodyTranslator.close,
    CODE_OF["br"]: BodyTranslator.branch,
    CODE_OF["br_if"]: BodyTranslator.branch_if,
    CODE_OF["br_table"]: BodyTranslator.branch_table,
    CODE_OF["return"]: BodyTranslator.leave,
    CODE_OF["unreachable"]: BodyTranslator.unreachable,
    CODE_OF["nop"]: lambda translator, operand: None,
    CODE_OF["call"]: BodyTranslator.call,
    CODE_OF["local.get"]: BodyTranslator.local_get,
    CODE_OF["local.set"]: BodyTranslator.local_set,
    CODE_OF["local.tee"]: BodyTranslator.local_tee,
    CODE_OF["global.get"]: BodyTranslator.global_get,
    CODE_OF["global.set"]: BodyTranslator.global_set,
    CODE_OF["memory.size"]: BodyTranslator.memory_size,
}
