"""The chips of the recursion: honest tables pass, every changed cell is noticed, wrapping ends at the last row."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from continuation.chips.permute import entries
from continuation.lowering import Circuit, Lowered
from continuation.permutations import in_chains
from stark.check import Filled, check, values_of
from stark.chip import Chip
from stark.expression import P, degrees
from stark.wrapping import check_wrapping
from tests.continuation.world import NARROW, WIDE, World
from tests.continuation.world import NARROW as world

WINDOW = 3


WORLDS = pytest.mark.parametrize("world", [NARROW, WIDE], ids=["width 16", "width 24"])


@pytest.fixture(scope="module", params=[NARROW, WIDE], ids=["width 16", "width 24"])
def joined(request):  # type: ignore[no-untyped-def]
    world = request.param
    return world, *world.tables("join of leaf and leaf", world.pair(world.leaf(0), world.leaf(1)), world.join().claim)


@WORLDS
def test_no_requirement_exceeds_degree_three(world: World) -> None:
    for chip in world.made("leaf of 2^7").circuit.chips.values():
        degree = degrees(chip.graph)
        assert all(degree[requirement.expression.number] <= 3 for requirement in chip.requirements)
        assert all(degree[number.number] <= 1 for message in chip.messages for number in (message.times, *message.parts))


@pytest.mark.parametrize("name, world", [*((name, NARROW) for name in ("leaf", "span", "run", "batch", "rollup")), ("run", WIDE)],
                         ids=["leaf", "span", "run", "batch", "rollup", "run under width 24"])
def test_honest_tables_pass(name: str, world: World) -> None:
    proof = world.leaf(0) if name == "leaf" else getattr(world, name)()
    parts = {"leaf": lambda: world.leaf_parts(), "span": lambda: world.pair(world.join(), world.leaf(2)),
             "run": lambda: [*world.child(world.span()), world.memory().words],
             "batch": lambda: [*world.child(world.run()) * 2, world.SAME, world.TWO],
             "rollup": lambda: world.child(world.batch())}[name]()
    machine, statement = world.tables(proof.kind, parts, proof.claim)
    assert check(machine, statement) == []


def test_a_join_passes_and_another_statement_does_not(joined) -> None:  # type: ignore[no-untyped-def]
    world, machine, statement = joined
    assert check(machine, statement) == []
    for place in (0, 39, 41, 80, 90, world.form.power_words, world.form.statement - 1):
        other = statement.copy()
        other[place] = (int(other[place]) + 1) % P
        assert check(machine, other)


def windows(filled: Filled, rows: np.ndarray, column: int, rng: np.random.Generator) -> tuple[Filled, Filled]:
    """The rows with the one before and the one after, as they are and with the middle cell of a column changed."""
    places = (rows[:, None] + np.arange(-1, 2)).reshape(-1) % filled.height
    fixed, main = filled.fixed[:, places], filled.main[:, places]
    changed = main.copy()
    middle = slice(1, None, WINDOW)
    changed[column, middle] = (changed[column, middle].astype(np.int64) + rng.integers(1, P, len(rows))) % P
    return Filled(filled.chip, fixed, main), Filled(filled.chip, fixed, changed)


def unnoticed(filled: Filled, statement: np.ndarray, column: int, rows: np.ndarray, rng: np.random.Generator) -> int:
    chip = filled.chip
    honest, changed = windows(filled, rows, column, rng)
    roots = [requirement.expression.number for requirement in chip.requirements]
    found = values_of(changed, statement, roots)
    noticed = np.zeros(len(rows), np.bool_)
    for number in roots:
        noticed |= (found[number].reshape(-1, WINDOW)[:, :2] != 0).any(axis=1)
    for message in chip.messages:
        numbers = [message.times.number, *(part.number for part in message.parts)]
        before, after = (np.stack([values_of(one, statement, numbers)[n] for n in numbers])[:, 1::WINDOW] for one in (honest, changed))
        sent = (before[0] != 0) | (after[0] != 0)
        noticed |= sent & (before != after).any(axis=0)
    return int((~noticed).sum())


@pytest.fixture(scope="module")
def halved() -> tuple[Circuit, list[Filled], np.ndarray]:
    """A leaf whose permutations and gates stand in two tables each."""
    made, claim = world.made("leaf of 2^7").circuit, world.leaf(0).claim
    lowered = Lowered(made.program)
    rows = {"permute": lowered.permutations.count, "arithmetic": lowered.gates.count}
    heights = dict(made.shape.log_heights) | {name: (count - 1).bit_length() - 1 for name, count in rows.items()}
    heights |= {f"{name} more": heights[name] for name in rows}
    circuit = Circuit(lowered, replace(made.shape, log_heights=tuple(heights.items())))
    memory = world.replayed("leaf of 2^7", world.leaf_parts(), claim).memory
    statement = circuit.statement(memory, claim)
    mains = circuit.fill(memory, statement, world.KERNELS.trace_permutations)
    return circuit, [Filled(chip, circuit.fixed[name], mains[name]) for name, chip in circuit.chips.items()], statement


def test_permutations_and_gates_may_stand_in_two_tables(halved) -> None:  # type: ignore[no-untyped-def]
    circuit, machine, statement = halved
    rows = circuit.rows
    for name, count in (("permute", circuit.lowered.permutations.count), ("arithmetic", circuit.lowered.gates.count)):
        assert rows[name] + rows[f"{name} more"] == count and min(rows[name], rows[f"{name} more"]) > 0
    assert check(machine, statement) == []
    # the first row looks at none before it
    fixed, names = circuit.fixed["permute more"], circuit.chips["permute more"].fixed_names
    assert all(fixed[names.index(name), 0] == 0 for name in ("absorb", "path", "keep", *entries(circuit.lowered.form.hash.rate)))
    with pytest.raises(ValueError, match="the beginning of both tables"):
        circuit.lowered.permutations.cut(1)


@pytest.mark.parametrize("two", [False, True])
def test_every_changed_cell_is_noticed(two: bool, joined, halved) -> None:  # type: ignore[no-untyped-def]
    """A changed cell breaks a requirement, or a message that has a counterpart elsewhere."""
    machine, statement = halved[1:] if two else joined[1:]
    counts = (halved[0] if two else joined[0].made("join of leaf and leaf").circuit).rows
    rng = np.random.default_rng(5)
    free = {}
    for filled in machine:
        for column, name in enumerate(filled.chip.main_names):
            rows = rng.integers(0, counts[filled.chip.name], 12)
            missed = unnoticed(filled, statement, column, rows, rng)
            if missed:
                free[filled.chip.name, name] = missed
    assert free == {}


def test_tables_of_a_changed_proof_break() -> None:
    rng = np.random.default_rng(6)
    for _ in range(12):
        cap, statement, words, bits = world.leaf_parts()
        changed = words.copy()
        place = rng.integers(len(words))
        changed[place] = (int(changed[place]) + int(rng.integers(1, P))) % P
        machine, public = world.tables("leaf of 2^7", [cap, statement, changed, bits], world.leaf(0).claim)
        assert check(machine, public)


def test_a_requirement_that_reaches_around_the_end_is_refused() -> None:
    chip = Chip("example", "")
    on, value = chip.fixed("on"), chip.column("value")
    chip.require("the value stays", on.next * (value.next - value), "wrap")
    check_wrapping(chip, np.array([[0, 1, 1, 1]], np.uint32))
    with pytest.raises(ValueError, match="does not end at the last row"):
        check_wrapping(chip, np.array([[1, 1, 1, 1]], np.uint32))


def test_a_sponge_cannot_go_on_in_two_ways() -> None:
    inputs = np.arange(48).reshape(3, 16)
    outputs = inputs + 100
    inputs[1, 8:] = inputs[2, 8:] = outputs[0, 8:]
    with pytest.raises(ValueError, match="two ways"):
        in_chains(inputs, outputs, 8)
