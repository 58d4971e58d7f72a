"""From a program to a rollup proof and back: what is proved verifies, and everything that was tampered with is refused by name."""
from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

import longrun
from bundles import api, checking
from bundles.bundle import open_bundle
from bundles.files import RollupFile, RunFile, read_proof
from bundles.formats import Kind, decode_proof, encode_proof
from bundles.opened import NOTHING
from bundles.recording import FEW
from bundles.rollup import batch_claim, folded
from continuation.batches import BatchClaim
from continuation.claims import RunClaim
from continuation.kinds import ROLLUP
from continuation.layout import STATEMENT
from segments.openings import input_digest
from stark.errors import Malformed, Rejected
from stark.expression import P
from wasm_exec.text import from_text

SAMPLES = Path(__file__).parents[2] / "samples"
APP, OTHER = (from_text(SAMPLES / name) for name in ("sum.wat", "hello.wat"))
FIRST, SECOND = " ".join(map(str, range(1, 181))).encode(), b"3 4 5"


@dataclass(frozen=True)
class Made:
    folder: Path
    stages: list[str]

    @property
    def first(self) -> Path:
        return self.folder / "first.proof"

    @property
    def both(self) -> Path:
        return self.folder / "both.proof"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("run")
    stages: list[str] = []
    for name, entered in (("first", FIRST), ("second", SECOND)):
        api.record(APP, entered, folder / name, "toy")
        api.prove(folder / name, folder / f"{name}.proof", lambda stage, done, total: stages.append(f"{stage} {done}/{total}"))
    api.batch([folder / "first.proof", folder / "second.proof"], folder / "both.proof", lambda *_: None)
    return Made(folder, stages)


def verify(file: Path, program: bytes = APP, **expected: object) -> api.Facts:
    return api.verify(file, [program], allow_toy=True, **expected)  # type: ignore[arg-type]


def test_a_run_of_several_segments_verifies(made: Made) -> None:
    manifest = open_bundle(made.folder / "first").manifest
    assert manifest.segments >= 5 and f"segments {manifest.segments}/{manifest.segments}" in made.stages
    facts = verify(made.first, input=FIRST, output=str(sum(range(1, 181))).encode(), exit_code=0)
    assert facts["outcome"] == "exited(0)" and facts["kind"] == "run"


def test_a_rollup_verifies_and_lists_its_runs_in_order(made: Made) -> None:
    facts = verify(made.both)
    assert facts["kind"] == "rollup" and "applications" not in facts
    rollup, first = rollup_of(made), read_run(made.first)
    alone = [verify(file) for file in (made.first, made.folder / "second.proof")]
    assert facts["runs"] == [{name: one[name] for name in ("program", "input", "output", "outcome", "steps")} for one in alone]
    called = api.verify(made.both, [APP], allow_toy=True, names=["app.wasm"])
    assert isinstance(called["runs"], list) and [run["name"] for run in called["runs"]] == ["app.wasm"] * 2
    with pytest.raises(Rejected, match=r"the input is the one given.* in run 2"):
        verify(made.both, input=FIRST)
    assert rollup.runs[0] == first.claim and rollup.claim == batch_claim(rollup.runs)


def test_proofs_are_batched_and_verified_from_python(made: Made) -> None:
    both = made.folder / "from_python.proof"
    assert longrun.batch([made.first, str(made.folder / "second.proof")], both) == api.inspect(made.both)
    assert both.read_bytes() == made.both.read_bytes()
    assert longrun.verify(both, APP, exit_code=0, allow_toy=True)["kind"] == "rollup"
    assert longrun.verify(str(made.first), APP, input=FIRST, allow_toy=True)["outcome"] == "exited(0)"
    for wrong in ({"input": SECOND}, {"exit_code": 1}, {"output": b""}, {"state_after": "0" * 64}):
        with pytest.raises(longrun.Rejected, match="is the one given"):
            longrun.verify(made.first, APP, allow_toy=True, **wrong)
    with pytest.raises(longrun.Rejected, match="every program given has run"):
        longrun.verify(both, APP, OTHER, allow_toy=True)
    with pytest.raises(TypeError, match="against a program"):
        longrun.verify(both)
    with pytest.raises(TypeError, match="made of several files"):
        longrun.batch(str(made.first), both)
    for given in ({"input": "1 2"}, {"output": "3"}):
        with pytest.raises(TypeError, match=r"are bytes, not str: a text has \.encode"):
            longrun.verify(made.first, APP, allow_toy=True, **given)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="are bytes"):
        longrun.run(APP, made.folder / "none", input="1 2")  # type: ignore[arg-type]
    assert not (made.folder / "none").exists()


def test_a_toy_proof_is_refused_unless_one_asks_for_it(made: Made) -> None:
    for file in (made.first, made.both):
        with pytest.raises(Rejected, match="real proofs"):
            api.verify(file, [APP])


