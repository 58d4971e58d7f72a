"""The recorded verifier and the verifier on numbers fail the same requirements, whatever is on the tape."""
from __future__ import annotations

import numpy as np
import pytest

from continuation.layout import CLAIM
from continuation.recorder import Recorder
from continuation.replay import replay
from stark.errors import Malformed
from stark.expression import P
from stark.field import ext_mul
from stark.numbers import Numbers
from stark.prover import prove
from stark.setup import commit_fixed
from stark.verifier import verify
from tests.continuation import mutations, small
from tests.continuation.world import KERNELS, NARROW
from tests.stark.examples import example

NONE = np.zeros(0, np.uint32)
AT_ONCE = 24


@pytest.fixture(scope="module", params=[(7, 3, 4), (6, 0, 0)], ids=["tall chips", "chips of one row"])
def inner(request):  # type: ignore[no-untyped-def]
    key, fixed, mains, statement = example(request.param, parameters=small.TOY)
    proving = commit_fixed(key, fixed, KERNELS)
    recorder = Recorder()
    cap = recorder.read(1 << key.log_cap("fixed"), 8)
    verify(recorder, key, [cap], recorder.read(2))
    tape = np.concatenate([proving.key.cap.reshape(-1), statement, prove(proving, mains, statement, KERNELS)])
    return key, recorder.program, tape


def by_numbers(key, tape):  # type: ignore[no-untyped-def]
    m = Numbers(tape, KERNELS.permute)
    cap = m.read(1 << key.log_cap("fixed"), 8)
    verify(m, key, [cap], m.read(2))
    return m.failed, m.required


def test_an_honest_proof_fails_nothing(inner) -> None:  # type: ignore[no-untyped-def]
    key, program, tape = inner
    done = replay(program, tape, NONE, KERNELS.permute)
    assert done.failed == by_numbers(key, tape)[0] == []
    assert done.required == by_numbers(key, tape)[1]


def test_every_word_changed_fails_the_same_requirements(inner) -> None:  # type: ignore[no-untyped-def]
    key, program, tape = inner
    rng = np.random.default_rng(3)
    for places in np.array_split(rng.permutation(len(tape)), len(tape) // AT_ONCE):
        changed = tape.copy()
        changed[places] = (changed[places].astype(np.int64) + rng.integers(1, P, len(places))) % P
        failed = replay(program, changed, NONE, KERNELS.permute).failed
        assert failed and failed == by_numbers(key, changed)[0]


def test_words_behind_the_transcript_changed_alone(inner) -> None:  # type: ignore[no-untyped-def]
    """Opened rows and paths do not move the challenges, so that few requirements break."""
    key, program, tape = inner
    rng = np.random.default_rng(4)
    fewest = len(tape)
    for place in rng.integers(len(tape) // 2, len(tape), 60):
        changed = tape.copy()
        changed[place] = (int(changed[place]) + int(rng.integers(1, P))) % P
        failed = replay(program, changed, NONE, KERNELS.permute).failed
        assert failed and failed == by_numbers(key, changed)[0]
        fewest = min(fewest, len(failed))
    assert fewest <= 8


def test_a_tape_has_one_length_and_canonical_words(inner) -> None:  # type: ignore[no-untyped-def]
    _, program, tape = inner
    for other in (tape[:-1], np.append(tape, np.uint32(0))):
        with pytest.raises(Malformed):
            replay(program, other, NONE, KERNELS.permute)
    spelled_twice = tape.copy()
    spelled_twice[0] = P
    with pytest.raises(Malformed):
        replay(program, spelled_twice, NONE, KERNELS.permute)


def test_recording_is_deterministic(inner) -> None:  # type: ignore[no-untyped-def]
    key, program, _ = inner
    again = Recorder()
    cap = again.read(1 << key.log_cap("fixed"), 8)
    verify(again, key, [cap], again.read(2))
    assert again.program.digest == program.digest != NARROW.made("leaf of 2^7").circuit.program.digest


def test_steps_of_horners_rule_are_replayed_together_only_where_they_may_be() -> None:
    """A step that adds what a step before it has made, or goes on at another point, begins anew."""
    recorder = Recorder()
    words = recorder.read(6, extension=True)
    made = [recorder.mul_add(words[0], words[1], words[2])]
    for point, added in ((words[1], words[3]), (words[1], made[0]), (words[4], words[5]), (words[4], words[0])):
        made.append(recorder.mul_add(made[-1], point, added))
    made.append(recorder.mul_add(made[-1], words[4], made[3]))
    program, tape = recorder.program, np.random.default_rng(8).integers(0, P, 30).astype(np.uint32)
    assert [len(chain) for chain in program.chains if chain[0].name == "mul_add"] == [2, 1, 2, 1]
    memory = replay(program, tape, NONE, KERNELS.permute).memory
    known = {int(words.data[k]): tape[5 * k:5 * k + 5].astype(np.uint64) for k in range(6)}
    for step in (step for step in program.code if step.name == "mul_add"):
        value, times, more = (known[int(one.data)] for one in step.operands)
        known[int(step.result.data)] = (ext_mul(value, times) + more) % P
    assert all((memory[place:place + 5] == five).all() for place, five in known.items())


def test_a_value_cannot_steer_the_recording() -> None:
    recorder = Recorder()
    word = recorder.read(1)
    for use in (bool, int, list):
        with pytest.raises(TypeError):
            use(word)


def test_the_leaf_circuit_on_numbers_and_replayed() -> None:
    from continuation.circuits import leaf
    tape = np.concatenate([part.reshape(-1) for part in NARROW.leaf_parts()])
    claim = np.zeros(CLAIM, np.uint32)
    m = Numbers(tape, KERNELS.permute)
    leaf(m, NARROW.segments()["2^7"], m.constant(claim))
    done = replay(NARROW.made("leaf of 2^7").circuit.program, tape, claim, KERNELS.permute)
    assert done.failed == m.failed
    assert {sentence for _, _, sentence in done.failed} == {
        "the program is the digest of the commitment to its table", "the span is the segment's", "the steps are the segment's",
        "the steps can be counted"}


def test_three_readings_of_mutated_proofs_agree() -> None:
    """More of them: make mutations."""
    seen = mutations.run(120, first=20_000, tables_every=12)
    assert len(seen) >= 8 and all(accepted == (how == "honest") or how in ("zeros", "two swapped") for how, accepted in seen)
