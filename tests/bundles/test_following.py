"""A session is proved while it is open: segments when calls have filled them, nothing twice, whatever is killed when."""
from __future__ import annotations

import contextlib
import signal
import threading
import time
import tracemalloc
from pathlib import Path

import pytest

from bundles import api, session
from bundles.bundle import GROWING, JOURNAL, WORK, Bundle, at_work, is_open, open_bundle, open_growing
from bundles.errors import Busy
from bundles.growing import Growth, grown
from bundles.job import identity_of
from bundles.journal import DONE, Journal, Row
from bundles.manifest import decode_manifest
from bundles.proving import keys_of
from bundles.session import Session
from bundles.snapshot import Stored
from bundles.store import write_whole
from bundles.tasks import everything, parsed, peaks, root
from stark.errors import Malformed
from tests.bundles.jobs import longrun
from wasm_exec import spool
from wasm_exec.execute import run
from wasm_exec.spaces import PAGE_BYTES
from wasm_exec.text import from_text

GUEST = from_text(b"""(module
    (import "longrun" "read_input" (func $read (param i32 i32) (result i32)))
    (memory 1) (global $sum (mut i32) (i32.const 0))
    (func (export "spin") (param i32) (result i32)
        (drop (call $read (i32.const 0) (i32.const 8)))
        (loop $again
            (global.set $sum (i32.add (i32.mul (global.get $sum) (i32.const 5)) (i32.load8_u (i32.const 3))))
            (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (global.get $sum))
    (func (export "break") unreachable))""")
WIDE = from_text(b"""(module (memory 16) (global $turn (mut i32) (i32.const 0))
    (func (export "touch") (param i32)
        (loop $again
            (global.set $turn (i32.add (i32.mul (global.get $turn) (i32.const 69069)) (i32.const 12345)))
            (i32.store (i32.and (global.get $turn) (i32.const 0xffffc)) (global.get $turn))
            (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))""")
SEGMENT = 110               # turns of `spin` that fill about one toy segment


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "bundle"


def begun(place: Path) -> tuple[Session, Growth]:
    held = Session.begin(place, GUEST, "toy")
    return held, Growth(place, held.header, held.program)


def rows(place: Path) -> list[Row]:
    path = place / WORK / JOURNAL
    if not path.is_file() or not path.stat().st_size:
        return []
    try:
        with contextlib.closing(Journal(path, writing=False)) as journal:
            return journal.rows()
    except Malformed:           # somebody is making it
        return []


def waits(place: Path, kind: str, count: int) -> None:
    """Until so many tasks of a kind are done."""
    until = time.monotonic() + 300
    while sum(row.task.kind == kind and row.state == DONE for row in rows(place)) < count:
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize("segments", range(1, 40))
def test_what_is_joined_early_is_in_every_longer_tree(segments: int) -> None:
    found = peaks(segments)
    assert [task.first for task in found] == [0, *(task.last for task in found[:-1])] and found[-1].last == segments
    for longer in range(segments, 80):
        assert set(found) <= set(everything(root(longer)))


