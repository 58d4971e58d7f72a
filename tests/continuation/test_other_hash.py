"""Everything under the hash of width 24: a run of the small world, refusals, mutated proofs in three readings, a real segment."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from continuation import circuits
from continuation.batches import BatchClaim
from continuation.claims import RunClaim, SpanClaim, close
from continuation.counts import counting
from continuation.kinds import kinds
from continuation.layout import FORMS, NARROW, of_claim, of_statement
from continuation.lowering import Circuit, Lowered
from continuation.recorder import Recorder
from continuation.replay import replay
from continuation.setup import needed, record
from continuation.verify import verify_rollup, verify_run
from segments.prove import prove_segment
from segments.setup import leaf_key, setup
from segments.shape import Shape
from stark import profiles
from stark.check import Filled, check
from stark.errors import Malformed, Rejected
from stark.expression import P
from stark.machine import concat
from stark.numbers import Numbers
from tests.continuation import mutations, small
from tests.continuation.world import KERNELS, WIDE, World
from tests.segments.small import const, one_segment, program

U32 = npt.NDArray[np.uint32]
PERMUTE = KERNELS.permute


def test_a_run_and_a_rollup_are_proved() -> None:
    first, second, third = (SpanClaim.of(WIDE.leaf(number).claim) for number in range(3))
    claim = close(first.join(second).join(third), WIDE.memory())
    verify_run(WIDE.run(), claim, WIDE.trusted(), PERMUTE)
    verify_rollup(WIDE.rollup(), BatchClaim.one(claim).join(BatchClaim.one(claim)), WIDE.trusted(), PERMUTE)
    assert {len(digest) for digest in WIDE.trusted().digests.values()} == {len(claim.digest)} == {9} and len(claim.words) == 62
    for place in np.random.default_rng(1).integers(0, len(WIDE.run().words), 6):
        words = WIDE.run().words.copy()
        words[place] = (int(words[place]) + 1) % P
        with pytest.raises(Rejected):
            verify_run(replace(WIDE.run(), words=words), claim, WIDE.trusted(), PERMUTE)


def test_claims_come_back_and_have_the_length_of_their_hash() -> None:
    run, batch = RunClaim.of(WIDE.run().claim), BatchClaim.of(WIDE.batch().claim)
    assert (run.words == WIDE.run().claim).all() and (batch.words == WIDE.batch().claim).all()
    assert (NARROW.claim, FORMS[24].claim, FORMS[24].statement) == (56, 62, 212)
    for words in (55, 57, 61):
        with pytest.raises(Malformed, match="56 or 62"):
            of_claim(words)
    with pytest.raises(Malformed, match="136 or 212"):
        of_statement(211)
    with pytest.raises(Malformed):
        verify_run(replace(WIDE.run(), statement=np.zeros(NARROW.statement, np.uint32)), run, WIDE.trusted(), PERMUTE)


@pytest.mark.parametrize("part, sentence", [
    ("program", "join: both spans are of one program"), ("after", "join: the right span starts where the left one ends"),
    ("keys", "allowed keys: the keys are those that the child was made with")])
def test_what_a_child_claims_is_compared_to_its_last_word(part: str, sentence: str) -> None:
    """The ninth word of a digest too: whoever changes it breaks the child's proof, and the sentence besides."""
    left, right = WIDE.leaf(0), WIDE.leaf(1)
    statement = left.statement.copy()
    place = WIDE.form.power_words + getattr(WIDE.form, part).stop - 1
    statement[place] = (int(statement[place]) + 1) % P
    parts = WIDE.pair(replace(left, statement=statement), right)
    assert sentence in WIDE.refusals("join of leaf and leaf", parts, WIDE.join().claim)


def test_mutated_proofs_are_read_alike_in_three_ways() -> None:
    seen = mutations.run(40, first=30_000, tables_every=8, world=WIDE)
    assert len(seen) >= 6


def test_a_circuit_hashes_with_one_permutation() -> None:
    recorder = Recorder()
    recorder.permute(concat([recorder.read(24)]))
    recorder.permute(concat([recorder.read(16)]))
    with pytest.raises(ValueError, match=r"widths \[16, 24\]"):
        _ = recorder.program.width
    narrow = small.segment_key()
    with pytest.raises((Malformed, ValueError, KeyError)):      # what a leaf of one hash says of a segment of the other
        circuits.leaf(recorder, narrow, recorder.statement(FORMS[24].claim))
        Lowered(recorder.program)


def test_chips_of_one_hash_have_no_room_for_a_circuit_of_the_other() -> None:
    with pytest.raises(ValueError, match="width 24 has no room in chips of width 16"):
        shape = WIDE.trusted().shapes["leaf"]
        Circuit(WIDE.made("leaf of 2^7").circuit.lowered, replace(shape, parameters=replace(shape.parameters, hash_width=16)))


def test_a_path_has_zeros_behind_its_digests() -> None:
    """Six words of a compression are no digest's: with anything there a path could end in any cap."""
    world: World = WIDE
    machine, statement = world.tables("leaf of 2^7", world.leaf_parts(), world.leaf(0).claim)
    f = next(filled for filled in machine if filled.chip.name == "permute")
    row = int(np.flatnonzero(f.fixed[f.chip.fixed_names.index("path")])[0])
    for k in range(18, 24):
        states = f.main[:24, row].copy()
        states[k] = 1
        main = f.main.copy()
        main[:24 + 215, row] = np.concatenate([states, KERNELS.trace_permutations(states[None])[:, 0]])
        broken = check([Filled(f.chip, f.fixed, main) if one is f else one for one in machine], statement)
        assert "a path has zeros behind two digests" in {one.sentence for one in broken}


def test_the_leaf_of_a_real_segment() -> None:
    """The toy shape of segments, with memory tied by the same hash: its proof is accepted, the tables hold, and changed ones do not."""
    parameters = replace(profiles.get("toy").segment, hash_width=24)
    made = program([const(0, 5), ("HALT", 0, 0, 0, 0, 0)])
    shape = Shape.of("toy", len(made.instructions), 24)
    proof = prove_segment(setup(made, shape, parameters, KERNELS), one_segment(made, width=24), KERNELS)
    recorded = record(kinds([str(shape)], ())[f"leaf of {shape}"], {}, leaf_key(shape, parameters, KERNELS))
    lowered = Lowered(recorded)
    circuit = Circuit(lowered, needed(lowered, WIDE.LAYERS["leaf"]))
    one = proof.claim
    claim = SpanClaim(one.program, (7,) * 9, one.before, one.after, one.steps).words
    tape = np.concatenate([part.reshape(-1) for part in (proof.cap, proof.statement, proof.words, counting(one.steps))])

    def broken(tape: U32) -> tuple[list[tuple[int, str, str]], bool]:
        """What the replay and the numbers say, which is the same, and whether the tables hold."""
        done, m = replay(recorded, tape, claim, PERMUTE), Numbers(tape, PERMUTE)
        circuits.leaf(m, leaf_key(shape, parameters, KERNELS), m.constant(claim))
        assert done.failed == m.failed
        statement = circuit.statement(done.memory, claim)
        mains = circuit.fill(done.memory, statement, KERNELS.trace_permutations)
        machine = [Filled(chip, circuit.fixed[name], mains[name]) for name, chip in circuit.chips.items()]
        return done.failed, check(machine, statement) == []
    assert broken(tape) == ([], True)
    for place in (3, proof.cap.size + 22, proof.cap.size + 30, len(tape) - 60):
        changed = tape.copy()
        changed[place] = (int(changed[place]) + 1) % P
        failed, holds = broken(changed)
        assert failed and not holds
