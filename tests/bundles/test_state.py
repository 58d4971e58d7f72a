"""The ledger: three runs on one state, batched; their difference leads from the first root to the last, and nothing else is accepted."""
from __future__ import annotations

import csv
import io
import json
import os
import stat
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgpack
import numpy as np
import pytest

from bundles import api, job, proof_files, proving, states, work
from bundles.bundle import open_bundle
from bundles.changes import Change, Difference, from_words, to_words
from bundles.checking import applications
from bundles.difference import applied, composed, difference, difference_digest
from bundles.errors import Unsupported
from bundles.files import RollupFile, RunFile, read_proof
from bundles.formats import decode_proof
from bundles.opened import NOTHING
from bundles.packing import pack
from bundles.state_files import STATE_FILE_LIMIT, decode_state, encode_state, read_state
from continuation.digests import Digest
from continuation.layout import POWER_WORDS
from segments.memory_tree import wide
from segments.openings import EMPTY_STATE_ROOT, state_root
from stark.errors import Malformed, Rejected
from stark.poseidon2 import of_width
from stark.profiles import PROFILES
from tests.bundles.jobs import SUM
from wasm_exec.state import EMPTY, StateMap

ROOT = Path(__file__).parents[2]
LEDGER = (ROOT / "samples" / "built" / "ledger.wasm").read_bytes()
INPUTS = (b"+ alice 100", b"alice bob 30", b"alice carol 20")
LEFT = {b"alice": 50, b"bob": 30, b"carol": 20}


def balances(state: StateMap) -> dict[bytes, int]:
    return {key.rstrip(b"\0"): int.from_bytes(value, "little") for key, value in state.entries.items()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, before = tmp_path_factory.mktemp("ledger"), None
    for number, entered in enumerate(INPUTS, 1):
        api.record(LEDGER, entered, folder / str(number), "toy", state=before)
        before = folder / str(number)
        api.prove(before, folder / f"{number}.proof", lambda *_: None, api.Means(workers=1))
    api.batch([folder / f"{number}.proof" for number in (1, 2, 3)], folder / "all.proof", lambda *_: None)
    return folder


def run_of(file: Path) -> RunFile:
    proof = read_proof(decode_proof(file.read_bytes()))
    assert isinstance(proof, RunFile)
    return proof


def rollup_of(file: Path) -> RollupFile:
    proof = read_proof(decode_proof(file.read_bytes()))
    assert isinstance(proof, RollupFile)
    return proof


def listed(facts: api.Facts, name: str) -> list[dict[str, object]]:
    found = facts[name]
    assert isinstance(found, list)
    return found


def of_the_application(facts: api.Facts) -> api.Facts:
    """What is said of the one application, by a run or by a rollup."""
    return listed(facts, "applications")[0] if facts["kind"] == "rollup" else facts


def test_three_bundles_lead_from_the_empty_state_to_the_last(made: Path) -> None:
    last = open_bundle(made / "3").state_after()
    assert balances(last) == LEFT
    first, after = EMPTY_STATE_ROOT, state_root(last)
    assert first == state_root(StateMap())
    facts = api.verify(made / "all.proof", [LEDGER], allow_toy=True, state_before=first, state_after=after)
    runs, applications = listed(facts, "runs"), listed(facts, "applications")
    assert len(runs) == 3 and [run["state before"] for run in runs[1:]] == [run["state after"] for run in runs[:-1]]
    assert [(one["state before"], one["state after"]) for one in applications] == [(runs[0]["state before"], runs[2]["state after"])]
    assert api.verify(made / "2.proof", [LEDGER], b"alice bob 30", b"1 done\n", 0, True)["changed keys"] == 2
    claim = rollup_of(made / "all.proof").claim
    assert (claim.single, claim.first.state, claim.last.state) == (1, first, after)
    for file in (made / "all.proof", made / "2.proof"):
        for wrong in ({"state_before": after}, {"state_after": first}):
            with pytest.raises(Rejected, match=f"the {next(iter(wrong)).replace('_', ' ')} is the one given"):
                api.verify(file, [LEDGER], allow_toy=True, **wrong)  # type: ignore[arg-type]


def test_a_root_is_told_under_the_hash_of_a_profile(made: Path, tmp_path: Path) -> None:
    file = tmp_path / "left.state"
    roots = {name: states.save(made / "3", file, name)["root"] for name in (None, *PROFILES)}
    assert {name: len(str(root)) for name, root in roots.items()} == {None: 64, "p100": 64, "p128": 72, "toy": 64}
    assert roots[None] == roots["toy"] == roots["p100"]
    facts = api.inspect(file)
    assert all(facts[f"root in {name} claims"] == roots[name] for name in PROFILES)
    assert states.state_named(str(roots["p128"])) == state_root(open_bundle(made / "3").state_after(), wide(api.kernels(), of_width(24)))
    with pytest.raises(Rejected) as refused:
        api.verify(made / "3.proof", [LEDGER], allow_toy=True, state_after=states.state_named(str(roots["p128"])))
    assert refused.value.check == "the state after is the one given"
    assert (refused.value.expected, refused.value.got) == ("a root of 72 hexadecimal digits (p128)",
                                                           "one of 64 hexadecimal digits (p100, toy)")


@pytest.mark.parametrize("length", [1, 63, 65, 71, 73, 128])
def test_a_root_of_another_length_is_none(length: int) -> None:
    with pytest.raises(Malformed, match=fr"has {length} hexadecimal digits, not 64 .* \(p100, toy\) or 72 .* \(p128\)"):
        states.state_named("0" * length)


def test_the_difference_is_applied_and_arrives_at_the_root_of_the_claim(made: Path, tmp_path: Path) -> None:
    states.save(None, tmp_path / "empty.state")
    step = states.step_of(made / "all.proof")
    assert {change.key.rstrip(b"\0"): (change.old, int.from_bytes(change.new, "little")) for change in step.changes} == {
        name: (None, amount) for name, amount in LEFT.items()}
    facts = states.apply(step, tmp_path / "empty.state", tmp_path / "new.state")
    assert facts["state after"] == states.save(made / "3", tmp_path / "same.state")["root"]
    assert (tmp_path / "new.state").read_bytes() == (tmp_path / "same.state").read_bytes()
    assert states.step_of(made / "2").changes == states.step_of(made / "2.proof").changes


@pytest.mark.parametrize("mask, mode", [(0o077, 0o600), (0o022, 0o644), (0, 0o644)])
def test_a_proof_is_for_those_whom_the_mask_allows(made: Path, tmp_path: Path, mask: int, mode: int) -> None:
    """Proofs tell about the input."""
    before = os.umask(mask)
    try:
        proof_files.written(run_of(made / "1.proof"), tmp_path / "again.proof")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "again.proof").stat().st_mode) == mode