def test_cuts_stay_where_they_are_while_the_session_grows(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole segments never change; a growth that begins anew on disk finds the same; closing goes on from them and runs nothing again."""
    held, growth = begun(place)
    seen: list[Bundle] = []
    for turn in range(12):
        held.call("spin", SEGMENT // 2 + 7 * turn, payload=bytes([turn]) * 5)
        if turn % 5 == 4:
            growth = Growth(place, held.header, held.program)
        if growth.look():
            seen.append(at_work(place))
        if turn == 8:
            held.leave()
            api.collect(place)              # keeps what the segments need
            held = Session(place)
    facts = api.status(place)
    assert (facts["state"], facts["whole segments"], facts["segments proved"]) == ("open", seen[-1].manifest.segments, 0)
    assert len(seen) >= 4 and seen[0].manifest.segments >= 2
    monkeypatch.setattr(session, "chosen", None)
    assert held.close().segments > seen[-1].manifest.segments
    final = open_bundle(place)
    keys, kernels = keys_of(final, held.program), api.kernels()
    assert not (place / GROWING).exists()
    for earlier in seen:
        count = earlier.manifest.segments
        assert final.manifest.boundaries[:count + 1] == earlier.manifest.boundaries
        assert final.manifest.budgets[:count] == earlier.manifest.budgets
        assert identity_of(final, keys, kernels, count) == identity_of(earlier, keys, kernels)
        assert identity_of(final, keys, kernels, count - 1) != identity_of(earlier, keys, kernels)
    again = run(held.program, final.input(), final.manifest.budgets)
    assert again.outcome.exited and again.taken == final.input() and again.final.same_as(final.recording(held.program).final)


def test_what_is_whole_lies_in_files(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No page of a whole segment is kept in memory, and a look reads none again; damage is found by whoever has to read it."""
    monkeypatch.setattr(spool, "ROOM", 0)
    held, growth = begun(place)
    for turn in range(4):
        held.call("spin", 3 * SEGMENT, payload=bytes([turn]))
        assert growth.look()
        assert all(isinstance(b.snapshot, Stored) for b in [*growth.recording.segments, growth.recording.final])
        if turn == 1:
            path = growth.store.path(growth.bundle.manifest.boundaries[1].snapshot)
            whole = path.read_bytes()
            path.write_bytes(b"damaged")
    with pytest.raises(Malformed, match="snapshot 1"):
        held.close()
    held.leave()
    path.write_bytes(whole)
    fresh = Growth(place, held.header, held.program)
    assert fresh.recording.image(fresh.segments).same_as(growth.image) and fresh.segments == growth.segments > 8
    assert Session(place).close().segments > growth.segments


def test_the_memory_of_calls_and_looks_does_not_grow_with_their_number(place: Path) -> None:
    held = Session.begin(place, WIDE, "toy")
    growth, peaks, written = Growth(place, held.header, held.program), list[int](), list[int]()
    held.call("touch", 200)
    assert growth.look()
    tracemalloc.start()
    try:
        for _ in range(4):
            tracemalloc.reset_peak()
            for _ in range(3):
                held.call("touch", 60)
                growth.look()
            peaks.append(tracemalloc.get_traced_memory()[1])
            assert growth.recording is not None
            written.append(sum(len(b.snapshot) for b in growth.recording.segments) * PAGE_BYTES)
    finally:
        tracemalloc.stop()
    held.leave()
    assert growth.segments > 24
    assert abs(peaks[-1] - peaks[0]) < 0.75 * (written[-1] - written[0]), (peaks, written)      # a segment's budget stays, its pages do not


def test_another_input_is_no_continuation(place: Path) -> None:
    held, growth = begun(place)
    held.call("spin", 4 * SEGMENT)
    assert growth.look()
    with pytest.raises(Malformed, match="another input"):
        grown(place, held.program, b"\0" * 64)
    held.leave()


def test_segments_are_proved_while_events_come_and_none_twice(place: Path, tmp_path: Path) -> None:
    held, _ = begun(place)
    held.call("spin", 3 * SEGMENT)
    told: list[api.Facts] = []
    file = tmp_path / "x.proof"
    following = threading.Thread(target=lambda: told.append(api.prove(place, file, lambda *_: None, api.Means(workers=1), follow=True)))
    following.start()
    waits(place, "leaf", 2)
    early = {row.task for row in rows(place) if row.state == DONE}
    assert parsed("join 0-2") in early or parsed("leaf 1") in early
    held.call("spin", 2 * SEGMENT, payload=b"more")
    waits(place, "leaf", 4)
    assert is_open(place) and not told
    held.call("spin", SEGMENT)
    held.close()
    following.join()
    assert told[0]["outcome"] == "exited(0)"
    found = {row.task: row for row in rows(place)}
    assert set(found) == set(everything(root(open_bundle(place).manifest.segments)))
    assert {row.starts for row in found.values()} == {1}
    api.verify(file, [GUEST], open_bundle(place).input(), exit_code=0, allow_toy=True)


def test_a_follower_that_is_killed_has_lost_nothing(place: Path, tmp_path: Path) -> None:
    """Killed while the session is open, after it is closed by somebody else, a plain proof goes on."""
    held, _ = begun(place)
    held.call("spin", 5 * SEGMENT)
    process = longrun("prove", place, "-o", tmp_path / "x.proof", "--follow", "--workers", "2")
    try:
        waits(place, "leaf", 1)
        with pytest.raises(Busy):
            api.prove(place, tmp_path / "y.proof", lambda *_: None, follow=True)
        held.call("spin", 2 * SEGMENT)      # workers that have begun see the segments that come later
        waits(place, "leaf", 6)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    before = {row.task for row in rows(place) if row.state == DONE}
    held.call("spin", SEGMENT)
    held.close()
    api.prove(place, tmp_path / "x.proof", lambda *_: None, api.Means(workers=1))
    starts = {row.task: row.starts for row in rows(place)}
    assert len(before) >= 12 and all(starts[task] == 1 for task in before) and sum(starts.values()) - len(starts) <= 2
    api.verify(tmp_path / "x.proof", [GUEST], allow_toy=True)


def test_what_was_begun_of_another_session_serves_nothing(place: Path) -> None:
    """Results are kept for a run that begins with exactly the boundaries that they are about."""
    held, growth = begun(place)
    held.call("spin", 3 * SEGMENT)
    assert growth.look()
    bundle = open_growing(place)
    assert bundle is not None
    keys, kernels = keys_of(bundle, held.program), api.kernels()
    mine = identity_of(bundle, keys, kernels)
    content = bundle.manifest.encode()
    digest = bundle.manifest.boundaries[1].snapshot
    write_whole(place / GROWING, content.replace(digest, bytes(32)))
    other = Bundle(place, decode_manifest((place / GROWING).read_bytes()))
    assert identity_of(other, keys, kernels) != mine
    held.leave()
