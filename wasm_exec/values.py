"""The operand stack of WebAssembly while it is translated: what each entry stands for, and in which slot it will be.

Local k lives in slot k. After the locals comes one slot that holds zero (addresses of globals and constant addresses start from it),
and after it the entry at height h of the operand stack has slot `home(h)`. Constants and copies of locals stay symbolic as long as
possible.
"""

from __future__ import annotations

from dataclasses import dataclass

from wasm_exec.assembler import Assembler


@dataclass(frozen=True)
class Local:
    slot: int


@dataclass(frozen=True)
class Constant:
    value: int


@dataclass(frozen=True)
class Temporary:
    """A value that was computed into the home of its height."""

    slot: int


Value = Local | Constant | Temporary


class OperandStack:
    def __init__(self, code: Assembler, locals_count: int) -> None:
        self.code = code
        self.zero_slot = locals_count
        self.entries: list[Value] = []

    def __len__(self) -> int:
        return len(self.entries)

    def home(self, height: int) -> int:
        return self.zero_slot + 1 + height

    def push(self, value: Value) -> None:
        self.entries.append(value)

    def push_result(self) -> int:
        """A new value at the top; returns the slot in which it must be put."""
        slot = self.home(len(self.entries))
        self.entries.append(Temporary(slot))
        return slot

    def push_again(self, value: Value) -> None:
        """Puts back a value that was popped, at a height that may be lower than it was."""
        if isinstance(value, Temporary) and value.slot != self.home(len(self.entries)):
            self.code.emit("COPY", d=self.push_result(), a=value.slot)
        else:
            self.entries.append(value)

    def pop(self) -> Value:
        return self.entries.pop()

    def pop_slot(self) -> int:
        """Pops a value and returns a slot that holds it."""
        value = self.entries.pop()
        return self.slot_of(value, len(self.entries))

    def slot_of(self, value: Value, height: int) -> int:
        """A slot that holds this value, which stood at this height; a constant is put into the home of the height."""
        if isinstance(value, Constant):
            self.code.emit("CONST", d=self.home(height), immediate=value.value)
            return self.home(height)
        return value.slot

    def move(self, value: Value, slot: int) -> None:
        """Puts a value into a slot."""
        if isinstance(value, Constant):
            self.code.emit("CONST", d=slot, immediate=value.value)
        elif value.slot != slot:
            self.code.emit("COPY", d=slot, a=value.slot)

    def settle(self, height: int) -> None:
        """Makes the entry at this height a computed value in its home."""
        self.move(self.entries[height], self.home(height))
        self.entries[height] = Temporary(self.home(height))

    def settle_locals(self, slot: int | None = None) -> None:
        """Copies entries that stand for a local (for this one, or for any) before the local changes."""
        for height, value in enumerate(self.entries):
            if isinstance(value, Local) and slot in (None, value.slot):
                self.settle(height)

    def drop_to(self, height: int, results: int) -> None:
        """What the stack is after a block: everything above its height is gone, its results are in their homes."""
        del self.entries[height:]
        for _ in range(results):
            self.push_result()

    def set_local(self, slot: int) -> None:
        """Pops into a local. If the value was computed by the last line, that line writes the local directly."""
        value = self.entries.pop()
        if value == Local(slot):
            return
        line = self.code.last_line
        direct = isinstance(value, Temporary) and line is not None and line.written == value.slot
        if direct:
            self.code.items.pop()
        self.settle_locals(slot)
        if direct:
            assert line is not None
            line.d = slot
            self.code.items.append(line)
        else:
            self.move(value, slot)
