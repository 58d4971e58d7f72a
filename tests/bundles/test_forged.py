"""Bundles and sessions whose files say what no run ever left, each under the digest that belongs to it: refused in one kind of error."""
from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bundles import api, sitting
from bundles.bundle import FILES, MANIFEST, SESSION_LOG, open_bundle
from bundles.engine import Failure, Reason, attempt
from bundles.growing import continued
from bundles.job import work_on
from bundles.session import Session
from bundles.snapshot import decode_pages, encode_pages
from bundles.store import Store
from bundles.tasks import Task
from longrun.failures import UNUSABLE, told
from stark.errors import Malformed
from wasm_exec.changes import Changes, changes_of
from wasm_exec.cutting import Budget
from wasm_exec.execute import run
from wasm_exec.image import MemoryImage
from wasm_exec.spaces import PAGE_CELLS, Space, SystemCell
from wasm_exec.text import from_text

GUEST = from_text(b"""(module (memory 1 4) (table 2 funcref) (elem (i32.const 0) func $f $f) (type $t (func (param i32) (result i32)))
    (func $f (type $t) (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1)) (else
        (i32.store (i32.mul (local.get 0) (i32.const 8)) (local.get 0))
        (i32.add (i32.const 1) (call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.and (local.get 0) (i32.const 1)))))))
    (func (export "main") (result i32) (drop (memory.grow (i32.const 1))) (call $f (i32.const 120))))""")
SESSION = from_text(b"""(module (memory 1 2) (global $sum (mut i32) (i32.const 0)) (func (export "spin") (param i32) (result i32)
    (loop $again (global.set $sum (i32.add (global.get $sum) (i32.const 5)))
        (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (global.get $sum)))""")
Cell = tuple[int, int]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("forged") / "run"
    assert api.record(GUEST, b"", directory, "toy").segments >= 2
    return directory


def pages_with(image: MemoryImage, pages: Changes, cells: dict[Cell, int]) -> Changes:
    """These pages of a boundary, where the cells of its image are others."""
    changed = {key: row.copy() for key, row in pages.pages.items()}
    for (space, cell), value in cells.items():
        image.reserve(space, cell + 1)
        key = int(space), cell // PAGE_CELLS
        changed.setdefault(key, image.page(*key).copy())[cell % PAGE_CELLS] = value
    return changes_of(changed)


def forged(whole: Path, place: Path, cells: dict[Cell, int], **fields: int) -> Path:
    """The bundle with other cells, or another place, where the last segment begins."""
    shutil.copytree(whole, place, dirs_exist_ok=True)
    bundle = open_bundle(place)
    manifest, index = bundle.manifest, bundle.manifest.segments - 1
    image = bundle.recording(api.translated(bundle.app())).image(index)
    digest = bundle.store.put(encode_pages(pages_with(image, bundle.snapshot(index), cells)))
    boundaries = list(manifest.boundaries)
    boundaries[index] = replace(boundaries[index], snapshot=digest, **fields)
    (place / MANIFEST).write_bytes(replace(manifest, boundaries=tuple(boundaries)).encode())
    return place


def refusal(directory: Path) -> str:
    """Why the last segment is not proved."""
    last = open_bundle(directory).manifest.segments
    failure = attempt(work_on(directory, api.kernels()), Task("segment", last - 1, last), [])
    assert isinstance(failure, Failure) and failure.reason is Reason.BUNDLE, failure
    return str(failure)


@pytest.mark.parametrize(("field", "value", "word"), [
    ("pc", (1 << 24) - 1, "no place in the program"), ("pc", 1, "no place in the program"), ("fp", (1 << 20) - 1, ""),
])
def test_a_segment_that_begins_nowhere(whole: Path, tmp_path: Path, field: str, value: int, word: str) -> None:
    assert word in refusal(forged(whole, tmp_path, {}, **{field: value}))


