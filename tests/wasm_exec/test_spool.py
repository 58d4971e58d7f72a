"""A recording whose changed pages lie in a file is the same recording, and takes no more memory however long it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bundles.snapshot import decode_pages, encode_pages
from wasm_exec import spool
from wasm_exec.changes import Changes
from wasm_exec.cutting import Budget, Limits
from wasm_exec.execute import resume, run
from wasm_exec.spool import Spool, Spooled
from wasm_exec.text import from_text
from wasm_exec.translate import load

GUEST = """(module (memory 4) (func (export "_start") (local i32)
  (loop (i32.store (i32.mul (local.get 0) (i32.const 36)) (i32.mul (local.get 0) (local.get 0)))
    (local.set 0 (i32.add (local.get 0) (i32.const 1)))
    (br_if 0 (i32.lt_u (local.get 0) (i32.const 3000))))))"""
BUDGET = Budget.uniform(1 << 10, 1 << 14)


@pytest.mark.parametrize("room", [0, 50_000])
def test_the_recording_is_the_same(room: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "ROOM", room)
    program = load(from_text(GUEST.encode()))
    plain, spooled = run(program, b"", BUDGET), run(program, b"", BUDGET, folder=tmp_path / "not there yet")
    held = [b.snapshot for b in [*spooled.segments, spooled.final] if not isinstance(b.snapshot, Spooled)]
    assert 4 < len(plain.segments) and sum(264 * len(pages) for pages in held) <= room and len(held) < len(plain.segments) / 2 + 1
    for one, other in zip([*plain.segments, plain.final], [*spooled.segments, spooled.final], strict=True):
        assert one.same_as(other) and other.same_as(one) and len(one.snapshot) == len(other.snapshot)
        assert encode_pages(one.snapshot) == encode_pages(other.snapshot)
    assert all(one.same_as(other) for one, other in zip(plain.images(), spooled.images(), strict=True))
    assert plain.state_after == spooled.state_after
    assert not any((tmp_path / "not there yet").iterdir())


def test_a_run_that_was_given_up_goes_on_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "ROOM", 0)
    program = load(from_text(GUEST.encode()))
    half = run(program, b"", BUDGET, Limits(steps=9000), folder=tmp_path)
    assert half.given_up and resume(half).final.same_as(run(program, b"", BUDGET).final)


def test_changed_pages_look_like_a_dictionary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "ROOM", 0)
    cells = np.arange(96, dtype=np.uint64).reshape(3, 32)
    changes = Changes({3: (np.array([1, 7]), cells[:2]), 8: (np.array([0]), cells[2:])})
    for pages in (changes, Spool(tmp_path).kept(changes)):
        assert list(pages) == [(3, 1), (3, 7), (8, 0)] and (3, 7) in pages and (3, 2) not in pages and len(pages) == 3
        assert np.array_equal(pages[3, 7], cells[1]) and [key for key, _ in pages.of(8).items()] == [(8, 0)]
        assert encode_pages(pages) == encode_pages(dict(pages.items()))
        assert decode_pages(encode_pages(pages), "it").keys() == pages.keys()
    assert encode_pages(Changes({})) == encode_pages({})