@pytest.mark.parametrize("expected, sentence", [
    ({"program": OTHER}, "the program is the one given"),
    ({"input": FIRST + b" "}, "the input is the one given"), ({"input": b""}, "the input is the one given"),
    ({"output": b"16291"}, "the output is the one given"), ({"exit_code": 1}, "the exit code is the one given")])
def test_something_else_than_expected_is_refused(made: Made, expected: dict[str, object], sentence: str) -> None:
    with pytest.raises(Rejected, match=sentence):
        verify(made.first, **expected)  # type: ignore[arg-type]


def test_every_program_given_must_have_run(made: Made) -> None:
    with pytest.raises(Rejected, match="every program given has run"):
        api.verify(made.first, [APP, OTHER], allow_toy=True)


def test_one_changed_instruction_or_one_changed_byte_of_memory_is_another_program(made: Made) -> None:
    text = (SAMPLES / "sum.wat").read_text()
    with pytest.raises(Rejected, match="the program is the one given"):
        verify(made.first, from_text(text.replace("i32.const 10)", "i32.const 11)", 1).encode()))
    with pytest.raises(Rejected, match="the program is the one given"):
        verify(made.first, from_text(text.replace("(memory", '(data (i32.const 60000) "x") (memory', 1).encode()))


def test_every_region_of_a_run_proof_is_protected(made: Made) -> None:
    content = made.first.read_bytes()
    places = np.random.default_rng(0).integers(0, len(content), 40).tolist() + list(range(0, 64, 3))
    for place in places:
        changed = bytearray(content)
        changed[place] ^= 1 << int(place) % 8
        refused(made, bytes(changed), f"byte {place}")


def test_other_lengths_are_malformed(made: Made) -> None:
    content = made.first.read_bytes()
    for other in (content[:-4], content + bytes(4), content[:100], b""):
        with pytest.raises(Malformed):
            verify_bytes(made, other)




@pytest.mark.parametrize("name, payload, place", [
    ("claimed program", 1, 80), ("keys", 1, 88), ("claimed input", 1, 96), ("claimed output", 1, 104), ("status", 1, 112), ("pc", 1, 113),
    ("exit code", 1, 114), ("state before", 1, 118), ("state after", 1, 126), ("steps", 1, -2), ("end of the claim", 1, -1),
    ("power", 1, 0), ("kind of run", 0, 0)])
def test_a_changed_word_is_refused(made: Made, name: str, payload: int, place: int) -> None:
    file = decode_proof(made.first.read_bytes())
    payloads = [words.copy() for words in file.payloads]
    payloads[payload][place] = (int(payloads[payload][place]) + 1) % P
    refused(made, encode_proof(Kind.RUN, "toy", payloads, file.packed), name)


def test_kinds_and_profiles_are_not_exchanged(made: Made) -> None:
    run, rollup = (decode_proof(file.read_bytes()) for file in (made.first, made.both))
    refused(made, encode_proof(Kind.ROLLUP, "toy", [*run.payloads[:2], *rollup.payloads[2:]], run.packed), "a root proof as a rollup")
    refused(made, encode_proof(Kind.RUN, "toy", [*rollup.payloads[:2], *run.payloads[2:]], rollup.packed), "a rollup proof as a run")
    refused(made, encode_proof(Kind.SEGMENT, "toy", run.payloads, run.packed), "a run proof as a segment")
    with pytest.raises((Malformed, Rejected)):
        verify_bytes(made, encode_proof(Kind.RUN, "p100", run.payloads, run.packed), allow_toy=False)


def test_runs_of_a_rollup_are_not_swapped_dropped_doubled_or_changed(made: Made) -> None:
    rollup = rollup_of(made)
    one, two = rollup.runs
    for runs in ((two, one), (one, one), (one, two, two), (one, replace(two, pc=two.pc + 1)), (one, replace(two, status=16))):
        with pytest.raises(Rejected):
            verify_bytes(made, RollupFile(rollup.profile, rollup.proof, runs, ((),) * len(runs), (NOTHING,) * len(runs)).encode())
    with pytest.raises(Malformed):
        verify_bytes(made, RollupFile(rollup.profile, rollup.proof, (one,), ((),), (NOTHING,)).encode())


@pytest.mark.parametrize("status", [0, 3, 16, 99, 1 << 30])
def test_a_claim_with_an_unknown_status_is_shown_and_refused(made: Made, status: int) -> None:
    file = decode_proof(made.first.read_bytes())
    payloads = [words.copy() for words in file.payloads]
    payloads[1][112] = status
    (made.folder / "status.proof").write_bytes(encode_proof(Kind.RUN, "toy", payloads, file.packed))
    assert api.inspect(made.folder / "status.proof")["outcome"] == f"status {status}"
    with pytest.raises(Rejected, match="exit code"):
        verify(made.folder / "status.proof", exit_code=0)


