"""The operand stack of WebAssembly while it is translated: what each entry stands for, and in which slot it will be.

A value of 32 bits takes one slot number, a value of 64 bits takes two and lives in the second (in the space of 64-bit slots), so that
the return link of a callee, which lies under its first argument, never meets a value. Locals come first, from slot 0 on. Then comes
one slot that holds zero (addresses of globals and constant addresses start from it), then the operand stack: every entry has a home,
which follows from the entries below it. Constants and copies of locals stay symbolic as long as possible. Nobody changes an entry: it is
replaced.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from wasm_exec.assembler import Assembler


@dataclass(slots=True)
class Local:
    slot: int
    wide: bool
    home: int


@dataclass(slots=True)
class Constant:
    value: int
    wide: bool
    home: int


@dataclass(slots=True)
class Temporary:
    """A value that was computed into its home."""

    slot: int
    wide: bool

    @property
    def home(self) -> int:
        return self.slot


Value = Local | Constant | Temporary
Slot = tuple[int, bool]  # number, whether 64 bits


def places(wide: Iterable[bool], base: int = 0) -> list[Slot]:
    """The slots of values that follow each other, from a slot number on."""
    result: list[Slot] = []
    for each in wide:
        result.append((base + each, each))
        base += 1 + each
    return result


class OperandStack:
    def __init__(self, code: Assembler, locals_slots: int) -> None:
        self.code = code
        self.zero_slot = locals_slots
        self.entries: list[Value] = []
        self.copies: dict[int, list[int]] = {}  # for slots of locals: heights of the entries that stand for them, in order

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def top(self) -> int:
        """The first slot number above all entries."""
        return self.entries[-1].home + 1 if self.entries else self.zero_slot + 1

    def base(self, height: int) -> int:
        """The first slot number of the entry at this height, or where it would be."""
        return self.entries[height - 1].home + 1 if height else self.zero_slot + 1

    def push_local(self, slot: int, wide: bool) -> None:
        self.copies.setdefault(slot, []).append(len(self.entries))
        self.entries.append(Local(slot, wide, self.top + wide))

    def push_constant(self, value: int, wide: bool) -> None:
        self.entries.append(Constant(value, wide, self.top + wide))

    def push_result(self, wide: bool) -> int:
        """A new value at the top; returns the slot in which it must be put."""
        slot = self.top + wide
        self.entries.append(Temporary(slot, wide))
        return slot

    def push_again(self, value: Value) -> None:
        """Puts back a value that was popped, at a height that may be lower than it was."""
        match value:
            case Local():
                self.push_local(value.slot, value.wide)
            case Constant():
                self.push_constant(value.value, value.wide)
            case _:
                self.move(value, self.push_result(value.wide))

    def pop(self) -> Value:
        value = self.entries.pop()
        if isinstance(value, Local):
            self.forget(value.slot, len(self.entries))
        return value

    def forget(self, slot: int, height: int) -> None:
        """The entry at this height does not stand for the local any more. No empty list stays."""
        heights = self.copies[slot]
        if len(heights) == 1:
            del self.copies[slot]
        else:
            del heights[bisect_left(heights, height)]

    def pop_slot(self) -> int:
        """Pops a value and returns a slot that holds it."""
        return self.slot_of(self.pop())

    def slot_of(self, value: Value) -> int:
        """A slot that holds this value; a constant is put into its home."""
        if isinstance(value, Constant):
            self.move(value, value.home)
            return value.home
        return value.slot

    def move(self, value: Value, slot: int) -> None:
        """Puts a value into a slot."""
        suffix = "64" if value.wide else ""
        if isinstance(value, Constant):
            self.code.emit("CONST" + suffix, d=slot, immediate=value.value)
        elif value.slot != slot:
            self.code.emit("COPY" + suffix, d=slot, a=value.slot)

    def settle(self, height: int) -> None:
        """Makes the entry at this height a computed value in its home."""
        value = self.entries[height]
        if isinstance(value, Local):
            self.forget(value.slot, height)
        self.put_home(height)

    def put_home(self, height: int) -> None:
        value = self.entries[height]
        self.move(value, value.home)
        self.entries[height] = Temporary(value.home, value.wide)

    def settle_top(self, count: int) -> None:
        for height in range(len(self.entries) - count, len(self.entries)):
            self.settle(height)

    def settle_locals(self, slot: int | None = None) -> None:
        """Copies entries that stand for a local (for this one, or for any) before the local changes."""
        if slot is None:
            heights = sorted(height for each in self.copies.values() for height in each)
            self.copies.clear()
        else:
            heights = self.copies.pop(slot, [])
        for height in heights:
            self.put_home(height)

    def drop_to(self, height: int, results: Iterable[bool]) -> None:
        """What the stack is after a block: everything above its height is gone, its results are in their homes."""
        while len(self.entries) > height:
            self.pop()
        for wide in results:
            self.push_result(wide)

    def set_local(self, slot: int) -> None:
        """Pops into a local. If the value was computed by the last line, that line writes the local directly."""
        value = self.pop()
        if isinstance(value, Local) and value.slot == slot:
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
