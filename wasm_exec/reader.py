"""Reading numbers and names from the bytes of a module, with the offset of whatever is wrong."""

from __future__ import annotations

from wasm_exec.errors import Malformed


class Reader:
    """A position in the bytes of a module, and the end of the part that may be read."""

    def __init__(self, content: bytes, position: int = 0, end: int | None = None) -> None:
        self.content = content
        self.position = position
        self.end = len(content) if end is None else end

    @property
    def at_end(self) -> bool:
        return self.position >= self.end

    def byte(self) -> int:
        if self.position >= self.end:
            raise Malformed("unexpected end", self.position)
        value = self.content[self.position]
        self.position += 1
        return value

    def take(self, count: int) -> bytes:
        if count > self.end - self.position:
            raise Malformed("unexpected end", self.end)
        self.position += count
        return self.content[self.position - count : self.position]

    def part(self, size: int) -> Reader:
        """A reader of the next `size` bytes, which are skipped here."""
        if size > self.end - self.position:
            raise Malformed("length out of bounds", self.position)
        self.position += size
        return Reader(self.content, self.position - size, self.position)

    def unsigned(self, bits: int = 32) -> int:
        start, value, shift = self.position, 0, 0
        if start < self.end and self.content[start] < 0x80 and bits >= 7:
            self.position = start + 1
            return self.content[start]
        while True:
            byte = self.byte()
            if shift + 7 > bits and (byte & 0x7F) >> (bits - shift):
                raise Malformed("integer too large" if byte < 0x80 else "integer representation too long", start)
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
            if shift >= bits:
                raise Malformed("integer representation too long", start)

    def signed(self, bits: int) -> int:
        start, value, shift = self.position, 0, 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
            if shift >= bits:
                raise Malformed("integer representation too long", start)
        if byte & 0x40:
            value -= 1 << shift
        if not -(1 << bits - 1) <= value < 1 << bits - 1:
            raise Malformed("integer too large", start)
        return value

    def name(self) -> str:
        size = self.unsigned()
        start = self.position
        try:
            return self.take(size).decode("utf-8")
        except UnicodeDecodeError as failure:
            raise Malformed("malformed UTF-8 encoding", start + failure.start) from None
