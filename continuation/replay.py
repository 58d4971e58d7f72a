"""Runs a recorded program on a tape: the whole memory, which the chips are filled from, and the requirements that fail.

Every instruction is carried out by the first reading of the verifier (stark/numbers.py), so the two can differ only in the recording. Two
frequent kinds have a shorter way.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from continuation.recorder import Instruction, Operand, Program
from stark.errors import Malformed
from stark.field import P, product
from stark.machine import Value
from stark.numbers import Numbers
from stark.poseidon2 import of_width

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
FIVE = np.arange(5)


@dataclass(frozen=True)
class Replayed:
    memory: U64
    failed: list[tuple[int, str, str]]          # as in Numbers
    required: int


def replay(program: Program, tape: U32, statement: U32, permute: Callable[[U32], U32]) -> Replayed:
    """Malformed if the tape or the statement has another length than the program reads."""
    if len(statement) != program.statement:
        raise Malformed(f"the statement has {len(statement)} words, not {program.statement}")
    if len(tape) != program.tape:
        raise Malformed(f"the tape has {len(tape)} words, not {program.tape}")
    run = Run(program, Numbers(tape, permute), Numbers(statement, permute))
    for steps in program.chains:
        if steps[0].name == "permute":
            run.permute(steps)
        elif len(steps) > 1:
            run.chain(steps)
        else:
            run.step(steps[0])
    return Replayed(run.memory, run.numbers.failed, run.numbers.required)


class Run:
    def __init__(self, program: Program, numbers: Numbers, statement: Numbers) -> None:
        self.numbers, self.statement = numbers, statement
        self.memory = np.zeros(program.memory, np.uint64)

    def load(self, operand: Operand) -> Value:
        data = operand.data[..., None] + FIVE if operand.extension else operand.data
        return Value(self.numbers, self.memory[data], operand.extension)

    def store(self, target: Operand, value: Value) -> None:
        """A result lies in one piece."""
        words = value.data.reshape(-1)
        first = int(target.data.reshape(-1)[0])
        self.memory[first:first + len(words)] = words

    def permute(self, steps: list[Instruction]) -> None:
        """`step`, for the most frequent one, without what stands between memory and hash; and for all blocks of sponges at once."""
        self.numbers.current = steps[0].phase
        width = steps[0].result.data.shape[-1]
        states = self.memory[steps[0].operands[0].data].astype(np.uint32).reshape(-1, width)
        if len(steps) > 1:
            rate = of_width(width).rate
            blocks = [step.operands[0].data[..., :rate].reshape(-1, rate) for step in steps]
            states = self.numbers.operations.absorbed(states, self.memory[np.concatenate(blocks, 1)].astype(np.uint32), rate)
        else:
            states = self.numbers.operations(states)
        first = int(steps[0].result.data.flat[0])
        self.memory[first:first + states.size] = states.reshape(-1)

    def chain(self, steps: list[Instruction]) -> None:
        """Steps of Horner's rule one after the other."""
        self.numbers.current = steps[-1].phase
        value, point = (self.memory[int(operand.data.flat[0]) + FIVE].tolist() for operand in steps[0].operands[:2])
        added = self.memory[np.array([int(step.operands[2].data.flat[0]) for step in steps])[:, None] + FIVE].tolist()
        for step, words in zip(steps, added, strict=True):
            value = [(word + more) % P for word, more in zip(product(value, point), words, strict=True)]
            first = int(step.result.data.flat[0])
            self.memory[first:first + 5] = value

    def step(self, step: Instruction) -> None:
        m = self.numbers
        m.current = step.phase
        values = [self.load(operand) for operand in step.operands]
        match step.name:
            case "require":
                m.require_equal(step.text, values[0], values[1])
                return
            case "read":
                value = m.read(*step.result.data.shape, extension=step.result.extension)
            case "statement":
                value = self.statement.read(*step.result.data.shape)
            case "constant":
                value = m.constant(step.words)
            case "add" | "sub" | "mul":
                value = m.arithmetic(step.name, values[0], values[1])
            case "mul_add":
                value = m.mul_add(values[0], values[1], values[2])
            case "horner":
                value = m.horner(values[0], values[1], values[2])
            case "permute":
                value = m.permute(values[0])
            case "bits":
                value = m.hint_bits(values[0])
            case "inverse":
                value = m.hint_inverse(values[0])
            case "select":
                value = m.select(values[0], values[1], values[2])
            case "take":
                value = m.take(values[0], values[1])
        self.store(step.result, value)
