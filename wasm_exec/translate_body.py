"""Translation of one function body: control flow, locals and calls. Plain instructions are in translate_plain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from wasm_exec.assembler import Assembler, Label, Line
from wasm_exec.flow import flow_of, read_before_written
from wasm_exec.instructions import BY_NAME
from wasm_exec.module import Body, FunctionType, Instruction, Module, ValueType
from wasm_exec.opcodes import BLOCK, CODE_OF, ELSE, END, IF, LOOP
from wasm_exec.translate_plain import BINARY, LOADS, PLAIN, STORES, binary, condition_slot, get_global, load, set_global, store
from wasm_exec.values import Constant, Local, OperandStack, Temporary


@dataclass
class Block:
    """An open block. A branch to it puts `arity` values into the slots from `first` and goes to `label`."""

    code: int
    height: int
    arity: int
    first: int
    label: Label
    parameters: int
    results: int
    otherwise: Label = field(default_factory=Label)


class BodyTranslator:
    def __init__(self, module: Module, functions: list[FunctionType], name: str, signature: FunctionType, body: Body) -> None:
        self.module = module
        self.functions = functions
        self.code = Assembler(name)
        self.parameters = len(signature.parameters)
        self.locals = self.parameters + sum(count for count, _ in body.locals)
        self.stack = OperandStack(self.code, self.locals)
        results = len(signature.results)
        self.blocks = [Block(BLOCK, 0, results, 0, Label(), 0, results)]
        self.skipping = 0  # open blocks of a part that cannot be reached

    def translate(self, body: Body) -> Assembler:
        for instruction in body.instructions:
            if self.skipping:
                self.skip(instruction)
            else:
                self.instruction(instruction)
        flow = flow_of(self.code)
        zeroed = read_before_written(flow, self.parameters, self.stack.zero_slot + 1)
        self.code.items[:0] = [Line(BY_NAME["CONST"], d=slot) for slot in zeroed]
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
            binary(self.stack, name, right if swapped else left, left if swapped else right, swapped)
        elif code in LOADS and isinstance(operand, tuple):
            load(self.stack, LOADS[code], operand[1])
        elif code in STORES and isinstance(operand, tuple):
            store(self.stack, STORES[code], operand[1])
        elif code in PLAIN:
            PLAIN[code](self.stack)
        else:
            CONTROL[code](self, operand)

    # Blocks

    def block_types(self, operand: object) -> tuple[int, int]:
        if operand is None:
            return 0, 0
        if isinstance(operand, ValueType):
            return 0, 1
        assert isinstance(operand, int)
        return len(self.module.types[operand].parameters), len(self.module.types[operand].results)

    def open(self, code: int, operand: object) -> Block:
        parameters, results = self.block_types(operand)
        self.stack.settle_locals()
        height = len(self.stack) - parameters
        for position in range(height, len(self.stack)):
            self.stack.settle(position)
        arity = parameters if code == LOOP else results
        block = Block(code, height, arity, self.stack.home(height), Label(), parameters, results)
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
            self.put_results(block, block.results)
            self.code.jump(block.label)
        block.code = ELSE
        self.code.place(block.otherwise)
        self.stack.drop_to(block.height, block.parameters)

    def close(self, operand: object = None, reachable: bool = True) -> None:
        block = self.blocks.pop()
        if reachable:
            self.put_results(block, block.results)
        self.stack.drop_to(block.height, block.results)
        if block.code == IF:
            self.code.place(block.otherwise)
        if block.code != LOOP:
            self.code.place(block.label)
        if not self.blocks:
            self.code.emit("RETURN")

    # Branches

    def put_results(self, block: Block, count: int) -> None:
        """Copies the values at the top to where the block wants them. With several, from homes upwards, so that none is overwritten."""
        top = len(self.stack) - count
        if count > 1:
            for height in range(top, len(self.stack)):
                self.stack.settle(height)
        for position in range(count):
            self.stack.move(self.stack.entries[top + position], block.first + position)

    def in_place(self, block: Block) -> bool:
        top = len(self.stack) - block.arity
        return self.stack.entries[top:] == [Temporary(block.first + position) for position in range(block.arity)]

    def leave_to(self, block: Block) -> None:
        self.put_results(block, block.arity)
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
        if block.arity > 1:
            for height in range(len(self.stack) - block.arity, len(self.stack)):
                self.stack.settle(height)
        stay = Label()
        self.code.emit("BRNZ" if negated else "BRZ", a=slot, target=stay)
        self.put_results(block, block.arity)
        self.code.jump(block.label)
        self.code.place(stay)

    def branch_table(self, operand: object) -> None:
        """A binary search over the runs of equal targets; each comparison needs a slot above everything that is still of use."""
        assert isinstance(operand, list)
        index = self.stack.pop()
        slot = self.stack.slot_of(index, len(self.stack))
        scratch = self.stack.home(len(self.stack) + 1)
        arity = self.blocks[-1 - operand[-1]].arity
        if arity > 1:
            for height in range(len(self.stack) - arity, len(self.stack)):
                self.stack.settle(height)
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
            self.put_results(self.blocks[-1 - depth], arity)
            self.code.jump(self.blocks[-1 - depth].label)
        self.skipping = 1

    def leave(self, operand: object) -> None:
        self.leave_to(self.blocks[0])

    def unreachable(self, operand: object) -> None:
        self.code.emit("TRAP", condition=1)
        self.skipping = 1

    # Locals and calls

    def local_get(self, operand: object) -> None:
        assert isinstance(operand, int)
        self.stack.push(Local(operand))

    def local_set(self, operand: object) -> None:
        assert isinstance(operand, int)
        self.stack.set_local(operand)

    def local_tee(self, operand: object) -> None:
        self.local_set(operand)
        self.local_get(operand)

    def global_get(self, operand: object) -> None:
        assert isinstance(operand, int)
        get_global(self.stack, operand)

    def global_set(self, operand: object) -> None:
        assert isinstance(operand, int)
        set_global(self.stack, operand)

    def constant(self, operand: object) -> None:
        assert isinstance(operand, int)
        self.stack.push(Constant(operand & 0xFFFFFFFF))

    def memory_size(self, operand: object) -> None:
        self.stack.push(Constant(self.module.memories[0].minimum))

    def call(self, operand: object) -> None:
        assert isinstance(operand, int)
        signature = self.functions[operand]
        base = len(self.stack) - len(signature.parameters)
        for height in range(base, len(self.stack)):
            self.stack.settle(height)
        self.code.emit("CALL", d=self.stack.home(base), callee=operand)
        self.stack.drop_to(base, len(signature.results))


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
    CODE_OF["i32.const"]: BodyTranslator.constant,
    CODE_OF["memory.size"]: BodyTranslator.memory_size,
}