def test_a_batch_takes_the_place_of_none_of_its_runs(made: Path, tmp_path: Path) -> None:
    there = tmp_path / "second.proof"
    there.write_bytes((made / "2.proof").read_bytes())
    (tmp_path / "link.proof").symlink_to(there)
    for out in (there, tmp_path / "link.proof"):
        with pytest.raises(FileExistsError, match="one of the proofs that are joined"):
            api.batch([made / "1.proof", there], out, lambda *_: None)
    with pytest.raises(Unsupported, match="at most 1,024 runs, not 1,025"):        # no reader takes more
        proving.prove_batch([run_of(there)] * 1025, api.kernels(), lambda *_: None)


def test_the_difference_is_part_of_what_is_verified(made: Path, tmp_path: Path) -> None:
    """Whoever verifies reads its digest, that of all runs of an application together; any other is refused."""
    for name in ("2.proof", "all.proof"):
        digest = difference_digest(states.step_of(made / name).changes)
        verified, shown = api.verify(made / name, [LEDGER], allow_toy=True), api.inspect(made / name)
        verified, shown = of_the_application(verified), of_the_application(shown)
        assert [value for key, value in verified.items() if key.startswith("state difference")] == [digest]
        assert [value for key, value in shown.items() if key.startswith("state difference, as the file says")] == [digest]
    run, whole, file = run_of(made / "2.proof"), rollup_of(made / "all.proof"), tmp_path / "forged.proof"
    more = (*run.changes, Change(b"z" * 32, None, bytes(32)))
    other = replace(run.changes[0], new=bytes(32)), *run.changes[1:]
    for changes in (more, other, run.changes[1:], ()):
        for forged in (replace(run, changes=changes), replace(whole, changes=(whole.changes[0], changes, whole.changes[2]))):
            file.write_bytes(forged.encode())
            with pytest.raises(Rejected, match="the state difference is the one between the states of the claim"):
                api.verify(file, [LEDGER], allow_toy=True)
    for forged in (replace(run, opened=whole.opened[0]), replace(whole, opened=(whole.opened[1], *whole.opened[1:]))):
        file.write_bytes(forged.encode())
        with pytest.raises(Rejected, match="the pages before the run are those of the claim"):
            api.verify(file, [LEDGER], allow_toy=True)


