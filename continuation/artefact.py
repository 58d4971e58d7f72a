"""A recorded program as bytes, for whoever wants to read the verifier as a list of instructions: docs/recursion-program.md has the format.

What is read back can be replayed; it cannot be lowered, because the fused steps are not part of it.
"""
from __future__ import annotations

import hashlib
import struct
from typing import get_args

import numpy as np

from continuation.recorder import Addresses, Instruction, Name, Operand, Program
from stark.errors import Malformed

MAGIC = b"longrun program 1\n"
NAMES: tuple[Name, ...] = get_args(Name)
HEAD, STEP = struct.Struct("<5I"), struct.Struct("<BBBBII")
LISTED, REGULAR = 0, 1


def encode(program: Program) -> bytes:
    texts: dict[str, int] = {}
    steps = []
    for step in program.code:
        operands = (*step.operands, *([step.target] if step.target else []))
        phase, text = (texts.setdefault(one, len(texts)) for one in (step.phase, step.text))
        steps.append(STEP.pack(NAMES.index(step.name), len(step.operands), step.target is not None, len(step.words), phase, text))
        steps.append(struct.pack(f"<{len(step.words)}I", *step.words))
        steps += [encode_operand(operand) for operand in operands]
    head = HEAD.pack(program.memory, program.tape, program.statement, len(texts), len(program.code))
    words = [struct.pack("<I", len(text.encode())) + text.encode() for text in texts]
    return b"".join([MAGIC, head, *words, *steps])


def encode_operand(operand: Operand) -> bytes:
    """Addresses that rise evenly along every axis are a first one and a step for each axis; others are listed."""
    data = operand.data
    steps = [int(np.take(data, 1, axis).flat[0] - data.flat[0]) if data.size and size > 1 else 0 for axis, size in enumerate(data.shape)]
    even = data.size > 0 and (data == regular(int(data.flat[0]), data.shape, steps)).all()
    head = struct.pack(f"<BBB{data.ndim}I", operand.extension, data.ndim, REGULAR if even else LISTED, *data.shape)
    if even:
        return head + struct.pack(f"<I{data.ndim}i", int(data.flat[0]), *steps)
    return head + data.astype("<u4").tobytes()


def regular(first: int, shape: tuple[int, ...], steps: list[int]) -> Addresses:
    out = np.full(shape, first, np.int64)
    for axis, (size, step) in enumerate(zip(shape, steps, strict=True)):
        out += (step * np.arange(size)).reshape(-1, *[1] * (len(shape) - axis - 1))
    return out


def digest(program: Program) -> str:
    """SHA-256 of the bytes."""
    return hashlib.sha256(encode(program)).hexdigest()


class Reader:
    def __init__(self, content: bytes) -> None:
        self.content, self.at = content, 0

    def take(self, form: str) -> tuple[int, ...]:
        return struct.unpack("<" + form, self.bytes(struct.calcsize("<" + form)))

    def bytes(self, count: int) -> bytes:
        if self.at + count > len(self.content):
            raise Malformed("the program ends too early")
        self.at += count
        return self.content[self.at - count:self.at]

    def operand(self) -> Operand:
        extension, axes, kind = self.take("BBB")
        shape = self.take(f"{axes}I")
        if kind == REGULAR:
            first, *steps = self.take(f"I{axes}i")
            return Operand(regular(first, shape, steps), bool(extension))
        count = int(np.prod(shape))
        return Operand(np.frombuffer(self.bytes(4 * count), "<u4").astype(np.int64).reshape(shape), bool(extension))


def decode(content: bytes) -> Program:
    """The program of trusted bytes: compare their digest first."""
    reader = Reader(content)
    if reader.bytes(len(MAGIC)) != MAGIC:
        raise Malformed("this is not a recorded program")
    memory, tape, statement, texts, count = reader.take("5I")
    words = [reader.bytes(reader.take("I")[0]).decode() for _ in range(texts)]
    program = Program(memory=memory, tape=tape, statement=statement)
    for _ in range(count):
        name, operands, target, numbers, phase, text = reader.take("BBBBII")
        constant = reader.take(f"{numbers}I")
        given = tuple(reader.operand() for _ in range(operands))
        program.code.append(Instruction(NAMES[name], given, reader.operand() if target else None, words[phase], words[text], constant))
    if reader.at != len(content):
        raise Malformed("something follows the program")
    return program
