"""The chips that tie memory, under the hash of width 24: rules, honest rows, rows that are changed, and what the tree's digests are."""
from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from continuation.digests import page_digest
from segments.buses import HASH, PERMUTED, hashes, nodes
from segments.catalogue import CATALOGUE
from segments.fill import Segment, fill
from segments.machine import machine
from segments.memory.pages import BLOCK, ROWS, limbs_of
from segments.memory_tree import MemoryTree
from segments.openings import EMPTY_STATE_ROOTS, state_root
from segments.setup import shape_key
from segments.shape import Shape
from stark import poseidon2, profiles
from stark.attack import changes, offered, reactions
from stark.check import Filled, check
from stark.chip import Chip
from stark.measure import measure
from stark.rules import violations
from stark.setup import check_rules
from tests.segments.small import Line, const, const64, hashing, one_segment, program, shape_of
from tests.segments.soundness.rules import violations_of
from wasm_exec.image import MemoryImage
from wasm_exec.interpreter import Interpreter
from wasm_exec.spaces import PAGE_CELLS, Space
from wasm_exec.state import EMPTY

WIDTH = 24
KIND = poseidon2.of_width(WIDTH)
TYING = ("boundary", "page", "node", "hash")
HALT: Line = ("HALT", 0, 0, 0, 0, 0)


@cache
def of_memory() -> Segment:
    """Pages are changed, one is new, and one is only read."""
    lines = [const(0, 5), const64(1, 0x0123456789ABCDEF), ("STORE64", 3, 0, 1, 8, 0), const(0, 0x4000), ("LOAD32", 2, 0, 3, 0, 0),
             const(0, 0x10000), ("GROW", 0, 0, 0, 0, 0), ("STORE64", 3, 0, 1, 16, 0), HALT]
    return one_segment(program(lines), width=WIDTH)


@cache
def of_calls() -> Segment:
    """Poseidon2 of width 16 is called, which is not what ties memory."""
    lines = [*(const64(3 + k, 0xFFFF_0000_1234_5678 >> k) for k in range(8)), *[("POSEIDON2", 3, 0, 0, 0, 0)] * 2, HALT]
    return one_segment(program(lines), width=WIDTH)


@pytest.mark.parametrize("made", [of_memory, of_calls])
def test_honest_segments_break_nothing(made) -> None:  # type: ignore[no-untyped-def]
    segment = made()
    assert check(segment.filled, segment.public) == []
    assert len(segment.public) == 23 and len(segment.after.root) == 9 and segment.before.root != segment.after.root


def test_the_chips_keep_the_rules() -> None:
    """Those behind calls are looked at below: they are the same, but for the one that they ask."""
    shape = Shape("2^20", 19, WIDTH)
    assert violations(shape.chips, shape.log_heights) == []


@pytest.mark.parametrize("name", CATALOGUE)
def test_whoever_calls_poseidon2_has_a_table_for_it(name: str) -> None:
    logs = Shape(name, 10, WIDTH).log_heights
    assert logs.get("permuted") == logs.get("sponge")


@pytest.mark.parametrize("made", [of_memory, of_calls])
def test_the_chips_keep_the_rules_with_what_is_fixed(made) -> None:  # type: ignore[no-untyped-def]
    segment = made()
    fixed = {filled.chip.name: filled.fixed for filled in segment.filled if filled.chip.fixed_names}
    check_rules(shape_key(segment.shape, replace(profiles.get("toy").segment, hash_width=WIDTH)), fixed)


@pytest.mark.parametrize("name", [*TYING, "sponge", "permuted"])
def test_what_must_be_true_of_every_chip(name: str) -> None:
    assert violations_of(Shape("toy hosts", 10, WIDTH).chips[list(Shape("toy hosts", 10, WIDTH).log_heights).index(name)]) == []


