"""Which line of which source file an instruction comes from, if the module carries DWARF's table of lines (versions 2 to 5).

Only for messages about a run that trapped: whatever is broken, unknown or too large in there, the answer is that no line is known. The
work is at most about one step for each byte of the table, without recursion.
"""

from __future__ import annotations

from collections.abc import Mapping

from wasm_exec.errors import Malformed
from wasm_exec.line_headers import ADDRESS_BITS, Header, Headers, number
from wasm_exec.reader import Reader

CODE_SECTION = 10
TABLE_LIMIT = 1 << 21       # bytes of the table that are read
NAME_SHOWN = 200            # characters of a name
ADVANCE_FIXED, ADVANCE_CONSTANT, ADVANCE_ADDRESS, ADVANCE_LINE, SET_FILE, COPY = 9, 8, 2, 3, 4, 1
END_OF_SEQUENCE, SET_ADDRESS = 1, 2


class Lines:
    """Looks up some bytes of a module, each with the first byte of its function, all in one pass over the table. What a compiler put
    there itself has no line; then the nearest line before it in its function is said."""

    def __init__(self, wasm: bytes, offsets: Mapping[int, int]) -> None:
        self.found: dict[int, tuple[int, str]] = {}     # offset -> (where its row begins, file and line)
        self.near: dict[int, tuple[int, str]] = {}      # where its row begins, which has no line, and that of a row before it
        self.passed: dict[int, str] = {}                # offset -> the last line before it in its function, in this sequence of rows
        try:
            sections, code = sections_of(wasm)
            self.wanted = {offset - code: (offset, begin - code) for offset, begin in offsets.items()}     # by addresses
            self.first = min((begin for _, begin in self.wanted.values()), default=0)
            self.last = max(self.wanted, default=-1)
            self.headers = Headers(sections.get(".debug_str", b""), sections.get(".debug_line_str", b""))
            reader = Reader(sections.get(".debug_line", b"")[:TABLE_LIMIT])
            while not reader.at_end:
                self.unit(reader.part(number(reader, 4)))
        except Malformed:
            pass

    def at(self, offset: int) -> str:
        """As `file.c:12`, or `near file.c:12`, or nothing."""
        if offset in self.found:
            return self.found[offset][1]
        return f"near {self.near[offset][1]}" if offset in self.near else ""

    def unit(self, reader: Reader) -> None:
        """One unit. A broken one ends here, and the next begins where its size says."""
        try:
            version = number(reader, 2)
            if 2 <= version <= 5:
                self.rows(reader, self.headers.header(reader, version))
        except Malformed:
            pass

    def rows(self, reader: Reader, header: Header) -> None:
        """Runs the program of a unit. A row says where its line begins; it reaches to the next row of its sequence."""
        address, file, line, before = 0, 1, 1, None
        while not reader.at_end:
            code, row, last = reader.byte(), False, False
            arguments = header.lengths[code - 1] if 0 < code <= len(header.lengths) else 0
            if code > len(header.lengths):
                jump = code - len(header.lengths) - 1
                address, line, row = address + jump // header.range * header.step, line + header.base + jump % header.range, True
            elif code == 0:
                part = reader.part(reader.unsigned())
                kind = part.byte()
                if kind == SET_ADDRESS:
                    address = int.from_bytes(part.take(part.end - part.position)[:8], "little")
                row = last = kind == END_OF_SEQUENCE
            elif code == COPY:
                row = True
            elif code == ADVANCE_ADDRESS:
                address += reader.unsigned(ADDRESS_BITS) * header.step
            elif code == ADVANCE_LINE:
                line += reader.signed(ADDRESS_BITS)
            elif code == SET_FILE:
                file = reader.unsigned(ADDRESS_BITS)
            elif code == ADVANCE_CONSTANT:
                address += (255 - len(header.lengths) - 1) // header.range * header.step
            elif code == ADVANCE_FIXED:
                address += number(reader, 2)
            else:
                for _ in range(arguments):
                    reader.unsigned(ADDRESS_BITS)
            if row:
                if before is not None and before[0] <= self.last and address > self.first:
                    self.note(before, address, header.files)
                before = (address, file, line)
            if last:
                self.passed = {}
                address, file, line, before = 0, 1, 1, None

    def note(self, row: tuple[int, int, int], end: int, files: dict[int, bytes]) -> None:
        """What is wanted between this row and the next, or behind them. Of several the nearest: code that was left out
        can seem to lie at address 0."""
        start, file, line = row
        said = f"{shown(files[file])}:{line % (1 << 32)}" if line > 0 and file in files else ""
        for address, (offset, begin) in self.wanted.items():
            if start <= address < end:
                kept, here = (self.found, said) if said else (self.near, self.passed.get(offset, ""))
                if here and kept.get(offset, (-1, ""))[0] < start:
                    kept[offset] = start, here
            elif said and begin <= start <= address:
                self.passed[offset] = said


def sections_of(wasm: bytes) -> tuple[dict[str, bytes], int]:
    """The custom sections by name, and where the content of the code section begins, from where addresses count."""
    reader, custom, code = Reader(wasm, 8), dict[str, bytes](), 0
    while not reader.at_end:
        kind = reader.byte()
        part = reader.part(reader.unsigned())
        if kind == CODE_SECTION:
            code = part.position
        if kind == 0:
            name = part.name()
            custom.setdefault(name, part.take(part.end - part.position) if name.startswith(".debug_") else b"")
    return custom, code


def shown(path: bytes) -> str:
    """The last part of a path."""
    return printable(path.replace(b"\\", b"/").rsplit(b"/", 1)[-1].decode("utf-8", "replace")) or "?"


def printable(name: str) -> str:
    """So that nothing in a name does something to a terminal, or fills it."""
    return "".join(letter if letter.isprintable() else "?" for letter in name[:NAME_SHOWN])
