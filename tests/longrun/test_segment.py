"""One segment is proved into a file of its own, which is verified against the program alone."""
from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bundles import api
from bundles.artefacts import names_of
from bundles.bundle import WORK, open_bundle
from bundles.formats import Kind, ProofFile, decode_proof, encode_proof
from segments.claim import FORMS
from stark import profiles
from stark.errors import Malformed, Rejected
from stark.field import P
from tests.bundles.fuzz import mutated
from tests.longrun.conftest import SAMPLES, Longrun
from wasm_exec.text import from_text

COLLATZ = from_text(SAMPLES / "collatz.wat")
FORM, CAP, STATEMENT, WORDS = FORMS[8], 1, 2, 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of some segments, the proof of one of them, and the same of another program."""
    place = tmp_path_factory.mktemp("segments")
    for name, program, content in (("run", COLLATZ, b"\x1b\0"), ("other", from_text(SAMPLES / "sum.wat"), b"12 30 400")):
        api.record(program, content, place / name, "toy")
        api.prove_only(place / name, "segment 0", place / f"{name}.proof")
    return place


def verified(file: Path, program: bytes = COLLATZ) -> api.Facts:
    return api.verify(file, [program], allow_toy=True)


def changed(folder: Path, tmp_path: Path, change: Callable[[list[np.ndarray]], None], profile: str = "toy") -> Path:
    file = decode_proof((folder / "run.proof").read_bytes())
    payloads = [payload.copy() for payload in file.payloads]
    change(payloads)
    out = tmp_path / "changed.proof"
    out.write_bytes(encode_proof(file.kind, profile, payloads))
    return out


def test_a_segment_is_proved_and_verified_alone(longrun: Longrun) -> None:
    Path("n").write_bytes(b"\x1b\0")
    assert longrun("run", str(SAMPLES / "collatz.wat"), "-o", "run", "--profile", "toy", "--input", "n")[0] == 0
    last = open_bundle(Path("run")).manifest.segments - 1
    code, out, _ = longrun("prove", "run", "--segment", str(last), "-o", "last.proof", "--json")
    assert code == 0 and json.loads(out)["task"] == f"segment {last}" and json.loads(out)["bytes"] == Path("last.proof").stat().st_size
    code, out, _ = longrun("verify", "last.proof", "--program", str(SAMPLES / "collatz.wat"), "--allow-toy", "--json")
    told = json.loads(out)
    assert code == 0 and told["verified"] and told["kind"] == "segment" and "status 1" in told["to"] and "status 0" in told["from"]
    code, _, err = longrun("verify", "last.proof", "--program", str(SAMPLES / "collatz.wat"))
    assert code == 1 and "a toy proof" in err
    for option in (["--input", "n"], ["--exit-code", "0"], ["--program", "sum.wasm"]):
        code, _, err = longrun("verify", "last.proof", "--program", str(SAMPLES / "collatz.wat"), "--allow-toy", *option)
        assert code == 2 and "says nothing of inputs" in err
    assert longrun("prove", "run", "--segment", "0")[0] == 0                                # and nothing is written
    assert longrun("prove", "run", "--segment", str(last + 1), "-o", "x")[0] == 2 and not Path("x").exists()
    for options in (["--only", "leaf 0", "-o", "x"], ["--only", "leaf 0", "--segment", "0"]):
        assert longrun("prove", "run", *options)[0] == 2
    assert longrun("prove", "run", "--segment", "0", "-o", "n")[0] == 4 and Path("n").read_bytes() == b"\x1b\0"
    assert longrun("batch", "last.proof", "last.proof", "-o", "x")[0] == 3


def test_another_program_is_refused(folder: Path) -> None:
    assert verified(folder / "run.proof")["kind"] == "segment"
    with pytest.raises(Rejected, match="the program is the one given"):
        verified(folder / "other.proof")
    with pytest.raises(Rejected, match="the program is the one given"):
        verified(folder / "run.proof", from_text(SAMPLES / "sum.wat"))


@pytest.mark.parametrize("place", ["pc before", "status before", "root before", "pc after", "status after", "root after", "steps"])
def test_another_statement_is_refused(folder: Path, tmp_path: Path, place: str) -> None:
    at = {"pc before": 0, "status before": 1, "root before": 5, "pc after": FORM.boundary, "status after": FORM.boundary + 1,
          "root after": FORM.boundary + 9, "steps": FORM.steps}[place]

    def change(payloads: list[np.ndarray]) -> None:
        payloads[STATEMENT][at] = (payloads[STATEMENT][at] + 1) % P
    with pytest.raises((Rejected, Malformed)):
        verified(changed(folder, tmp_path, change))


def test_every_part_is_looked_at(folder: Path, tmp_path: Path) -> None:
    shapes = names_of(profiles.get("toy"))[0]

    def shape(payloads: list[np.ndarray]) -> None:
        payloads[0][0] = (payloads[0][0] + 1) % len(shapes)

    def level(payloads: list[np.ndarray]) -> None:
        payloads[0][1] += 1

    def cap(payloads: list[np.ndarray]) -> None:
        payloads[CAP][0] ^= 1

    def whole_cap(payloads: list[np.ndarray]) -> None:
        payloads[CAP] = payloads[CAP][:-8]

    def no_list(payloads: list[np.ndarray]) -> None:
        payloads[CAP] = payloads[CAP][:-1]

    def words(payloads: list[np.ndarray]) -> None:
        payloads[WORDS] = np.append(payloads[WORDS], np.uint32(0))

    def none(payloads: list[np.ndarray]) -> None:
        payloads.clear()

    def kind(payloads: list[np.ndarray]) -> None:
        payloads[0][0] = len(shapes)
    for change in (shape, level, cap, whole_cap, no_list, words, none, kind):
        with pytest.raises((Rejected, Malformed)):
            verified(changed(folder, tmp_path, change))
    for profile in ("p100", "p128"):
        with pytest.raises((Rejected, Malformed)):
            verified(changed(folder, tmp_path, lambda _: None, profile))


def test_damaged_files_are_refused_in_a_line(folder: Path, tmp_path: Path) -> None:
    rng, content = random.Random(3), (folder / "run.proof").read_bytes()
    for _ in range(60):
        (tmp_path / "damaged").write_bytes(damaged := mutated(content, rng))
        if damaged != content:
            with pytest.raises((Rejected, Malformed)) as refused:
                verified(tmp_path / "damaged")
            assert "\n" not in str(refused.value) and len(str(refused.value)) < 1000


def test_a_leaf_is_not_verified_alone(tmp_path: Path) -> None:
    for kind in (Kind.LEAF, Kind.JOIN):
        words = np.zeros(1, np.uint32)
        (tmp_path / "piece").write_bytes(encode_proof(kind, "toy", [words, words, words]))
        with pytest.raises(Malformed):
            verified(tmp_path / "piece")


def test_nothing_of_a_bundle_changes(folder: Path) -> None:
    """But for the result itself, which the next proof of the bundle takes or not."""
    assert not (folder / "run" / WORK / "journal.sqlite").exists()
    assert isinstance(decode_proof((folder / "run.proof").read_bytes()), ProofFile)
