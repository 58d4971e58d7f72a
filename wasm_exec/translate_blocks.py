"""Translation of blocks and branches: where values must be when control arrives."""

from __future__ import annotations

from dataclasses import dataclass, field

from wasm_exec.assembler import Assembler, Label
from wasm_exec.module import Body, FunctionType, Module, ValueType
from wasm_exec.opcodes import BLOCK, ELSE, IF, LOOP
from wasm_exec.places import Places
from wasm_exec.routines import Routines
from wasm_exec.translate_questions import ask, question
from wasm_exec.values import Constant, OperandStack, Slot, Temporary, places

Wide = tuple[bool, ...]


@dataclass(frozen=True)
class Surroundings:
    """What all bodies of a module share. In a session `read_input` gives the payload of the event, not the whole input."""

    module: Module
    functions: list[FunctionType]
    places: Places
    routines: Routines
    session: bool = False


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


class BlockTranslator:
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
        asked = question(self.stack, condition)
        block = self.open(IF, operand)  # writes only homes below the condition and its operands
        ask(self.code, asked, False, block.otherwise)

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
        asked = question(self.stack, condition)
        if self.in_place(block):
            ask(self.code, asked, True, block.label)
            return
        if len(block.targets) > 1:
            self.stack.settle_top(len(block.targets))
        stay = Label()
        ask(self.code, asked, False, stay)
        self.put_results(block.targets)
        self.code.jump(block.label)
        self.code.place(stay)

    def branch_table(self, operand: object) -> None:
        """A binary search over the runs of equal targets."""
        assert isinstance(operand, list)
        index = self.stack.pop()
        slot = self.stack.slot_of(index)
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
            self.code.emit("JUMP_GE_UI", a=slot, immediate=runs[middle], target=upper)
            waiting += [(upper, middle, high), (Label(), low, middle)]
        for depth, label in exits.items():
            self.code.place(label)
            self.put_results(self.blocks[-1 - depth].targets)
            self.code.jump(self.blocks[-1 - depth].label)
        self.skipping = 1

    def leave(self, operand: object) -> None:
        self.leave_to(self.blocks[0])
