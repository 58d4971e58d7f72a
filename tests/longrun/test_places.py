"""Where results are written: never in the place of what a command reads, nor of what is a bundle's own."""
from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from bundles.bundle import open_bundle
from tests.longrun.conftest import SAMPLES, Longrun


@pytest.mark.parametrize("line", [
    "run sum.wasm --input in.txt -o d --output {}", "profile sum.wasm --input in.txt -o {}"])
@pytest.mark.parametrize("place", ["sum.wasm", "./in.txt", "link", "hard"])
def test_what_is_read_is_not_written_over(longrun: Longrun, line: str, place: str) -> None:
    Path("link").symlink_to("sum.wasm")
    os.link("in.txt", "hard")
    before = {name: Path(name).read_bytes() for name in ("sum.wasm", "in.txt")}
    code, out, err = longrun(*line.format(place).split())
    assert (code, out) == (2, "") and f"{Path(place)} is read here" in err and len(err.splitlines()) == 1
    assert {name: Path(name).read_bytes() for name in before} == before and not Path("d").exists()


def test_a_device_takes_the_place_of_nothing(longrun: Longrun) -> None:
    code, _, err = longrun("run", "hello.wasm", "-o", "d", "--profile", "toy", "--input", "/dev/null", "--output", "/dev/null")
    assert (code, err) == (0, "")


@pytest.fixture
def counter(longrun: Longrun) -> Longrun:
    """An open session with a call."""
    shutil.copy(SAMPLES / "session" / "counter.wat", ".")
    assert longrun("open", "counter.wat", "-o", "c", "--profile", "toy")[0] == longrun("call", "c", "add", "5")[0] == 0
    return longrun


def test_a_payload_is_not_written_over(counter: Longrun) -> None:
    code, _, err = counter("call", "c", "say", "--payload", "in.txt", "--output", "in.txt")
    assert code == 2 and "in.txt is read here" in err and Path("in.txt").read_bytes() == b"12 30 400"
    assert "events        1\n" in counter("status", "c")[1]


def test_calls_and_answers_have_two_places(counter: Longrun) -> None:
    """Otherwise the calls are lost: it is said while the session is open."""
    Path("link").symlink_to("calls")
    for place in ("calls", "./calls", "link"):
        code, _, err = counter("close", "c", "--events", "calls", "--output", place)
        assert code == 2 and "cannot both be written" in err and "events        1\n" in counter("status", "c")[1]
    assert counter("close", "c", "--events", "calls", "--output", "answers")[0] == 0
    assert Path("calls").read_bytes() == open_bundle(Path("c")).input()


def test_the_files_of_a_bundle_are_its_own(counter: Longrun) -> None:
    Path("link").symlink_to("c/session.sqlite")
    before = Path("c/session.sqlite").read_bytes()
    for place in ("link", "c/new", "./c/../c/new"):
        for option in ("--events", "--output"):
            code, _, err = counter("close", "c", option, place)
            assert code == 4 and "a bundle has only files of its own" in err
    assert Path("c/session.sqlite").read_bytes() == before
    code, _, err = counter("close", "c", "--events", "c/../calls")
    assert code == 0 and Path("calls").read_bytes() == open_bundle(Path("c")).input()


def test_the_files_of_a_bundle_whose_state_goes_on_are_its_own(longrun: Longrun) -> None:
    assert longrun("run", "hello.wasm", "-o", "first", "--profile", "toy")[0] == 0
    code, _, err = longrun("run", "hello.wasm", "-o", "second", "--state", "first", "--output", "first/manifest.msgpack")
    assert code == 4 and "a bundle has only files of its own" in err and open_bundle(Path("first")).manifest.segments == 1


@pytest.mark.parametrize("line", ["prove run -o no/app.proof", "prove run --segment 0 -o no/app.proof", "resume run -o no/app.proof",
                                  "batch toy.proof other.proof -o no/both.proof", "state run -o no/after.state", "state -o no/empty.state",
                                  "run hello.wasm -o other --output no/out", "certificates no/keys"])
def test_no_directory_is_made_for_a_result(longrun: Longrun, line: str) -> None:
    assert longrun("run", "hello.wasm", "-o", "run", "--profile", "toy")[0] == 0
    code, _, err = longrun(*line.split())
    assert (code, err) == (4, "longrun: no: there is no such directory\n") and not Path("no").exists()