def test_what_is_not_opened_is_not_believed(made: Path, tmp_path: Path) -> None:
    run, whole, file = run_of(made / "2.proof"), rollup_of(made / "all.proof"), tmp_path / "forged.proof"
    for forged in (replace(run, changes=(), opened=NOTHING), replace(whole, opened=(NOTHING, *whole.opened[1:]))):
        file.write_bytes(forged.encode())
        facts = api.verify(file, [LEDGER], allow_toy=True)
        facts = of_the_application(facts)
        assert sum("as the file says" in name for name in facts) == 2 and "state difference" not in facts


def test_a_difference_that_is_too_large_is_left_unopened(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a run and of a batch, whose proofs then have room. A batch tells of its last proof too, which takes longer than the joins."""
    heard: list[tuple[str, int, int]] = []
    runs = [run_of(made / f"{number}.proof") for number in (1, 2, 3)]
    words = sum(len(to_words(run.changes)) for run in runs)
    monkeypatch.setattr(proving, "DIFFERENCES_LIMIT", words + 1)
    api.batch([made / f"{number}.proof" for number in (1, 2, 3)], tmp_path / "all.proof", lambda *told: heard.append(told))
    assert heard == [("joins", 0, 2), ("root", 0, 1), ("joins", 1, 2), ("joins", 2, 2), ("root", 1, 1)]
    assert {len(found.pages) for found in rollup_of(tmp_path / "all.proof").opened} == {0}
    monkeypatch.setattr(work, "DIFFERENCES_LIMIT", words + 1)
    bundle = open_bundle(made / "2")
    keys = proving.keys_of(bundle, api.translated(LEDGER))
    made_by = job.work_of(bundle, api.translated(LEDGER), keys, api.kernels())
    assert made_by.run_file(runs[1].proof).opened is NOTHING
    monkeypatch.undo()
    assert (made_by.run_file(runs[1].proof).opened.words == runs[1].opened.words).all()


def test_a_step_is_of_the_program_that_is_named(made: Path) -> None:
    """Of a bundle, of a run and of a rollup."""
    for file in (made / "2", made / "2.proof", made / "all.proof"):
        assert states.step_of(file, LEDGER) == states.step_of(file)
        with pytest.raises(Malformed, match="no run of this program"):
            states.step_of(file, SUM)


def test_another_difference_or_another_state_is_refused(made: Path, tmp_path: Path) -> None:
    states.save(made / "1", tmp_path / "first.state")
    step, whole = states.step_of(made / "2.proof"), states.step_of(made / "all.proof")
    with pytest.raises(Rejected, match="the state given is the one before the run"):
        states.apply(whole, tmp_path / "first.state", tmp_path / "new.state")
    one = step.changes[0]
    more = Change(b"z" * 32, None, bytes(32))
    for changes in (step.changes[1:], (replace(one, new=bytes(32)), *step.changes[1:]), (*step.changes, more)):
        with pytest.raises(Rejected, match="the difference leads to the state after the run"):
            states.apply(replace(step, changes=changes), tmp_path / "first.state", tmp_path / "new.state")
    with pytest.raises(Rejected, match="the difference begins with the values of this state"):
        changes = replace(one, old=bytes(32)), *step.changes[1:]
        states.apply(replace(step, changes=changes), tmp_path / "first.state", tmp_path / "new.state")
    assert not (tmp_path / "new.state").exists()


def test_gaps_wrong_orders_and_doubled_runs_are_refused_before_any_work(made: Path, tmp_path: Path) -> None:
    for order in ((1, 3), (2, 1, 3), (1, 2, 2), (3, 1)):
        with pytest.raises(Rejected, match="in the state that the application was left in|every claim once"):
            api.batch([made / f"{number}.proof" for number in order], tmp_path / "out.proof", lambda *_: None)
    assert not (tmp_path / "out.proof").exists()


def claiming(run: RunFile, before: Digest, after: Digest) -> RunFile:
    """The proof with other roots in its claim."""
    claim = replace(run.claim, before=before, after=after)
    statement = np.concatenate([run.proof.statement[:POWER_WORDS], claim.words])
    return replace(run, proof=replace(run.proof, statement=statement))


def test_forged_roots_are_refused(made: Path, tmp_path: Path) -> None:
    """A stale run that claims to begin where the others ended; and lists of runs that were never batched."""
    one, third, whole = run_of(made / "1.proof"), run_of(made / "3.proof"), rollup_of(made / "all.proof")
    forged = claiming(third, one.claim.after, third.claim.after)
    (tmp_path / "forged.proof").write_bytes(forged.encode())
    with pytest.raises((Malformed, Rejected)):          # under another statement other places are opened
        api.batch([made / "1.proof", tmp_path / "forged.proof"], tmp_path / "out.proof", lambda *_: None)
    for file in (forged, claiming(one, one.claim.after, one.claim.after), claiming(one, one.claim.before, one.claim.before)):
        (tmp_path / "forged.proof").write_bytes(file.encode())
        with pytest.raises((Malformed, Rejected)):
            api.verify(tmp_path / "forged.proof", [LEDGER], allow_toy=True)
    first, second, last = whole.runs
    for runs in ((first, last), (second, first, last), (first, second, second), (first, forged.claim),
                 (first, second, replace(last, after=first.before)), (replace(first, before=second.before), second, last)):
        other = replace(whole, runs=runs, changes=((),) * len(runs), opened=(NOTHING,) * len(runs))
        (tmp_path / "forged.proof").write_bytes(other.encode())
        with pytest.raises(Rejected):
            api.verify(tmp_path / "forged.proof", [LEDGER], allow_toy=True)


def test_states_of_applications_are_told_apart(made: Path) -> None:
    one, two, three = rollup_of(made / "all.proof").runs
    other = replace(one, program=(1,) * 8, before=(2,) * 8, after=(3,) * 8)
    assert applications([one, other, two, three]) == {one.program: (one.before, three.after), other.program: (other.before, other.after)}


def test_the_commands(made: Path, tmp_path: Path) -> None:
    def longrun(*arguments: str, code: int = 0) -> str:
        done = subprocess.run([sys.executable, "-m", "longrun", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr
    everything, empty, new = (str(place) for place in (made / "all.proof", tmp_path / "empty.state", tmp_path / "new.state"))
    shown = json.loads(longrun("diff", everything))
    rows = list(csv.DictReader(io.StringIO(longrun("diff", everything, "--format", "csv"))))
    assert [row["key"] for row in rows] == [change["key"] for change in shown["changes"]] and len(rows) == 3
    longrun("state", "-o", empty)
    assert json.loads(longrun("diff", everything, "--apply", empty, "--output", new, "--json"))["state after"] == shown["state after"]
    assert "state given is the one before" in longrun("diff", everything, "--apply", new, "--output", empty, code=1)
    assert json.loads(longrun("inspect", new, "--json"))["root in toy claims"] == shown["state after"]
    assert "written to another file" in longrun("diff", everything, "--apply", empty, code=2)
    for options, said in ((["--format", "csv", "--json"], "one JSON object"), (["--format", "xml"], "no format xml"),
                          (["--format", "json", "--apply", empty, "--output", new], "is not printed")):
        assert said in longrun("diff", everything, *options, code=2)
    assert "no profile p99" in longrun("state", "-o", empty, "--profile", "p99", code=2)
    told = json.loads(longrun("inspect", str(made / "3"), "--json"))
    assert (told["state after"], told["changed keys, as the file says"]) == (shown["state after"], 2)


@pytest.mark.parametrize("count", [0, 1, 3, 7, 8, 100, 32_768])
def test_a_state_file_comes_back(count: int) -> None:
    """Whatever the form of its number of entries is, it is what msgpack writes."""
    state = StateMap({k.to_bytes(32, "big"): bytes([k % 256]) * 32 for k in range(count)})
    content = encode_state(state)
    assert decode_state(content) == state and msgpack.unpackb(content)["entries"][::2] == sorted(state.entries)


def state_file(**changed: object) -> bytes:
    """A state file of three keys with other values in some of its fields."""
    fields = msgpack.unpackb(encode_state(StateMap({bytes([k]) * 32: bytes(32) for k in range(3)})))
    return pack({**fields, **changed})


@pytest.mark.parametrize("content, said", [
    (state_file()[:-1] + b"\1", "digest"), (state_file()[:-1], "at most"), (state_file() + b"\0", "at most"),
    (state_file(more=1), "not a state"), (state_file(version="1"), "another format"),
    (state_file().replace(b"\1" * 32, b"\3" * 32), "not in order"), (state_file()[:20], "another format"), (b"", "not a state"),
    (state_file(kind="longrun bundle"), "not a state"), (state_file(version=2), "another format"),
    (state_file(digest=b"1"), "another format"), (state_file(entries=[bytes(32)]), "at most"), (state_file(entries={}), "at most"),
    (state_file(entries=[b"", bytes(32)]), "at most"), (state_file(entries=["a" * 32, bytes(32)]), "keys of 32 bytes"),
    (state_file(entries=[bytes(32), b"\1" * 31 + b"x"]), "digest"), (state_file(entries=[bytes(32)] * 4), "not in order"),
    (state_file().replace(b"\x96", b"\xdc\0\6"), "at most"), (state_file() + bytes(STATE_FILE_LIMIT), "the limit"),
    (state_file()[:-206] + b"\xa7another" + state_file()[-205:], "fields")])
def test_a_state_file_has_one_form(content: bytes, said: str) -> None:
    with pytest.raises(Malformed, match=said):
        decode_state(content)


def test_a_difference_has_one_form() -> None:
    changes: Difference = (Change(b"a" * 32, None, bytes(32)), Change(b"b" * 32, b"1" * 32, b"2" * 32))
    words = to_words(changes)
    (back,) = from_words(words, 1)
    assert back == changes and tuple(back) == changes and back[1:] == changes[1:] and from_words(to_words(()), 1) == ((),)
    swapped, same = (changes[1], changes[0]), (replace(changes[1], new=b"1" * 32),)
    odd, high, behind, hidden = (words.copy() for _ in range(4))
    odd[1] = 2                                      # neither a value before nor none
    high[1] |= 1 << 24
    behind[-1] |= 1 << 16                           # in the bytes that fill up the last word
    hidden[12] = 1                                  # a value before of a key that had none
    for bad in (to_words(swapped), to_words((changes[0], changes[0])), to_words(same), odd, high, behind, hidden, words[:-1], words[:0],
                np.append(words, np.uint32(0)), np.array([1 << 30], np.uint32)):
        with pytest.raises(Malformed):
            from_words(bad, 1)


def test_several_differences_stand_one_after_the_other() -> None:
    """Each is in order by itself, and the damage of one is found among the others."""
    one = tuple(Change(bytes([k]) * 32, None, bytes(32)) for k in range(5))
    parts: list[Difference] = [one, (), one[3:], one[:1], ()]
    words = np.concatenate([to_words(part) for part in parts])
    assert list(from_words(words, 5)) == parts
    for other in (4, 6):
        with pytest.raises(Malformed):
            from_words(words, other)
    for part in ((one[1], one[0]), (one[0], one[0])):
        with pytest.raises(Malformed, match="not in order"):
            from_words(np.concatenate([words, to_words(part)]), 6)


def least_seconds(do: Callable[[], object]) -> float:
    """Of processor time, in three turns."""
    times = []
    for _ in range(3):
        began = time.process_time()
        do()
        times.append(time.process_time() - began)
    return min(times)


def cost(read: Callable[[], object], size: int) -> tuple[float, float]:
    """Processor time for a million bytes, over that of a loop that counts to a million, for machines differ; bytes of memory a byte."""
    loop, reading = least_seconds(lambda: [None for _ in range(10**6)]), least_seconds(read)
    tracemalloc.start()
    read()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return reading * 1e6 / size / loop, peak / size


def test_reading_a_difference_costs_about_what_it_has_bytes() -> None:
    """Forty times the time and ten times the memory, as objects."""
    changes = [Change(k.to_bytes(32, "big"), None, bytes(32)) for k in range(40_000)]
    for parts in ([changes], [changes[k:k + 1] for k in range(1024)], [[]] * 1024):
        words = np.concatenate([to_words(part) for part in parts])
        time_taken, memory = cost(partial(from_words, words, len(parts)), 4 * len(words) + 224 * len(parts))
        assert time_taken < 8 and memory < 3, (len(parts), time_taken, memory)


def test_reading_a_state_file_costs_about_what_it_has_bytes() -> None:
    content = encode_state(StateMap({k.to_bytes(32, "big"): bytes(32) for k in range(65_000)}))
    time_taken, memory = cost(lambda: decode_state(content), len(content))
    assert time_taken < 2 and memory < 3, (time_taken, memory)


def test_differences_compose_and_apply() -> None:
    a, b, c = ({b"k" * 32: b"1" * 32}, {b"k" * 32: b"2" * 32, b"l" * 32: b"3" * 32}, {b"k" * 32: b"1" * 32, b"l" * 32: b"4" * 32})
    first, second = difference(a, b), difference(b, c)
    assert composed([first, second]) == difference(a, c) == (Change(b"l" * 32, None, b"4" * 32),)
    assert applied(a, composed([first, second])) == c
    with pytest.raises(Malformed, match="follow upon each other"):
        composed([first, first])
    with pytest.raises(Malformed, match="lacks a key"):
        difference(b, a)


def test_a_file_that_is_no_state_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"something else")
    with pytest.raises(Malformed):
        states.save(None, tmp_path / "precious")
    assert (tmp_path / "precious").read_bytes() == b"something else"
    states.save(None, tmp_path / "new.state")
    assert read_state(tmp_path / "new.state") == EMPTY
