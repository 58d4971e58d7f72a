"""The operand stack of the translator knows where copies of locals are, whatever is done to it."""

from __future__ import annotations

import random

import pytest

from wasm_exec.assembler import Assembler
from wasm_exec.values import Local, OperandStack


def copies(stack: OperandStack) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for height, entry in enumerate(stack.entries):
        if isinstance(entry, Local):
            found.setdefault(entry.slot, []).append(height)
    return found


@pytest.mark.parametrize("seed", range(20))
def test_copies_of_locals_are_known(seed: int) -> None:
    numbers, stack = random.Random(seed), OperandStack(Assembler("f"), 6)
    for _ in range(400):
        match numbers.randrange(9):
            case 0 | 1 | 2:
                stack.push_local(numbers.randrange(6), False)
            case 3:
                stack.push_constant(7, numbers.random() < 0.5)
            case 4 if len(stack):
                stack.set_local(numbers.randrange(6))
            case 5 if len(stack):
                stack.push_again(stack.pop())
            case 6 if len(stack):
                stack.settle_top(numbers.randrange(len(stack) + 1))
            case 7 if len(stack) and numbers.random() < 0.2:
                stack.drop_to(numbers.randrange(len(stack)), [False, True])
            case 8 if numbers.random() < 0.2:
                stack.settle_locals(numbers.choice([None, 3]))
        assert stack.copies == copies(stack)


def test_setting_a_local_copies_what_stands_for_it_lowest_first() -> None:
    stack = OperandStack(Assembler("f"), 4)
    for slot in (1, 0, 1, 2):
        stack.push_local(slot, False)
    stack.push_constant(9, False)
    stack.set_local(1)
    lines = [(line.operation.name, line.d, line.a) for line in stack.code.items]  # type: ignore[union-attr]
    assert lines == [("COPY", 5, 1), ("COPY", 7, 1), ("CONST", 1, 0)] and stack.copies == {0: [1], 2: [3]}
