"""No requirement and no message of the recursion's chips is there for nothing: without any one of them a row has another freedom.

What pins a row are its requirements and the words of the messages that it takes from others; what it sends is its own to say. At an
honest row the gradient of a needed requirement is no combination of the gradients of all else; then, without it, the row can be moved
where everything else stays (to first order).
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from stark.check import Filled, check, values_of
from stark.chip import Chip, Requirement
from stark.expression import P
from tests.continuation.world import NARROW, WIDE, World

STEPS, WEIGHTS = (-2, -1, 1, 2), (1, -8, 8, -1)             # the derivative of a polynomial of degree 4 at most, times twelve
NAMES = ["permute", "arithmetic", "bits", "fold", "unpack", "join", "cap", "public"]
CELLS = 64                       # whose derivatives are taken together
KINDS_OF_ROWS = 24
MOST_KINDS = {"public": 40}      # where every row is of a kind of its own
JOINED = "join of join and leaf"                             # a leaf alone has one folding, and nothing goes on after it

# Bits are pinned to first order by being bits. These two have a test of their own below.
IMPLIED = {"bits": {"the bits spell a number below p", "the lowest bits were ground to zero"}}


OTHERS = ["permute", "cap", "public"]        # which a hash of width 24 makes otherwise


def tables_of(world: World) -> dict[str, tuple[Filled, np.ndarray]]:
    machine, statement = world.tables(JOINED, world.pair(world.join(), world.leaf(2)), world.span().claim)
    return {filled.chip.name: (filled, statement) for filled in machine}


@pytest.fixture(scope="module")
def joined() -> dict[str, tuple[Filled, np.ndarray]]:
    return tables_of(NARROW)


@pytest.fixture(scope="module")
def wide() -> dict[str, tuple[Filled, np.ndarray]]:
    return tables_of(WIDE)


def rows_of_every_kind(filled: Filled) -> list[int]:
    """One row for every pattern of which fixed columns are zero, the following row's included."""
    zero = filled.fixed == 0
    patterns = np.concatenate([zero, np.roll(zero, -1, axis=1)])
    return sorted(np.unique(patterns, axis=1, return_index=True)[1].tolist())[:MOST_KINDS.get(filled.chip.name, KINDS_OF_ROWS)]


def equations(chip: Chip) -> tuple[list[int], list[tuple[int, int]]]:
    """Numbers of the requirements, and (multiplicity, part) of all words of messages."""
    return [r.expression.number for r in chip.requirements], [(m.times.number, part.number) for m in chip.messages for part in m.parts]


def gradients(filled: Filled, statement: np.ndarray, row: int) -> tuple[np.ndarray, np.ndarray]:
    """Of the requirements at this row, and of all else that pins this row and the next: (equations, cells of both rows)."""
    chip, height = filled.chip, filled.height
    places = (row + np.arange(3)) % height
    requirements, words = equations(chip)
    numbers = sorted({*requirements, *(number for pair in words for number in pair)})
    few = Filled(chip, filled.fixed[:, places], filled.main[:, places])
    honest = values_of(few, statement, numbers)
    cells = range(2 * len(chip.main_names))
    parts = [slopes(few, statement, numbers, cells[k:k + CELLS]) for k in range(0, len(cells), CELLS)]
    slope = {number: np.concatenate([part[number] for part in parts], axis=1) for number in numbers}
    own = np.array([slope[number][0] for number in requirements], np.int64).reshape(-1, len(cells))
    others = [slope[number][1] for number, r in zip(requirements, chip.requirements, strict=True) if r.rows == "every"]
    for offset in (0, 1):
        others += [slope[part][offset] for times, part in words if taken(int(np.broadcast_to(honest[times], 3)[offset]))]
    return own, np.array(others, np.int64).reshape(-1, len(cells))


