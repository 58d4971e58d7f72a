"""Lines of the source in the message about a trap: of a program in C, of tables of every version, and of tables that mean ill."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.wasm_exec.test_guests import HAS_ZIG
from wasm_exec import line_headers, lines
from wasm_exec.cutting import Budget
from wasm_exec.emit import section, unsigned
from wasm_exec.execute import run
from wasm_exec.lines import Lines
from wasm_exec.locate import backtrace, spelled
from wasm_exec.text import from_text
from wasm_exec.translate import load

DEBUG = Path(__file__).parents[2] / "samples" / "debug"
CRASH = (DEBUG / "crash.wasm").read_bytes()
PLAIN = from_text(b'(module (func (export "_start") unreachable))')
CODE = PLAIN.index(b"\x0a\x05\x01\x03") + 2     # where the content of the code section begins
ADVANCES = b"\0\1\1\1\1\0\0\0\1\0\0\1"          # arguments of the standard operations
END = b"\0\1\1"


def told(wasm: bytes) -> str:
    recording = run(load(wasm), b"", Budget.uniform(2000, 500))
    assert recording.outcome.trapped
    return spelled(backtrace(recording, wasm))


def custom(name: str, content: bytes) -> bytes:
    return section(0, unsigned(len(name)) + name.encode() + content)


def at(address: int) -> bytes:
    return b"\0\5\2" + address.to_bytes(4, "little")


def unit(version: int, header: bytes, program: bytes, line_range: int = 14) -> bytes:
    """A unit whose lines go from -5 on and whose operations from 13 on are special."""
    inner = b"\1" + b"\1" * (version >= 4) + b"\1\xfb" + bytes([line_range]) + b"\x0d" + ADVANCES + header
    whole = version.to_bytes(2, "little") + b"\4\0" * (version == 5) + len(inner).to_bytes(4, "little") + inner + program
    return len(whole).to_bytes(4, "little") + whole


def found(table: bytes, *others: bytes, begin: int = 3) -> str:
    return Lines(PLAIN + custom(".debug_line", table) + b"".join(others), {CODE + 3: CODE + begin}).at(CODE + 3)


OLD = b"src\0\0a.c\0\1\0\0other.c\0\0\0\0\0"
ROWS = at(1) + b"\3\x0a\1" + b"\2\5\1" + END        # line 11 from address 1 to 6


def test_a_program_in_c_says_in_which_line_it_ended() -> None:
    message = told(CRASH)
    assert [part.rsplit(", ", 1)[1] for part in message.split(", called by ")] == ["crash.c:5", "crash.c:11", "crash.c:16"]
    assert message.startswith("share (function 2) at byte 0x97, crash.c:5")


def test_without_a_table_there_is_no_line() -> None:
    assert told(PLAIN).endswith(f"(function 0) at byte {CODE + 3:#x}")
    assert found(b"") == ""


@pytest.mark.parametrize("version", [2, 3, 4])
def test_older_tables(version: int) -> None:
    assert found(unit(version, OLD, ROWS)) == "a.c:11"
    assert found(unit(version, OLD, at(1) + b"\4\2\3\x0a\1\x4b" + b"\2\5\1" + END)) == "other.c:11"     # a special operation at address 5
    assert found(unit(version, OLD, at(1) + b"\4\2\x13" + b"\2\5\1" + END)) == "other.c:2"


def test_version_5() -> None:
    directories = b"\1\1\x08" + b"\1" + b"src\0"
    files = b"\2\1\x1f\2\x0b" + b"\2" + b"\4\0\0\0\0" + b"\0\0\0\0\0"
    text = custom(".debug_line_str", b"no\0\0/tmp/new.c\0")
    assert found(unit(5, directories + files, at(1) + b"\4\0\3\x0a\1\2\5\1" + END), text) == "new.c:11"
    assert found(unit(5, directories + b"\1\1\x08\1x.c\0", at(1) + b"\4\0\1\2\5\1" + END)) == "x.c:1"


def test_the_nearest_row_counts() -> None:
    """A function that was left out by the linker seems to lie at address 0."""
    away = at(0) + b"\3\x62\1\2\x30\1" + END
    assert found(unit(4, OLD, away + ROWS)) == found(unit(4, OLD, ROWS + away)) == "a.c:11"


def test_what_has_no_line_is_near_the_line_before_it() -> None:
    """A row of line 0 says that the compiler made it; rows before the function and behind it do not count."""
    before = at(1) + b"\3\4\1\2\1\3\2\1"            # line 5 from address 1, line 7 from address 2
    nothing = b"\2\1\3\x79\1"                        # line 0 from address 3
    whole = before + nothing + b"\2\5\1" + END
    assert found(unit(4, OLD, whole)) == "" and found(unit(4, OLD, whole), begin=1) == "near a.c:7"
    assert found(unit(4, OLD, whole + at(4) + b"\1" + END), begin=1) == "near a.c:7"
    assert found(unit(4, OLD, before + b"\2\1\1" + END + at(3) + b"\3\x7f\1\2\5\1" + END), begin=1) == ""     # another sequence
    assert found(unit(4, OLD, whole + ROWS), begin=1) == found(unit(4, OLD, ROWS + whole), begin=1) == "a.c:11"


def test_units_that_are_broken_or_unknown_are_passed_over() -> None:
    good = unit(4, OLD, ROWS)
    for bad in (unit(6, OLD, ROWS), unit(4, OLD, ROWS, 0), unit(4, b"\0" + b"a", ROWS), unit(4, OLD, b"\2" + b"\xff" * 30),
                unit(5, b"\0\xff\xff\xff\x7f", b""), unit(5, b"\1\1\x0c\1\0", b""), unit(4, OLD, b"\0\x7f\2"), b"\0\0\0\0"):
        assert found(bad) == "" and found(bad + good) == "a.c:11"


@pytest.mark.parametrize("table", [b"\xff\xff\xff\xff" + bytes(40), b"\xff\0\0\0\4\0", b"\1\2", unit(4, OLD, ROWS)[:-1]])
def test_tables_that_end_too_early_say_nothing_or_what_they_said_before(table: bytes) -> None:
    assert found(table) in ("", "a.c:11")


def test_names_do_nothing_to_a_terminal() -> None:
    assert found(unit(4, b"\0" + b"src/\x1b[2J\xff.c\0\0\0\0\0", ROWS)) == "?[2J\N{REPLACEMENT CHARACTER}.c:11"
    assert len(found(unit(4, b"\0" + b"a" * 5000 + b"\0\0\0\0\0", ROWS))) == lines.NAME_SHOWN + 3


def test_no_more_of_a_table_is_read_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    filling = unit(4, OLD, b"\x14" * 1000)
    monkeypatch.setattr(lines, "TABLE_LIMIT", len(filling) + 100)
    assert found(unit(4, OLD, ROWS) + filling) == "a.c:11"
    assert found(filling + filling + unit(4, OLD, ROWS)) == ""
    files = unit(5, b"\1\1\x08\0" + b"\1\1\x08\3" + b"a.c\0b.c\0c.c\0", ROWS)
    assert found(files) == "b.c:11"
    monkeypatch.setattr(line_headers, "FILES_LIMIT", 2)
    assert found(files) == ""


def test_damaged_tables_are_never_fatal() -> None:
    start, generator = CRASH.index(b".debug_line") + len(b".debug_line"), random.Random(5)
    for _ in range(400):
        damaged = bytearray(CRASH)
        for _ in range(generator.choice([1, 1, 2, 5, 40])):
            place = generator.randrange(start, min(start + 250, len(damaged)))
            damaged[place] = generator.choice([0, 1, 0x7F, 0x80, 0xFF, generator.randrange(256)])
        assert len(Lines(bytes(damaged), {0x97: 0x90, 0x6A: 0x60, 0x49: 0x40}).at(0x97)) < 2 * lines.NAME_SHOWN


@pytest.mark.skipif(not HAS_ZIG, reason="the Python package ziglang is not installed")
def test_the_module_is_what_the_build_script_makes(tmp_path: Path) -> None:
    subprocess.run([DEBUG / "build.sh", tmp_path], check=True, env=os.environ | {"PYTHON": sys.executable})
    assert (tmp_path / "crash.wasm").read_bytes() == CRASH
