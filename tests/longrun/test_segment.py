"""One segment is proved into a file of its own, which is verified against the program alone."""
from __future__ import annotations

import contextlib
import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bundles import api, segment_files
from bundles.artefacts import names_of
from bundles.bundle import WORK, open_bundle
from bundles.formats import Kind, ProofFile, decode_proof, encode_proof
from bundles.segment_files import status_name
from segments.claim import FORMS
from stark import profiles
from stark.errors import Malformed, Rejected
from stark.field import P
from stark.kernels import load
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
    assert code == 0 and told["verified"] and told["kind"] == "segment" and ", exited, " in told["to"] and ", running, " in told["from"]
    shown = json.loads(longrun("inspect", "last.proof", "--json")[1])
    assert all(shown[name] == told[name] for name in ("kind", "profile", "bytes", "shape", "steps", "from", "to"))
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


def test_how_it_stands_is_said_in_words(longrun: Longrun) -> None:
    """And by which digest the instructions are known."""
    Path("divide.wat").write_text('(module (func (export "_start") (drop (i32.div_u (i32.const 1) (i32.const 0)))))')
    assert longrun("run", "divide.wat", "-o", "run", "--profile", "toy")[0] == 5
    assert longrun("prove", "run", "--segment", "0", "-o", "segment.proof")[0] == 0
    code, out, _ = longrun("verify", "segment.proof", "--program", "divide.wat", "--allow-toy")
    assert code == 0 and ", trapped(divide_by_zero), memory " in out
    assert re.search(r"^instructions of the program +[0-9a-f]{64}$", out, re.MULTILINE)
    assert ", trapped(divide_by_zero), memory " in longrun("inspect", "segment.proof")[1]
    assert [status_name(status) for status in (0, 1, 2, 3, 16, 30)] == ["running", "exited", "paused", "status 3", "status 16", "status 30"]


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


def test_a_shape_for_larger_programs_costs_the_verifier_nothing(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Committing to its table would take minutes without native kernels."""
    shapes = names_of(profiles.get("toy"))[0]
    monkeypatch.setattr(segment_files, "setup", None)

    def larger(payloads: list[np.ndarray]) -> None:
        payloads[0][0] = next(number for number, name in enumerate(shapes) if name.endswith("program 2^20"))
    with pytest.raises(Rejected, match=r"a table for up to 1,048,575"):
        verified(changed(folder, tmp_path, larger))


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


def written(tmp_path: Path, text: str) -> bytes:
    (tmp_path / "made.wat").write_text(f"(module (memory 1) (global $g (mut i32) (i32.const 0)) {text})")
    return from_text(tmp_path / "made.wat")


@pytest.mark.parametrize(("sums", "more", "count"), [(326, 1, 1022), (327, 0, 1023), (326, 2, 1024), (327, 1, 1025)])
def test_a_program_that_just_fits_or_does_not(folder: Path, tmp_path: Path, sums: int, more: int, count: int) -> None:
    """The last row of the program's table is no instruction: 1,023 fit into 2^10 rows."""
    many = "(global.set $g (i32.add (global.get $g) (i32.const 7)))" * sums + "(global.set $g (i32.const 5))" * more
    program = written(tmp_path, f'(func (export "main") {many})')
    assert len(api.translated(program).instructions) == count
    with pytest.raises(Rejected, match="the program is the one given") as refused:
        verified(folder / "run.proof", program)
    assert ("up to 1,023" in str(refused.value)) == (count > 1023)


def test_what_it_does_not_say_is_told(tmp_path: Path) -> None:
    """Programs that differ in their data alone have the same instructions."""
    first, second = (written(tmp_path, f'(data (i32.const 8) "{data}") (func (export "main") (global.set $g (i32.load (i32.const 8))))')
                     for data in "ab")
    api.record(first, b"", tmp_path / "run", "toy")
    api.prove_only(tmp_path / "run", "segment 0", tmp_path / "run.proof")
    assert first != second and verified(tmp_path / "run.proof", first) == verified(tmp_path / "run.proof", second)
    assert "nothing of the data, arguments or input" in str(verified(tmp_path / "run.proof", second)["says"])


def test_it_is_verified_without_rust(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = verified(folder / "run.proof")
    monkeypatch.setattr(api, "kernels", lambda: load("reference"))
    assert verified(folder / "run.proof") == found
    with pytest.raises(Rejected, match="the program is the one given"):
        verified(folder / "other.proof")


@pytest.mark.parametrize("profile", ["toy", "p100", "p128"])
def test_pieces_of_any_lengths_are_malformed(tmp_path: Path, profile: str) -> None:
    """Whatever their number, their lengths and the kind: inspect and verify refuse them in a line, or inspect shows them."""
    rng, none = random.Random(7), np.zeros(0, np.uint32)
    own = 23 if profile == "p128" else 21
    for kind in Kind:
        tries = [[], [none], [none] * 3, [none] * 4, [none] * 64]
        for _ in range(20):
            lengths = [rng.choice([0, 1, 2, 8, 9, own, own + 8, 56, 1000]) for _ in range(rng.randrange(1, 6))]
            tries.append([np.array([rng.choice([0, 1, P - 1]) for _ in range(length)], np.uint32) for length in lengths])
        tries.append([np.array([0, 1], np.uint32), none, np.zeros(own, np.uint32), none])            # an empty cap
        tries.append([np.array([P - 1, 1], np.uint32), none, np.zeros(own, np.uint32), none])
        tries.append([np.array([0, P - 1], np.uint32), np.zeros(1 << 21, np.uint32), np.zeros(own, np.uint32), none])
        for payloads in tries:
            for packed in (b"", b"x"):
                (tmp_path / "piece").write_bytes(encode_proof(kind, profile, payloads, packed))
                with pytest.raises((Malformed, Rejected)):
                    verified(tmp_path / "piece")
                with contextlib.suppress(Malformed, Rejected):
                    assert api.inspect(tmp_path / "piece")["profile"] == profile


def test_what_cannot_be_said_together_is_told_how(longrun: Longrun, folder: Path) -> None:
    run = str(folder / "run")
    for options, hint in (["--segment", "1", "-o", "x", "--workers", "2"], f"longrun prove {run} --segment 1 -o x"), \
                         (["--only", "segment 1", "-o", "x y"], f"longrun prove {run} --segment 1 -o 'x y'"), \
                         (["--only", "leaf 1", "-o", "x"], f"longrun prove {run} --only 'leaf 1'"):
        code, _, err = longrun("prove", run, *options)
        assert code == 2 and f"({hint})" in err.replace("\n", " ")


def test_nothing_of_a_bundle_changes(folder: Path) -> None:
    """But for the result itself, which the next proof of the bundle takes or not."""
    assert not (folder / "run" / WORK / "journal.sqlite").exists()
    assert isinstance(decode_proof((folder / "run.proof").read_bytes()), ProofFile)
