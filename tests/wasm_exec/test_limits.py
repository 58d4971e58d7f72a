"""Runs that are given up, and where a trap was."""

from __future__ import annotations

import mmap
import sys
from pathlib import Path

import numpy as np
import pytest

from segments.choosing import recorded
from wasm_exec.cutting import PAGE_HASHES, SPACE_LEVELS, TOP_NODES, Budget, Limits
from wasm_exec.execute import EngineName, resume, run
from wasm_exec.image import MemoryImage
from wasm_exec.locate import FRAMES_SHOWN, backtrace, spelled
from wasm_exec.recording import SegmentEnd
from wasm_exec.spaces import Space
from wasm_exec.text import from_text
from wasm_exec.translate import load

SMALL = Budget.uniform(16, 30)
GROWING = """(module (memory 1) (func (export "main") (result i32) (local $n i32)
    (loop $again (drop (memory.grow (i32.const 1)))
        (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 4))))
    (memory.size)))"""
DEEP = """(module (func $down (param i32) (result i32)
        (if (result i32) (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 3))))
    (func (export "main") (result i32) (call $down (i32.const 200))))"""


@pytest.mark.parametrize("text, limits, reason", [
    (GROWING, Limits(memory_pages=3), "memory"), (DEEP, Limits(frame_slots=300), "depth"), (DEEP, Limits(steps=500), "steps"),
    (DEEP, Limits(seconds=0.0), "time"),
])
@pytest.mark.parametrize("engine", ["interpreter", "recorder"])
def test_limits_give_up_and_change_no_boundary(text: str, limits: Limits, reason: str, engine: EngineName) -> None:
    program = load(from_text(text.encode()), 12, 8)
    whole = run(program, b"", SMALL)
    part = run(program, b"", SMALL, limits, engine)
    assert part.given_up == reason and not whole.given_up and str(part.outcome).startswith("running(")
    assert 0 <= len(part.segments) < len(whole.segments) and whole.outcome.exited
    for one, other in zip([*part.segments, part.final], whole.segments, strict=False):
        assert one.same_as(other)
    assert resume(part).final.same_as(whole.final)


def test_limits_that_are_not_reached() -> None:
    recording = run(load(from_text(GROWING.encode()), 12, 8), b"", SMALL, Limits(1 << 30, 5, 1 << 19, 3600))
    assert recording.outcome.exited and recording.outcome.code == 5 and not recording.given_up


@pytest.mark.parametrize("engine", ["interpreter", "recorder"])
def test_a_recursion_that_goes_too_deep_traps_and_is_not_given_up(engine: EngineName) -> None:
    """The frames are large, so that few calls are enough; the last segment begins in one that reaches beyond the call stack."""
    text = f"""(module (func $down (param i32) (local {"i32 " * 3000})
            {"(local.set 1 (i32.add (local.get 1) (i32.const 1)))" * 8} (call $down (local.get 1)))
        (func (export "main") (call $down (i32.const 0))))"""
    program, budget = load(from_text(text.encode()), 4, 8), Budget.uniform(4, 250)
    for limits in (None, Limits(frame_slots=1 << 20)):
        recording = run(program, b"", budget, limits, engine)
        assert str(recording.outcome).startswith("trapped(exhaustion") and not recording.given_up
    assert recording.segments[-1].fp + 3000 > 1 << 20
    assert run(program, b"", budget, Limits(frame_slots=(1 << 20) - 1), engine).given_up == "depth"


LOCATED = """(module (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
    (import "longrun" "read_input" (func $read (param i32 i32) (result i32))) (memory 1)
    (table funcref (elem $inner))
    (func $inner (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
    (func $middle (param i32) (result i32) (i32.add (call_indirect (param i32) (result i32) (local.get 0) (i32.const 0)) (i32.const 1)))
    (func (export "main") (result i32) {main}))"""


