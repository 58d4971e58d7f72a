"""Writing WebAssembly: numbers, instructions, functions and sections as bytes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from wasm_exec.opcodes import CODE_OF

I32, I64, V128 = 0x7F, 0x7E, 0x7B
EMPTY_BLOCK = 0x40


@lru_cache(maxsize=1 << 16)
def unsigned(value: int) -> bytes:
    result = bytearray()
    while value >= 0x80:
        result.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*result, value])


@lru_cache(maxsize=1 << 16)
def signed(value: int) -> bytes:
    result = bytearray()
    while not -0x40 <= value < 0x40:
        result.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*result, value & 0x7F])


def vector(items: Iterable[bytes]) -> bytes:
    parts = list(items)
    return unsigned(len(parts)) + b"".join(parts)


def section(number: int, content: bytes) -> bytes:
    return bytes([number]) + unsigned(len(content)) + content


def name(text: str) -> bytes:
    return unsigned(len(text)) + text.encode()


def wrap_signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> bits - 1 else value


class Code:
    """The body of a function that is being written. Locals after the parameters are taken from pools."""

    def __init__(self, parameters: int) -> None:
        self.content = bytearray()
        self.parameters = parameters
        self.locals: list[int] = []

    def new_local(self, kind: int) -> int:
        self.locals.append(kind)
        return self.parameters + len(self.locals) - 1

    def op(self, *names: str) -> Code:
        for text in names:
            self.content.append(CODE_OF[text])
        return self

    def get(self, *indices: int) -> Code:
        for index in indices:
            self.content += b"\x20" + unsigned(index)
        return self

    def set(self, index: int) -> Code:
        self.content += b"\x21" + unsigned(index)
        return self

    def tee(self, index: int) -> Code:
        self.content += b"\x22" + unsigned(index)
        return self

    def const32(self, value: int) -> Code:
        self.content += b"\x41" + signed(wrap_signed(value, 32))
        return self

    def const64(self, value: int) -> Code:
        self.content += b"\x42" + signed(wrap_signed(value, 64))
        return self

    def multiply_wide(self) -> Code:
        """Two unsigned numbers of 64 bits -> low and high half of the product."""
        self.content += b"\xfc\x16"
        return self

    def access(self, text: str, memory: int, offset: int) -> Code:
        """A load or store without any promise of alignment."""
        self.content.append(CODE_OF[text])
        self.content += (b"\x00" if memory == 0 else bytes([0x40, memory])) + unsigned(offset)
        return self

    def zeros128(self) -> Code:
        """128 bits that are 0."""
        self.content += b"\xfd\x0c" + bytes(16)
        return self

    def four_times(self) -> Code:
        """A word of 32 bits becomes 128 bits."""
        self.content += b"\xfd\x11"
        return self

    def first_half(self) -> Code:
        """Of 128 bits, as 64."""
        self.content += b"\xfd\x1d\x00"
        return self

    def store128(self, memory: int, offset: int) -> Code:
        self.content += b"\xfd\x0b" + (b"\x00" if memory == 0 else bytes([0x40, memory])) + unsigned(offset)
        return self

    def copy_memory(self, target: int, source: int) -> Code:
        """From memory to memory: (address in the target, address in the source, bytes)."""
        self.content += b"\xfc\x0a" + unsigned(target) + unsigned(source)
        return self

    def block(self, text: str = "block") -> Code:
        self.content += bytes([CODE_OF[text], EMPTY_BLOCK])
        return self

    def end(self) -> Code:
        return self.op("end")

    def branch(self, text: str, depth: int) -> Code:
        self.content.append(CODE_OF[text])
        self.content += unsigned(depth)
        return self

    def table(self, depths: list[int], default: int) -> Code:
        self.content.append(CODE_OF["br_table"])
        self.content += vector(unsigned(depth) for depth in depths) + unsigned(default)
        return self

    def call(self, function: int) -> Code:
        self.content += b"\x10" + unsigned(function)
        return self

    def tail_call(self, function: int) -> Code:
        self.content += b"\x12" + unsigned(function)
        return self

    def tail_call_table(self, kind: int) -> Code:
        self.content += b"\x13" + unsigned(kind) + b"\x00"
        return self

    def finish(self) -> bytes:
        """The body with its size, ready for the code section."""
        runs: list[list[int]] = []
        for kind in self.locals:
            if runs and runs[-1][1] == kind:
                runs[-1][0] += 1
            else:
                runs.append([1, kind])
        body = vector(unsigned(count) + bytes([kind]) for count, kind in runs) + bytes(self.content) + b"\x0b"
        return unsigned(len(body)) + body


def function_type(parameters: list[int], results: list[int]) -> bytes:
    return b"\x60" + vector(bytes([kind]) for kind in parameters) + vector(bytes([kind]) for kind in results)
