"""`longrun inspect` shows every kind of file that docs/formats.md names; a damaged one is shown or refused in words."""
from __future__ import annotations

import random
import shutil
import tracemalloc
from collections.abc import Mapping
from pathlib import Path

import pytest

from bundles import api, states
from bundles.inspecting import inspected
from bundles.session import Session
from bundles.session_log import PlaceRow
from bundles.sitting import Place
from bundles.snapshot import encode_pages
from bundles.state_files import BEGINNING
from continuation.published import FOLDER
from stark.errors import Malformed, Rejected
from tests.bundles.fuzz import COUNTER, mutated
from tests.bundles.jobs import ROOT, SUM, entered
from wasm_exec import errors
from wasm_exec.changes import NO_CHANGES

LEDGER = ROOT / "samples" / "built" / "ledger.wasm"
MUTATIONS = 24
REFUSED = (Malformed, Rejected, errors.Malformed, errors.Invalid)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was proved, one that was only recorded, their batch, an open session, a program, a text, a state."""
    folder = tmp_path_factory.mktemp("inspect")
    for name, content in (("run", entered(2)), ("other", b"1 2")):
        api.record(SUM, content, folder / name, "toy")
        api.prove(folder / name, folder / f"{name}.proof", lambda *_: None, api.Means(workers=1))
    api.batch([folder / "run.proof", folder / "other.proof"], folder / "both.proof", lambda *_: None)
    session = Session.begin(folder / "open", COUNTER, "toy")
    session.call("add", 5)
    pages = session.store.put(encode_pages(NO_CHANGES))
    session.log.placed(PlaceRow(Place(0, 6, 10), True, pages, 4))
    session.leave()
    states.save(None, folder / "empty.state")
    (folder / "sum.wasm").write_bytes(SUM)
    shutil.copy(ROOT / "samples" / "hello.wat", folder)
    return folder


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(("-wal", "-shm")))


def test_every_file_is_shown(made: Path) -> None:
    """All that a proved bundle and an open session consist of, and what goes out of them."""
    found: dict[str, list[Mapping[str, object]]] = {}
    for path in [made / "run", made / "open", *files(made), *FOLDER.glob("*.json")]:
        facts = inspected(path)
        found.setdefault(str(facts["kind"]), []).append(facts)
    assert set(found) == {"run", "rollup", "bundle", "manifest of a bundle", "session", "journal", "snapshot", "state", "lock", "program",
                          "program as text", "bytes", "keys of the continuation", "segment", "leaf", "join"}
    used = {role for several in found.values() for facts in several for role in facts.get("serves as", ())}  # type: ignore[attr-defined]
    assert used >= {"program", "input", "output", "state before", "state after", "snapshot 0", "snapshot 2", "segment 1", "leaf 0",
                    "join 0-2", "root 0-2", "a place of the session"} and "nothing that its bundle names" not in used


def test_what_is_shown_is_what_it_is(made: Path) -> None:
    run, manifest, journal = (inspected(made / place) for place in ("run", "run/manifest.msgpack", "run/work/journal.sqlite"))
    assert run["segments"] == manifest["segments"] == journal["segments"] == 2 and run["steps"] == manifest["steps"]
    assert (journal["tasks begun"], journal["done"], journal["not done"]) == (6, 6, {}) and journal["goes to"] == str(made / "run.proof")
    steps = [inspected(path)["steps"] for path in files(made / "run" / "work" / "proofs")
             if inspected(path)["kind"] == "segment"]
    assert sum(map(int, steps)) == run["steps"]  # type: ignore[call-overload]
    assert inspected(made / "sum.wasm")["in toy claims"] == inspected(made / "run.proof")["program"]
    assert inspected(made / "sum.wasm")["file digest"] == run["program file"]
    assert inspected(LEDGER)["imports"] and "add" in str(inspected(write(made / "counter.wasm", COUNTER))["events"])
    opened = inspected(made / "open" / "session.sqlite")
    assert (opened["calls"], opened["places"], opened["outcome"]) == (1, 1, "paused") and inspected(made / "open")["state"] == "open"
    assert inspected(made / "run" / "work" / "lock")["held by"] == "nobody"


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_the_users_own_bytes_are_not_shown(made: Path) -> None:
    told = [str(inspected(path)) for path in files(made / "run" / "files")]
    assert len(told) >= 5 and not any(entered(2)[:20].decode() in text or entered(2)[:20].hex() in text for text in told)


def test_damaged_ones_are_shown_or_refused_in_a_line(made: Path, tmp_path: Path) -> None:
    """Some damages of each; in a store every one of them is noticed."""
    rng = random.Random(5)
    for path in [*files(made), FOLDER / "toy.json"]:
        content = path.read_bytes()
        stored = len(path.parent.name) == 2
        place = tmp_path / (f"{path.parent.name}/{path.name}" if stored else path.name)
        place.parent.mkdir(exist_ok=True)
        for _ in range(MUTATIONS // 8 if stored or path.suffix in (".wasm", ".json", ".proof") else MUTATIONS):
            damaged = mutated(content, rng)
            place.write_bytes(damaged)
            try:
                inspected(place)
            except REFUSED as error:
                assert "\n" not in str(error)
            else:
                assert not stored or damaged == content, path
        place.unlink()


@pytest.mark.parametrize("head", [b"\0", b"longrun\n", b"\0asm", BEGINNING, b"process 7"])
def test_a_large_file_is_not_read(tmp_path: Path, head: bytes) -> None:
    """Two gigabytes of nothing behind a beginning of ours."""
    for name in ("file", "lock", "keys.json", "app.wat"):
        with write(tmp_path / name, head).open("r+b") as file:
            file.truncate(1 << 31)
        tracemalloc.start()
        with pytest.raises(Malformed):
            inspected(tmp_path / name)
        assert tracemalloc.get_traced_memory()[1] < 40 << 20
        tracemalloc.stop()
        (tmp_path / name).unlink()


@pytest.mark.parametrize("content", [b"", b"hello", b"longrun", b"\0", b"\0" * 5, b"SQLite format 3\0", b"{}", b"process 7"])
def test_what_is_none_of_ours(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Malformed):
        inspected(write(tmp_path / "file", content))
    for name in ("keys.json", "app.wat"):
        with pytest.raises(REFUSED):
            inspected(write(tmp_path / name, content + b"("))
    with pytest.raises(Malformed):
        inspected(tmp_path)
