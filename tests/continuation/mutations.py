"""Mutated proofs in three readings: `python -m tests.continuation.mutations COUNT [FIRST]` (make mutations). They must agree, and
accept none. Every mutation has a number and follows from it, so that a run that was ended can go on behind the last number that it told.

The verifier on numbers and the replay of its recording must break the same requirements; the tables that are filled from the replay must
break when, and only when, a requirement does. Tables take a hundred times longer, so every tenth proof is read as tables too.
"""
from __future__ import annotations

import sys
import time
from collections import Counter

import numpy as np
import numpy.typing as npt

from continuation.circuits import leaf
from stark.check import check
from stark.expression import P
from stark.numbers import Numbers
from tests.continuation.world import NARROW, World

U32 = npt.NDArray[np.uint32]
KIND, TABLES_EVERY = "leaf of 2^7", 10


def mutated(tape: U32, rng: np.random.Generator) -> tuple[str, U32]:
    """What was done, and a proof that differs from the honest one; now and then the honest one itself."""
    out, how = tape.copy(), rng.choice(["honest", "one word", "one bit", "three words", "two swapped", "opened word", "zeros", "shifted"])
    places = rng.integers(0, len(tape), 3)
    match how:
        case "one word":
            out[places[0]] = rng.integers(0, P)
        case "one bit":
            out[places[0]] = (int(out[places[0]]) ^ 1 << int(rng.integers(31))) % P
        case "three words":
            out[places] = rng.integers(0, P, 3)
        case "two swapped":
            out[places[:2]] = out[places[1::-1]]
        case "opened word":
            place = int(rng.integers(len(tape) // 2, len(tape)))
            out[place] = (int(out[place]) + 1) % P
        case "zeros":
            out[places[0]:places[0] + 8] = 0
        case "shifted":
            out[places[0]:] = np.roll(out[places[0]:], 1)
    return str(how), out


def readings_agree(world: World, tape: U32, claim: U32, tables: bool) -> bool:
    """Whether the proof is accepted, by all readings alike."""
    m = Numbers(tape, world.KERNELS.permute)
    leaf(m, world.segments()["2^7"], m.constant(claim))
    done = world.replayed(KIND, [tape], claim)
    assert done.failed == m.failed, "numbers and replay break different requirements"
    if tables:
        machine, statement = world.tables(KIND, [tape], claim)
        assert bool(check(machine, statement)) == bool(m.failed), "the tables hold and a requirement does not, or the other way round"
    return not m.failed


def run(count: int, first: int = 0, tables_every: int = TABLES_EVERY, told_every: int = 0,
        world: World = NARROW) -> Counter[tuple[str, bool]]:
    """The mutations with these numbers; all of the first ones are among those of every longer run."""
    honest, claim = np.concatenate([part.reshape(-1) for part in world.leaf_parts()]), world.leaf(0).claim
    seen, started = Counter[tuple[str, bool]](), time.process_time()
    for number in range(first, first + count):
        how, tape = mutated(honest, np.random.default_rng(number))
        accepted = readings_agree(world, tape, claim, number % tables_every == 0)
        assert accepted == bool((tape == honest).all()), f"mutation {number}: {how}"
        seen[how, accepted] += 1
        if told_every and (number + 1) % told_every == 0:
            print(f"up to {number + 1}: {time.process_time() - started:.0f} s of a processor", flush=True)
    return seen


if __name__ == "__main__":
    wanted = [int(argument) for argument in sys.argv[1:]]
    for (what, good), times in sorted(run(wanted[0], wanted[1] if len(wanted) > 1 else 0, told_every=500).items()):
        print(f"{times:6} {what}: {'accepted' if good else 'refused'}")
