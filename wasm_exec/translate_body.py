"""Translation of one function body. Blocks are in translate_blocks; what computes is in translate_plain, translate_memory,
translate_tables and translate_floats."""

from __future__ import annotations

from collections.abc import Callable

from wasm_exec.assembler import Assembler, Line
from wasm_exec.errors import Invalid, TrapKind
from wasm_exec.flow import flow_of, read_before_written
from wasm_exec.instructions import BY_NAME, MASK, MASK64
from wasm_exec.module import Body, Instruction
from wasm_exec.opcodes import BLOCK, CODE_OF, ELSE, END, IF, LOOP, OPCODES
from wasm_exec.translate_blocks import BlockTranslator, Wide, widths
from wasm_exec.translate_memory import LOADS, STORES, get_global, load, memory_size, set_global, store
from wasm_exec.translate_plain import BINARY, PLAIN, binary


class BodyTranslator(BlockTranslator):
    def translate(self, body: Body) -> Assembler:
        for instruction in body.instructions:
            self.code.offset = instruction.offset
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
        from wasm_exec.library import OWN
        from wasm_exec.translate_floats import FLOATS
        from wasm_exec.translate_tables import SPECIAL
        rule = SPECIAL.get(instruction.code) or FLOATS.get(instruction.code) or OWN.get(instruction.code)
        if rule is None:
            raise Invalid(f"{OPCODES[instruction.code].name} is not supported yet", instruction.offset)
        rule(self, instruction.operand)

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
