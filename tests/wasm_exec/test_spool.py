"""A recording whose changed pages lie in a file is the same recording, and takes no more memory however long it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bundles.snapshot import decode_pages, encode_pages
from stark.errors import Malformed
from wasm_exec import spool
from wasm_exec.changes import NO_CHANGES, Changes, changes_of
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


def test_changed_pages_are_the_same_in_every_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "ROOM", 0)
    cells = np.arange(96, dtype=np.uint64).reshape(3, 32)
    changes = Changes({3: (np.array([1, 7]), cells[:2]), 8: (np.array([0]), cells[2:])})
    for pages in (changes, Spool(tmp_path).kept(changes)):
        assert list(pages.pages) == [(3, 1), (3, 7), (8, 0)] and len(pages) == 3
        assert np.array_equal(pages.pages[3, 7], cells[1]) and list(pages.of(8).pages) == [(8, 0)]
        content = encode_pages(pages)
        assert content == encode_pages(changes_of(dict(reversed(pages.pages.items())))) == encode_pages(decode_pages(content, "it"))
    assert encode_pages(NO_CHANGES) == encode_pages(changes_of({})) == bytes(4) and not len(decode_pages(bytes(4), "it"))


def test_pages_that_are_none() -> None:
    """Of spaces that do not exist, behind the end of theirs, not in order, twice."""
    content = encode_pages(changes_of({(3, 1): np.arange(32, dtype=np.uint64), (8, 0): np.ones(32, np.uint64)}))
    assert content[4:20] == b"".join(number.to_bytes(4, "little") for number in (3, 1, 8, 0))
    for keys, why in [((3, 1, 7, 0), "does not exist"), ((3, 1, 1 << 31, 0), "does not exist"), ((3, 1 << 22, 8, 0), "does not exist"),
                      ((3, 1, 8, (1 << 32) - 1), "does not exist"), ((8, 0, 3, 1), "in order"), ((3, 1, 3, 1), "in order"),
                      ((3, 2, 3, 1), "in order")]:
        with pytest.raises(Malformed, match=why):
            decode_pages(content[:4] + np.array(keys, "<u4").tobytes() + content[20:], "it")