@pytest.mark.parametrize("main, names, opcodes", [
    ("(i32.add (call $middle (i32.const 5)) (call $middle (i32.const 0)))", ["inner", "middle", "main"], [0x6E, 0x11, 0x10]),
    ("(call $read (i32.const 65530) (i32.const 40))", ["main"], [0x10]),
    ("(memory.fill (i32.const 65530) (i32.const 1) (i32.const 40)) (i32.const 0)", ["main"], [0xFC]),
    ("(call $abort (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 2)) (i32.const 0)", ["main"], [0x10]),
    ("unreachable", ["main"], [0x00]), ("(i32.load (i32.const 65533))", ["main"], [0x28]),
    ("(table.set 0 (i32.const 5) (ref.null func)) (i32.const 0)", ["main"], [0x26]),
])
def test_where_a_trap_was(main: str, names: list[str], opcodes: list[int]) -> None:
    wasm = from_text(LOCATED.format(main=main).encode())
    recording = run(load(wasm, 12, 8), b"x" * 100, SMALL)
    places = backtrace(recording)
    assert recording.outcome.trapped and [place.name for place in places] == names
    assert [wasm[place.offset] for place in places] == opcodes
    assert [place.index for place in places] == [{"inner": 2, "middle": 3, "main": 4}[name] for name in names]
    assert spelled(backtrace(recording)).startswith(f"{names[0]} (function {places[0].index}) at byte {places[0].offset:#x}")


def test_only_the_innermost_of_many() -> None:
    recording = run(load(from_text(DEEP.replace("(i32.const 3)", "unreachable").encode())), b"", Budget.uniform(5000, 500))
    assert [place.name for place in backtrace(recording)] == ["down"] * FRAMES_SHOWN
    assert spelled(backtrace(recording)).endswith(f"called by {backtrace(recording)[1]} ({FRAMES_SHOWN - 1} or more times)")


def test_the_command_line_says_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from longrun.cli import main
    (tmp_path / "app.wat").write_text('(module (func $boom unreachable) (func (export "_start") (call $boom)))')
    with pytest.raises(SystemExit) as stop:
        main(["run", str(tmp_path / "app.wat"), "-o", str(tmp_path / "out"), "--profile", "toy"])
    assert stop.value.code == 5
    assert "trapped in boom (function 0) at byte 0x" in capsys.readouterr().err


def spent(end: SegmentEnd) -> int:
    """Hashes of the pages that a segment touched, and of all nodes above them."""
    nodes = {(space, height, page >> height) for space, (pages, _) in end.touched.items() for page in pages.tolist()
             for height in range(1, SPACE_LEVELS + 1)}
    return PAGE_HASHES * sum(len(pages) for pages, _ in end.touched.values()) + len(nodes) + TOP_NODES


@pytest.mark.parametrize("pages", [12, 13, 17])
@pytest.mark.parametrize("engine", ["interpreter", "recorder"])
def test_no_segment_of_a_deep_recursion_touches_more_than_its_budget(engine: EngineName, pages: int) -> None:
    """The frame that does not fit any more is one of the next segment."""
    deeper, budget, spending = DEEP.replace("200", "900"), Budget.uniform(4000, pages), list[int]()
    whole = run(load(from_text(deeper.encode()), 12, 8), b"", budget, None, engine, lambda end: spending.append(spent(end)))
    assert whole.outcome.exited and len(spending) > 5 and max(spending) <= budget.hashes < 1.3 * max(spending)


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE


@pytest.mark.skipif(sys.platform != "linux", reason="how much memory is in use is asked of Linux")
def test_an_image_of_zeros_takes_no_room() -> None:
    """A program that grows its memory to the limit is not charged for what it never wrote."""
    image, before = MemoryImage(0), resident_bytes()
    image.set_rows(Space.LINEAR, np.array([5]), np.full((1, 32), 7, np.uint64))
    for cells in (1 << 24, 1 << 25, 1 << 26, 1 << 27):
        image.reserve(Space.LINEAR, cells)
    assert len(image.cells[Space.LINEAR]) == 1 << 27 and (image.page(Space.LINEAR, 5) == 7).all()
    assert resident_bytes() - before < 1 << 24


def test_a_deep_recursion_fits_segments() -> None:
    found = recorded(load(from_text(DEEP.replace("200", "900").encode()), 64, 8), b"", "toy")
    assert found is not None and found.outcome.exited