def slopes(few: Filled, statement: np.ndarray, numbers: list[int], cells: Sequence[int]) -> dict[int, np.ndarray]:
    """The derivatives of these nodes in the first of three rows, and in the second one, by some cells of both: (rows, cells)."""
    width, copies = len(few.main), len(cells) * len(STEPS)
    main, fixed = np.tile(few.main, copies).astype(np.int64), np.tile(few.fixed, copies)
    for at, (cell, step) in enumerate((cell, step) for cell in cells for step in STEPS):
        main[cell % width, 3 * at + cell // width] += step
    values = values_of(Filled(few.chip, fixed, (main % P).astype(np.uint32)), statement, numbers)
    shape, twelfth, out = (len(cells), len(STEPS), 3), pow(12, -1, P), {}
    for number in numbers:
        at_steps = np.broadcast_to(values[number], 3 * copies).reshape(shape).astype(np.int64)
        out[number] = np.einsum("cso,s->oc", at_steps[..., :2], np.array(WEIGHTS)) % P * twelfth % P
    return out


def taken(times: int) -> bool:
    """Whether a message of this multiplicity is received."""
    return times > P // 2


def independent(vectors: np.ndarray) -> set[int]:
    """Which of these rows are no combination of all others, modulo P: those that no linear relation has anything of. With one unknown for
    each, the relations are solved: such an unknown is 0 whatever the free ones are."""
    left, pivots = vectors.T[np.any(vectors != 0, axis=0)].copy(), list[int]()
    for k in range(left.shape[1]):
        at = len(pivots)
        candidates = np.flatnonzero(left[at:, k])
        if len(candidates):
            left[[at, at + candidates[0]]] = left[[at + candidates[0], at]]
            left[at] = left[at] * pow(int(left[at, k]), -1, P) % P
            rest = np.flatnonzero(left[:, k])
            rest, columns = rest[rest != at], np.flatnonzero(left[at])
            left[np.ix_(rest, columns)] = (left[np.ix_(rest, columns)] - left[rest, k][:, None] * left[at, columns]) % P
            pivots.append(k)
    free = np.setdiff1d(np.arange(left.shape[1]), pivots)
    return {k for row, k in zip(left, pivots, strict=False) if not row[free].any()}


def needed(filled: Filled, statement: np.ndarray) -> set[int]:
    found, count = set[int](), len(filled.chip.requirements)
    for row in rows_of_every_kind(filled):
        own, others = gradients(filled, statement, row)
        found |= {k for k in independent(np.concatenate([own, others])) if k < count}
        if len(found) == count:
            break
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_requirement_is_needed(joined: dict[str, tuple[Filled, np.ndarray]], name: str) -> None:
    filled, statement = joined[name]
    found = needed(filled, statement)
    missing = {r.sentence for k, r in enumerate(filled.chip.requirements) if k not in found}
    assert missing == IMPLIED.get(name, set())


@pytest.mark.parametrize("name", OTHERS)
def test_every_requirement_is_needed_under_the_other_hash(wide: dict[str, tuple[Filled, np.ndarray]], name: str) -> None:
    test_every_requirement_is_needed(wide, name)


def test_what_follows_from_others_is_not_needed(wide: dict[str, tuple[Filled, np.ndarray]]) -> None:
    """The test above can fail: with the sum of two requirements there, any two of the three say the third."""
    filled, statement = wide["permute"]
    chip = filled.chip
    first, second = (next(k for k, r in enumerate(chip.requirements) if k >= least and r.rows == "every") for least in (0, 100))
    both = Requirement("both", chip.requirements[first].expression + chip.requirements[second].expression, "every")
    longer = Chip(**{**vars(chip), "requirements": [*chip.requirements, both]})
    found = needed(Filled(longer, filled.fixed, filled.main), statement)
    assert set(range(len(longer.requirements))) - found == {first, second, len(chip.requirements)}


@pytest.mark.parametrize("name", OTHERS)
def test_every_message_is_missed_under_the_other_hash(wide: dict[str, tuple[Filled, np.ndarray]], name: str) -> None:
    test_every_message_that_is_left_out_is_missed(wide, name)


def test_a_word_has_one_spelling_and_ground_words_end_in_zeros(joined: dict[str, tuple[Filled, np.ndarray]]) -> None:
    """Changed bits of one row, with everything that follows from them filled in: only the requirement in question is broken."""
    filled, statement = joined["bits"]
    names, circuit = filled.chip.main_names, NARROW.made(JOINED).circuit
    grinds = [name for name in filled.chip.fixed_names if name.startswith("grinds")]
    ground = next(row for row in range(filled.height) if all(filled.fixed[filled.chip.fixed_names.index(name), row] for name in grinds[:1]))

    def broken(row: int, number: int) -> set[str]:
        main = filled.main.copy()
        bits = np.array([number >> k & 1 for k in range(31)])
        memory = np.zeros(int(circuit.program.memory), np.uint64)
        wires = np.concatenate(circuit.lowered.drawn.words) >> 1
        memory[wires] = main[names.index("word"), :len(wires)]
        memory[wires[row]] = number
        columns = circuit.lowered.drawn.fill(circuit.shape.layout, filled.fixed, filled.chip.fixed_names, memory)
        for name, values in columns.items():
            main[names.index(name)] = np.broadcast_to(values, filled.height)
        main[names.index("word"), row] = number % P
        assert [int(main[names.index(f"bit.{k}"), row]) for k in range(31)] == bits.tolist()
        numbers = {r.expression.number: r.sentence for r in filled.chip.requirements}
        found = values_of(Filled(filled.chip, filled.fixed, main), statement, list(numbers))
        return {sentence for k, sentence in numbers.items() if np.broadcast_to(found[k], filled.height)[row]}
    assert broken(0, 5) == set() and broken(0, 5 + P) == {"the bits spell a number below p"}
    assert broken(ground, 0) == set() and broken(ground, 1) == {"the lowest bits were ground to zero"}


@pytest.mark.parametrize("name", [*NAMES, "constant"])
def test_every_message_that_is_left_out_is_missed(joined: dict[str, tuple[Filled, np.ndarray]], name: str) -> None:
    machine, statement = [filled for filled, _ in joined.values()], joined[name][1]
    filled = joined[name][0]
    for k, message in enumerate(filled.chip.messages):
        times = np.broadcast_to(values_of(filled, statement, [message.times.number])[message.times.number], filled.height)
        if times.any():
            shorter = without(filled.chip, k)
            others = [Filled(shorter, one.fixed, one.main) if one is filled else one for one in machine]
            assert any("bus" in broken.sentence for broken in check(others, statement)), message


def without(chip: Chip, number: int) -> Chip:
    """The chip with one message less."""
    import copy
    other = copy.copy(chip)
    other.messages = [message for k, message in enumerate(chip.messages) if k != number]
    return other
