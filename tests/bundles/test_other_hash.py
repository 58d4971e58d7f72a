"""Bundles, files and states under a toy profile that hashes with width 24, as p128 does, from the record to a rollup."""
from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

import longrun
from bundles import api, formats, keys, manifest, proving, session_log, state_files, states
from bundles.bundle import MANIFEST, open_bundle
from bundles.files import RollupFile, RunFile, read_proof
from bundles.formats import decode_proof
from bundles.store import write_whole
from segments.openings import EMPTY_STATE_ROOT, EMPTY_STATE_ROOTS
from segments.shape import Shape
from stark import profiles
from stark.errors import Malformed, Rejected

LEDGER = (Path(__file__).parents[2] / "samples" / "built" / "ledger.wasm").read_bytes()
COUNTER = Path(__file__).parents[2] / "samples" / "session" / "counter.wat"
INPUTS = (b"+ alice 100", b"alice bob 30")
NAME = "toy128"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two runs and their rollup. There is one shape of segments, so that there are few keys."""
    toy, folder = profiles.get("toy"), tmp_path_factory.mktemp("wide")
    layers = {name: replace(getattr(toy, name), hash_width=24) for name in ("segment", "leaf", "recursion", "last")}
    every = MappingProxyType({**profiles.PROFILES, NAME: replace(toy, name=NAME, **layers)})
    log_program = Shape.of("toy", len(api.translated(LEDGER).instructions)).log_program
    with pytest.MonkeyPatch.context() as patch:
        for module in (profiles, manifest, session_log):
            patch.setattr(module, "PROFILES", every)
        patch.setattr(formats, "NAMES", {**formats.NAMES, formats.padded(NAME): NAME})
        patch.setattr(keys, "PROGRAMS", (log_program,))
        patch.setattr(Shape, "alike", property(lambda shape: [shape]))
        before = None
        for number, entered in enumerate(INPUTS, 1):
            api.record(LEDGER, entered, folder / str(number), NAME, state=before)
            before = folder / str(number)
            api.prove(before, folder / f"{number}.proof", lambda *_: None, api.Means(workers=1, engine="inline"))
        api.batch([folder / f"{number}.proof" for number in (1, 2)], folder / "both.proof", lambda *_: None)
        yield folder


def proof_of(file: Path) -> RunFile | RollupFile:
    return read_proof(decode_proof(file.read_bytes()))


def test_runs_and_their_rollup_verify(made: Path) -> None:
    last = open_bundle(made / "2").state_after()
    facts = api.verify(made / "both.proof", [LEDGER], allow_toy=True, state_before=EMPTY_STATE_ROOTS[1], state_after=last)
    assert len(facts["runs"]) == 2 and facts["profile"] == NAME  # type: ignore[arg-type]
    assert api.verify(made / "2.proof", [LEDGER], b"alice bob 30", b"1 done\n", 0, True)["changed keys"] == 2
    both, run = proof_of(made / "both.proof"), proof_of(made / "2.proof")
    assert isinstance(run, RunFile) and len(run.proof.claim) == 62 and len(run.claim.digest) == len(both.claim.keys) == 9
    assert api.inspect(made / "2.proof")["program"] == "".join(f"{word:08x}" for word in run.claim.program)


def test_a_root_of_the_other_hash_is_no_root_of_this_state(made: Path) -> None:
    for wrong in (EMPTY_STATE_ROOT, open_bundle(made / "2").state_after(), (*EMPTY_STATE_ROOTS[1][:-1], 0)):
        with pytest.raises(Rejected, match="the state before is the one given"):
            api.verify(made / "1.proof", [LEDGER], allow_toy=True, state_before=wrong)


def test_the_difference_leads_from_state_to_state(made: Path, tmp_path: Path) -> None:
    states.save(None, tmp_path / "empty.state")
    step = states.step_of(made / "both.proof", LEDGER)
    states.apply(step, tmp_path / "empty.state", tmp_path / "new.state")
    states.save(made / "2", tmp_path / "same.state")
    assert (tmp_path / "new.state").read_bytes() == (tmp_path / "same.state").read_bytes()
    run = proof_of(made / "2.proof")
    assert isinstance(run, RunFile)
    beside = run.opened.beside.copy()
    beside[0, 8] ^= 1
    (tmp_path / "forged.proof").write_bytes(replace(run, opened=replace(run.opened, beside=beside)).encode())
    with pytest.raises(Rejected, match="the pages before the run are those of the claim"):
        api.verify(tmp_path / "forged.proof", [LEDGER], allow_toy=True)


def test_a_proof_is_not_of_another_profile_than_is_asked_for(made: Path) -> None:
    with pytest.raises(Rejected) as refused:
        api.verify(made / "1.proof", [LEDGER], allow_toy=True, profile_name="toy")
    assert (refused.value.check, refused.value.expected, refused.value.got) == ("the profile is the one given", "toy", NAME)


@pytest.fixture(scope="module")
def changed(made: Path) -> Path:
    """A bundle that was recorded and proved under the one profile, and whose manifest then names another with another hash."""
    shutil.copytree(made / "1", made / "changed")
    found = open_bundle(made / "changed").manifest
    assert api.status(made / "changed")["state"] == "proved"
    write_whole(made / "changed" / MANIFEST, replace(found, profile="toy").encode())
    api.prove(made / "changed", made / "changed.proof", lambda *_: None, api.Means(workers=1, engine="inline"))
    return made / "changed.proof"


def test_a_bundle_is_proved_anew_under_the_profile_that_it_names(made: Path, changed: Path) -> None:
    facts = api.verify(changed, [LEDGER], INPUTS[0], allow_toy=True, state_before=EMPTY_STATE_ROOT, profile_name="toy")
    step, first = states.step_of(changed), states.step_of(made / "1.proof")
    assert facts["profile"] == "toy" and step.changes == first.changes and (len(step.before), len(first.before)) == (8, 9)


def test_a_state_goes_on_under_the_profile_of_its_bundle(made: Path, tmp_path: Path) -> None:
    assert longrun.run(LEDGER, tmp_path / "next", INPUTS[1], state=made / "1").profile == NAME
    longrun.open(COUNTER, tmp_path / "session", state=made / "1").leave()
    assert api.status(tmp_path / "session")["profile"] == NAME
    assert state_files.profile_of(None) == "p100"


def test_a_profile_can_be_required_in_python(made: Path) -> None:
    assert longrun.verify(made / "1.proof", LEDGER, allow_toy=True, profile=NAME)["profile"] == NAME
    with pytest.raises(Rejected, match="the profile is the one given"):
        longrun.verify(made / "1.proof", LEDGER, allow_toy=True, profile="p100")


def test_runs_of_two_profiles_make_no_batch(made: Path, changed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said before any work."""
    monkeypatch.setattr(proving, "trusted_keys", lambda *_: pytest.fail("keys were asked for"))
    with pytest.raises(Rejected, match=f"a batch is of one profile.*toy.*{NAME}"):
        api.batch([changed, made / "2.proof"], made / "mixed.proof", lambda *_: None)
    assert not (made / "mixed.proof").exists()


def test_a_changed_file_is_refused(made: Path, tmp_path: Path) -> None:
    content = (made / "1.proof").read_bytes()
    for place in np.linspace(40, len(content) - 1, 12).astype(int):
        (tmp_path / "changed.proof").write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1:])
        with pytest.raises((Malformed, Rejected)):
            api.verify(tmp_path / "changed.proof", [LEDGER], allow_toy=True)