def test_what_the_chips_have() -> None:
    cells = {chip.name: measure(chip).cells for chip in machine(WIDTH).chips}
    narrow = {chip.name: measure(chip).cells for chip in machine().chips}
    assert {name: count for name, count in cells.items() if count != narrow.get(name)} == {
        "page": 110, "node": 74, "hash": 251, "permuted": 176}
    assert HASH.fields == PERMUTED.fields and (len(hashes(KIND).fields), len(nodes(KIND).fields)) == (34, 20)


@pytest.mark.parametrize("name", [*TYING, "sponge", "permuted"])
def test_no_cell_that_counts_can_be_changed(name: str) -> None:
    """In a row that is used the change is refused; a table's own count follows what is asked of it."""
    segment = of_memory() if name in TYING else of_calls()
    f = next(filled for filled in segment.filled if filled.chip.name == name)
    marks = [column for column, title in enumerate(f.chip.main_names) if title in ("real", "rate times", "capacity times", "end")]
    used = np.flatnonzero(f.main[marks].any(axis=0))
    rows = used[np.unique(np.linspace(0, len(used) - 1, 6).astype(int))].tolist()
    found = reactions(f, list(changes(f, rows, np.random.default_rng(2))), offered(segment.filled), segment.public)
    names = f.chip.main_names
    loose = {names[one.change.column] for one in found if not one.refused} - set(f.chip.counts)
    assert len(found) > len(names) and loose <= set(f.chip.free) | ({"low half of page"} if name == "page" else set())


@pytest.mark.parametrize("name", TYING)
def test_every_message_that_is_left_out_is_missed(name: str) -> None:
    segment = of_memory()
    f = next(filled for filled in segment.filled if filled.chip.name == name)
    own = [message for message in f.chip.messages if message.bus in (hashes(KIND), nodes(KIND))]
    for left_out in own:
        chip = Chip(**{**vars(f.chip), "messages": [message for message in f.chip.messages if message is not left_out]})
        others = [Filled(chip, f.fixed, f.main) if one is f else one for one in segment.filled]
        assert any(broken.sentence.startswith("bus") for broken in check(others, segment.public))


def test_the_root_is_that_of_sponges_and_compressions() -> None:
    """By hand, for a memory of one page that is not zeros."""
    image, rng = MemoryImage(0), np.random.default_rng(3)
    cells = rng.integers(1 << 63, size=PAGE_CELLS, dtype=np.uint64)
    image.put({(int(Space.STATE), 5): cells})
    tree = MemoryTree(image, hashing(WIDTH))
    rows = np.zeros((2, ROWS, KIND.rate), np.uint64)
    rows[1, :, :BLOCK] = limbs_of(cells[None])[0]
    zero, digest = poseidon2.sponge(rows.reshape(2, -1), WIDTH)
    assert tuple(digest.tolist()) == page_digest(limbs_of(cells[None]).reshape(-1).tolist(), KIND)
    place = 5
    for _ in range(24):
        pair = [digest, zero] if place % 2 == 0 else [zero, digest]
        digest, zero = (poseidon2.compress(left[None], right[None], WIDTH)[0] for left, right in (pair, (zero, zero)))
        place >>= 1
    assert (tree.spaces[int(Space.STATE)] == digest).all() and len(tree.root) == 9


def test_the_root_of_an_empty_state_is_known_under_either_hash() -> None:
    assert tuple(state_root(EMPTY, hashing(width)) for width in (16, WIDTH)) == EMPTY_STATE_ROOTS


def test_hashes_are_not_mixed() -> None:
    """A tree, a shape and parameters are of one hash."""
    made = program([const(0, 5), HALT])
    shape, image = shape_of(made, "toy", WIDTH), MemoryImage.initial(made, b"")
    engine = Interpreter(made)
    engine.restore(image)
    trace = engine.segment(0, 0, shape.budget, traced=True).trace
    assert trace is not None
    with pytest.raises(ValueError, match="not of the hash of width 24"):
        fill(made, shape, trace, image, MemoryTree(image, hashing(16)))
    with pytest.raises(ValueError, match="memory is tied by a hash of width 24"):
        shape_key(shape, profiles.get("toy").segment)
