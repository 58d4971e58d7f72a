"""Questions to the value that was computed last: which slot decides, and the branch that is taken for one answer or the other."""

from __future__ import annotations

from wasm_exec.assembler import Assembler, Label, Line
from wasm_exec.instructions import BY_NAME, JUMPING, immediate_name
from wasm_exec.values import Constant, Local, OperandStack, Temporary, Value

OPPOSITE = {"EQ": "NE", "LT_U": "GE_U", "LT_S": "GE_S"}
OPPOSITE |= {opposite: name for name, opposite in OPPOSITE.items()}
OPPOSITE |= {name + "64": opposite + "64" for name, opposite in OPPOSITE.items()}
OPPOSITE |= {immediate_name(name): immediate_name(opposite) for name, opposite in OPPOSITE.items()}
OPPOSITE |= {JUMPING + name: JUMPING + opposite for name, opposite in OPPOSITE.items()} | {"BRNZ": "BRZ", "BRZ": "BRNZ"}


def condition_slot(stack: OperandStack, value: Value) -> tuple[int, bool]:
    """A slot that decides like this value (just popped), and whether its meaning is turned around: x == 0 asks for x itself."""
    assert not isinstance(value, Constant)
    line = stack.code.last_line
    computed = not isinstance(value, Local) and line is not None and line.written == value.slot
    if computed and line is not None and line.operation.name in ("EQI", "NEI") and line.immediate == 0:
        stack.code.items.pop()
        return line.a, line.operation.name == "EQI"
    return value.slot, False


def question(stack: OperandStack, value: Value) -> Line:
    """A branch, not written yet, that is taken unless this value (just popped) is 0. If the last line is a comparison whose answer nobody
    else wants, both are one."""
    slot, negated = condition_slot(stack, value)
    line = stack.code.last_line
    if isinstance(value, Temporary) and not negated and line is not None and line.written == slot == value.slot:
        jump = BY_NAME.get(JUMPING + line.operation.name)
        if jump is not None:
            stack.code.items.pop()
            return Line(jump, 0, line.a, line.b, line.i, line.j)
    return Line(BY_NAME["BRZ" if negated else "BRNZ"], a=slot)


def ask(code: Assembler, line: Line, answer: bool, target: Label) -> None:
    """Writes the branch of a question: to this place if the answer is this."""
    name = line.operation.name
    operation = BY_NAME[name if answer else OPPOSITE[name]]
    code.items.append(Line(operation, line.d, line.a, line.b, line.i, line.j, target, line.callee, code.offset))