@pytest.mark.parametrize("grown", [(1 << 64) - 1, 1 << 63, 1 << 40, 1024, 0])
def test_a_memory_that_cannot_be(whole: Path, tmp_path: Path, grown: int) -> None:
    """Of a size that the program never reaches, or so small that pages lie behind its end."""
    directory = forged(whole, tmp_path, {(int(Space.SYSTEM), int(SystemCell.GROWN_PAGES)): grown, (int(Space.LINEAR), 8192): 5})
    assert ("cannot reach" if grown else "behind the end") in refusal(directory)


@pytest.mark.parametrize("link", [(1 << 64) - 1, 92, 1 << 24, ((1 << 20) - 1) << 32, (1 << 30) << 32 | 5])
def test_a_return_to_nowhere(whole: Path, tmp_path: Path, link: int) -> None:
    """Every link on the stack leads somewhere else."""
    fp = open_bundle(whole).boundary(-2).fp
    assert fp > 100
    assert "segment" in refusal(forged(whole, tmp_path, {(int(Space.FRAMES64), slot): link for slot in range(fp + 1)}))


def test_a_budget_in_which_no_block_has_room(whole: Path, tmp_path: Path) -> None:
    manifest = open_bundle(forged(whole, tmp_path, {})).manifest
    budgets = tuple(replace(budget, hashes=20) for budget in manifest.budgets)
    (tmp_path / MANIFEST).write_bytes(replace(manifest, budgets=budgets).encode())
    assert "BudgetTooSmall" in refusal(tmp_path)


def test_the_command_says_that_the_files_cannot_be_used(whole: Path, tmp_path: Path) -> None:
    directory = forged(whole, tmp_path, {}, pc=(1 << 24) - 1)
    with pytest.raises(Malformed) as failure:
        api.prove_only(directory, f"segment {open_bundle(directory).manifest.segments - 1}")
    assert told(failure.value).code == UNUSABLE


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One that is inside an event's past: it goes on from a place that is kept."""
    monkeypatch.setattr(sitting, "BUDGET", Budget.uniform(1 << 8, 1 << 8))
    held = Session.begin(tmp_path / "session", SESSION, "toy")
    assert held.call("spin", 1000).results == (5000,)
    held.leave()
    return tmp_path / "session"


def test_a_session_goes_on_from_its_place(session: Path) -> None:
    held = Session(session)
    assert held.log.places() and held.call("spin", 1).results == (5005,)
    held.leave()


@pytest.mark.parametrize("forged_cells", [
    {(int(Space.SYSTEM), int(SystemCell.GROWN_PAGES)): 1 << 63}, {(int(Space.LINEAR), 1 << 14): 1},
    {(int(Space.FRAMES64), slot): (1 << 64) - 1 for slot in range(64)},
])
def test_a_session_that_goes_on_from_nowhere(session: Path, forged_cells: dict[Cell, int]) -> None:
    held = Session(session)
    machine, last = held.restored(), held.log.places()[-1]
    store = Store(session / FILES)
    digest = store.put(encode_pages(pages_with(machine.image, decode_pages(store.get(last.pages, "it", 1 << 20), "it"), forged_cells)))
    held.leave()
    with closing(sqlite3.connect(session / SESSION_LOG)) as log, log:
        log.execute("UPDATE places SET pages = ? WHERE pages = ?", (digest, last.pages))
    held = Session(session)
    with pytest.raises(Malformed):
        held.call("spin", 3)
    held.leave()


@pytest.mark.parametrize("column", ["pc", "fp"])
def test_a_session_at_no_place_of_its_program(session: Path, column: str) -> None:
    with closing(sqlite3.connect(session / SESSION_LOG)) as log, log:
        log.execute(f"UPDATE places SET {column} = ?", ((1 << 24) - 1,))
    held = Session(session)
    with pytest.raises(Malformed, match="none of the program's"):
        held.call("spin", 3)
    held.leave()


def test_segments_of_a_session_that_end_nowhere() -> None:
    program = api.translated(SESSION)
    paused = run(program, b"", Budget.uniform(1 << 8, 1 << 8))
    assert continued(paused, b"", "toy").outcome.paused
    forged_end = replace(paused, segments=[replace(paused.segments[-1], pc=(1 << 24) - 1)])
    with pytest.raises(Malformed, match="no place in the program"):
        continued(forged_end, b"", "toy")
