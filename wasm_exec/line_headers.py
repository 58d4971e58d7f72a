"""What begins each unit of DWARF's table of lines: how its steps count, and the names of its files.

Names that lie elsewhere are counted, and so many bytes of them are read in all.
"""

from __future__ import annotations

from dataclasses import dataclass

from wasm_exec.errors import Malformed
from wasm_exec.reader import Reader

FILES_LIMIT = 1 << 14       # of one unit
NAMES_LIMIT = 1 << 25       # bytes of names of all units that lie elsewhere
PATH_SHOWN = 4096           # bytes of a path
ADDRESS_BITS = 64
PATH = 1                    # the content of an entry of version 5 that is the name
SIZES = {0x0B: 1, 0x05: 2, 0x06: 4, 0x07: 8, 0x1E: 16}     # forms of so many bytes
STRING, NUMBER, BLOCK, IN_STRINGS, IN_LINE_STRINGS = 0x08, 0x0F, 0x09, 0x0E, 0x1F


@dataclass(frozen=True)
class Header:
    """What the program of a unit needs: how its steps count, and the names of its files by their numbers."""

    step: int
    base: int
    range: int
    lengths: list[int]      # arguments of the standard operations, from number 1 on
    files: dict[int, bytes]


class Headers:
    """Reads those of all units of a module, whose names can lie in these two sections."""

    def __init__(self, strings: bytes, line_strings: bytes) -> None:
        self.strings = {IN_STRINGS: strings, IN_LINE_STRINGS: line_strings}
        self.names_left = NAMES_LIMIT

    def header(self, reader: Reader, version: int) -> Header:
        if version == 5:
            reader.take(2)
        size = number(reader, 4)
        program = reader.position + size
        step = reader.byte()
        reader.take(2 if version >= 4 else 1)
        base, line_range, operations = int.from_bytes(reader.take(1), "little", signed=True), reader.byte(), reader.byte()
        if not line_range:
            raise Malformed("lines that never advance", reader.position)
        lengths = list(reader.take(max(operations - 1, 0)))
        files = self.entries(reader, 2)[1] if version == 5 else old_files(reader)
        reader.position = max(reader.position, program)
        return Header(step, base, line_range, lengths, files)

    def entries(self, reader: Reader, lists: int) -> list[dict[int, bytes]]:
        """The lists of version 5, directories and files, each described by what its entries are made of."""
        found: list[dict[int, bytes]] = []
        for _ in range(lists):
            kinds = [(reader.unsigned(ADDRESS_BITS), reader.unsigned(ADDRESS_BITS)) for _ in range(reader.byte())]
            count, names = reader.unsigned(ADDRESS_BITS), dict[int, bytes]()
            if count > (FILES_LIMIT if kinds else 0):
                raise Malformed("too many files", reader.position)
            for index in range(count):
                for content, form in kinds:
                    value = self.value(reader, form)
                    if content == PATH:
                        names[index] = value
            found.append(names)
        return found

    def value(self, reader: Reader, form: int) -> bytes:
        if form in SIZES:
            return reader.take(SIZES[form])
        if form == STRING:
            return text(reader)
        if form == NUMBER:
            return reader.unsigned(ADDRESS_BITS).to_bytes(8, "little")
        if form == BLOCK:
            return reader.take(reader.unsigned(ADDRESS_BITS))
        if form in self.strings:
            place, strings = number(reader, 4), self.strings[form]
            end = strings.find(b"\0", place, place + PATH_SHOWN)
            name = strings[place : place + PATH_SHOWN if end < 0 else end]
            self.names_left -= len(name)
            if self.names_left < 0:
                raise Malformed("too many names", reader.position)
            return name
        raise Malformed("an unknown form", reader.position)


def number(reader: Reader, size: int) -> int:
    return int.from_bytes(reader.take(size), "little")


def text(reader: Reader) -> bytes:
    end = reader.content.find(b"\0", reader.position, reader.end)
    if end < 0:
        raise Malformed("a text without an end", reader.position)
    return reader.take(end + 1 - reader.position)[:-1]


def old_files(reader: Reader) -> dict[int, bytes]:
    """Before version 5: directories until an empty one, then files, counted from 1, with three numbers behind each."""
    while text(reader):
        pass
    files: dict[int, bytes] = {}
    while len(files) < FILES_LIMIT and (name := text(reader)):
        files[len(files) + 1] = name
        for _ in range(3):
            reader.unsigned(ADDRESS_BITS)
    return files