def test_a_file_names_a_kind_that_exists(made: Made) -> None:
    file, rollup = (decode_proof(path.read_bytes()) for path in (made.first, made.both))
    for number in ([2], [P - 1], [], [0, 0]):
        with pytest.raises(Malformed, match="no kind of proof"):
            verify_bytes(made, encode_proof(Kind.RUN, "toy", [np.array(number, np.uint32), *file.payloads[1:]], file.packed))
    with pytest.raises(Malformed, match="no kind of proof"):
        verify_bytes(made, encode_proof(Kind.ROLLUP, "toy", [np.array([1], np.uint32), *rollup.payloads[1:]], rollup.packed))


def test_an_expected_input_is_hashed_once(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rollup of thousands of claims once had the verifier hash the input for each of them."""
    hashed: list[bytes] = []
    digest = input_digest
    monkeypatch.setattr(checking, "input_digest", lambda content, permute: hashed.append(content) or digest(content, permute))
    with pytest.raises(Rejected, match="the input is the one given"):
        verify(made.both, input=FIRST)
    assert hashed == [FIRST]


def test_a_doubled_run_is_refused_before_any_work(made: Made) -> None:
    with pytest.raises(Rejected, match="every claim once"):
        api.batch([made.first, made.first], made.folder / "doubled.proof", lambda *_: None)
    assert not (made.folder / "doubled.proof").exists()
    with pytest.raises(Malformed, match="rollup"):
        api.batch([made.both, made.first], made.folder / "nested.proof", lambda *_: None)


def test_batches_have_one_tree() -> None:
    assert folded(list("abcde"), lambda left, right: f"({left}{right})") == "(((ab)(cd))e)"
    assert folded(["a"], lambda left, right: left + right) == "a"


def invented(count: int, programs: int = 1) -> list[RunClaim]:
    """Claims of runs that chain, of some programs in turn."""
    return [RunClaim((number % programs + 1,) * 8, (2,) * 8, (3,) * 8, (4,) * 8, 1, 0, (number, 0, 0, 0), (number // programs,) * 8,
                     (number // programs + 1,) * 8, 5) for number in range(count)]


@pytest.mark.parametrize("programs", [1, 2])
def test_the_claim_of_a_batch_is_that_of_its_joins(programs: int) -> None:
    for count in (1, 2, 3, 5, 8, 11):
        runs = invented(count, programs)
        assert batch_claim(runs) == folded([BatchClaim.one(run) for run in runs], BatchClaim.join)
    broken = {"the same keys": replace(runs[4], keys=(9,) * 8),
              "one application chain": replace(runs[4], program=(1,) * 8, before=(9,) * 8)}
    for sentence, run in broken.items():
        for claim in (batch_claim, lambda several: folded([BatchClaim.one(run) for run in several], BatchClaim.join)):
            with pytest.raises(Rejected, match=sentence):
                claim([*invented(4), run, *runs[5:]])


def test_a_thousand_invented_claims_are_soon_refused(made: Made) -> None:
    """They once cost two seconds, a hash at a time."""
    claimed = read_run(made.first).claim
    claims = np.stack([replace(claimed, exit_code=(number, 0, 0, 0)).words for number in range(1024)])
    content = encode_proof(Kind.ROLLUP, "toy", [np.array([ROLLUP.number], np.uint32), np.zeros(STATEMENT, np.uint32), claims.reshape(-1),
                                                np.zeros(1024, np.uint32)])
    began = time.process_time()
    with pytest.raises((Malformed, Rejected)):
        verify_bytes(made, content)
    assert time.process_time() - began < 1.0


def read_run(file: Path) -> RunFile:
    run = read_proof(decode_proof(file.read_bytes()))
    assert isinstance(run, RunFile)
    return run


def rollup_of(made: Made) -> RollupFile:
    rollup = read_proof(decode_proof(made.both.read_bytes()))
    assert isinstance(rollup, RollupFile)
    return rollup


def verify_bytes(made: Made, content: bytes, allow_toy: bool = True) -> None:
    file = made.folder / "changed.proof"
    file.write_bytes(content)
    api.verify(file, [APP], allow_toy=allow_toy)


def refused(made: Made, content: bytes, what: str) -> None:
    try:
        verify_bytes(made, content)
    except (Malformed, Rejected):
        return
    pytest.fail(f"{what}: accepted")


def test_long_runs_have_large_segments(tmp_path: Path) -> None:
    app = from_text(SAMPLES / "collatz.wat")
    for name, entered, size in (("short", b"\x40\0", "2^16"), ("long", b"\0\x10", "2^20")):
        recorded = api.record(app, entered, tmp_path / name, "p100")
        assert open_bundle(tmp_path / name).manifest.size == size and recorded.segments <= FEW
