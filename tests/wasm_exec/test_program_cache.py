"""Translations are kept and found again; a damaged file, another module, other blocks or other code is as if nothing had been kept."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from tests.wasm_exec.test_guests import SAMPLES
from wasm_exec import program_cache
from wasm_exec.program import Program
from wasm_exec.program_cache import ProgramCache, decoded, encoded
from wasm_exec.text import from_text
from wasm_exec.translate import load

SIZES = 64, 8
SESSION = from_text(b"""(module (memory 1 3) (data (i32.const 300) "abc")
  (global (mut i64) (i64.const -5)) (table 2 funcref) (elem (i32.const 0) $f)
  (func $f (export "one") (param i32 i64) (result i64) (local.get 1)) (func (export "two")))""")


class Translator:
    def __init__(self, wasm: bytes = SESSION) -> None:
        self.wasm, self.calls = wasm, 0

    def __call__(self) -> Program:
        self.calls += 1
        return load(self.wasm, *SIZES)


@pytest.fixture(autouse=True)
def all_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_cache, "WORTH_KEEPING", 0)


def same(one: Program, other: Program) -> bool:
    """In everything that a program says."""
    def listed(program: Program) -> list[object]:
        found: list[object] = []
        for field in fields(Program):
            value = getattr(program, field.name)
            if isinstance(value, np.ndarray):
                value = (value.dtype, value.shape, value.tolist())
            elif field.name in ("data", "constants"):
                value = {place: (cells.dtype, cells.tolist()) for place, cells in value.items()}
            found.append((field.name, value))
        return found
    return listed(one) == listed(other)


@pytest.mark.parametrize("wasm", [SESSION, (SAMPLES / "built" / "json.wasm").read_bytes()], ids=["session", "json"])
def test_everything_that_a_program_says_comes_back(wasm: bytes) -> None:
    program = load(wasm, *SIZES)
    back = decoded(encoded(program))
    assert back is not None and same(back, program) and back.encode() == program.encode()


def test_an_export_more_or_another_frame_is_not_the_same() -> None:
    program, other = load(SESSION, *SIZES), load(SESSION, 32, 4)
    assert same(program, load(SESSION, *SIZES)) and not same(program, other)


def test_a_module_is_translated_once(tmp_path: Path) -> None:
    cache, translate = ProgramCache(tmp_path / "new"), Translator()
    assert not cache.is_kept(SESSION, SIZES)
    first, again = (cache.program(SESSION, SIZES, translate) for _ in range(2))
    assert same(first, again) and translate.calls == 1 and cache.is_kept(SESSION, SIZES)
    assert not cache.is_kept(SESSION + b"\0\1a", SIZES) and not cache.is_kept(SESSION, (32, 4))
    (file,) = (tmp_path / "new").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_small_modules_and_those_without_a_folder_are_translated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    translate = Translator()
    ProgramCache(None).program(SESSION, SIZES, translate)
    monkeypatch.setattr(program_cache, "WORTH_KEEPING", len(SESSION) + 1)
    ProgramCache(tmp_path).program(SESSION, SIZES, translate)
    assert translate.calls == 2 and not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", [0, 40, -1])
def test_a_damaged_file_is_no_file(tmp_path: Path, place: int) -> None:
    cache, translate = ProgramCache(tmp_path), Translator()
    cache.program(SESSION, SIZES, translate)
    (path,) = tmp_path.iterdir()
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert same(cache.program(SESSION, SIZES, translate), load(SESSION, *SIZES)) and translate.calls == 2


@pytest.mark.parametrize("content", [b"", b"\x80", b"\x93\1\2\3", encoded(load(SESSION, *SIZES))[:-9]], ids=["empty", "map", "list", "cut"])
def test_other_bytes_are_no_program(content: bytes) -> None:
    assert decoded(content) is None


def test_other_code_finds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, translate = ProgramCache(tmp_path), Translator()
    cache.program(SESSION, SIZES, translate)
    monkeypatch.setattr(program_cache, "circumstances", lambda: b"another version")
    cache.program(SESSION, SIZES, translate)
    assert translate.calls == 2


def test_a_program_for_callers_from_outside_is_not_kept() -> None:
    with pytest.raises(ValueError, match="is not kept"):
        encoded(load(SESSION, *SIZES, exports=True))
