"""Compiled recorders are kept and found again; a damaged file, another program or other code is as if nothing had been kept."""

from __future__ import annotations

from pathlib import Path

import pytest
import wasmtime

from tests.wasm_exec.test_guests import SAMPLES, entered, expected
from wasm_exec import module_cache
from wasm_exec.cutting import Budget
from wasm_exec.execute import run
from wasm_exec.instance import Compiled
from wasm_exec.module_cache import ModuleCache, default_folder
from wasm_exec.recorder import Recorder
from wasm_exec.text import from_text
from wasm_exec.translate import load

FIRST, SECOND = (from_text(f'(module (func (export "f") (result i32) (i32.const {value})))'.encode()) for value in (1, 2))


class Emitter:
    def __init__(self, wasm: bytes = FIRST) -> None:
        self.wasm, self.calls = wasm, 0

    def __call__(self) -> bytes:
        self.calls += 1
        return self.wasm


def value(engine: wasmtime.Engine, module: wasmtime.Module) -> int:
    store = wasmtime.Store(engine)
    function = wasmtime.Instance(store, module, []).exports(store)["f"]
    assert isinstance(function, wasmtime.Func)
    return int(function(store))


def test_a_module_is_emitted_once_and_found_again(tmp_path: Path) -> None:
    engine, emit = wasmtime.Engine(), Emitter()
    assert [value(engine, ModuleCache(tmp_path / "new").module(engine, b"a", emit)) for _ in range(3)] == [1, 1, 1] and emit.calls == 1
    assert len(list((tmp_path / "new").iterdir())) == 1
    assert value(engine, ModuleCache(tmp_path / "new").module(engine, b"b", Emitter(SECOND))) == 2


@pytest.mark.parametrize("place", [0, 40, -1])
def test_a_damaged_file_is_no_file(tmp_path: Path, place: int) -> None:
    engine, emit = wasmtime.Engine(), Emitter()
    ModuleCache(tmp_path).module(engine, b"a", emit)
    path = next(tmp_path.iterdir())
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert value(engine, ModuleCache(tmp_path).module(engine, b"a", emit)) == 1 and emit.calls == 2
    assert value(engine, ModuleCache(tmp_path).module(engine, b"a", emit)) == 1 and emit.calls == 2
    path.write_bytes(b"")
    assert value(engine, ModuleCache(tmp_path).module(engine, b"a", emit)) == 1 and emit.calls == 3


def test_another_version_of_our_code_finds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, emit = wasmtime.Engine(), Emitter()
    ModuleCache(tmp_path).module(engine, b"a", emit)
    monkeypatch.setattr(module_cache, "circumstances", lambda: b"another version")
    ModuleCache(tmp_path).module(engine, b"a", emit)
    assert emit.calls == 2


def test_without_a_folder_or_with_one_that_cannot_be_made_it_works_as_well(tmp_path: Path) -> None:
    engine, emit = wasmtime.Engine(), Emitter()
    (tmp_path / "file").write_bytes(b"")
    for folder in (None, tmp_path / "file" / "below"):
        assert [value(engine, ModuleCache(folder).module(engine, b"a", emit)) for _ in range(2)] == [1, 1]
    assert emit.calls == 4


def test_the_oldest_go_when_there_is_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = wasmtime.Engine()
    monkeypatch.setattr(module_cache, "SIZE_LIMIT", 0)
    for what in (b"a", b"b"):
        ModuleCache(tmp_path).module(engine, what, Emitter())
    assert len(list(tmp_path.iterdir())) == 1


def test_the_folder_is_below_the_one_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "longrun" / "recorders"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert default_folder() == Path.home() / ".cache" / "longrun" / "recorders"


def test_a_guest_runs_the_same_from_the_cache(tmp_path: Path) -> None:
    for _ in range(2):
        program = load((SAMPLES / "built" / "sort.wasm").read_bytes())
        engine = Recorder(program, Compiled(program, cache=ModuleCache(tmp_path)))
        assert run(program, entered("sort"), Budget.uniform(1 << 16, 500), engine=engine).output == expected("sort")
    assert len(list(tmp_path.iterdir())) == 1
