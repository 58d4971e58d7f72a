"""Bundle directories and proof files: they come back as they were, and damaged ones are refused with one kind of error."""
from __future__ import annotations

import os
import random
import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgpack
import numpy as np
import pytest

from bundles import api, work
from bundles.bundle import FILES, MANIFEST, open_bundle, write_bundle
from bundles.formats import FILE_LIMIT, HEADER, VERSION, Kind, decode_proof, encode_proof
from bundles.journal import Journal
from bundles.lock import writer
from bundles.manifest import decode_manifest
from bundles.packing import pack, unpack
from bundles.snapshot import decode_pages, encode_pages
from bundles.store import WRITING, Store, digest_of
from continuation.published import published
from stark import profiles
from stark.errors import Malformed
from stark.field import P
from tests.bundles.fuzz import mutated
from wasm_exec.cutting import HASHES_LIMIT, ROWS_LIMIT, Budget, Limits
from wasm_exec.execute import run
from wasm_exec.instructions import Family
from wasm_exec.recording import Recording
from wasm_exec.text import from_text
from wasm_exec.translate import load

MUTATIONS = 1000
APP = from_text(Path(__file__).parent.parent.parent / "samples" / "sum.wat")


@pytest.fixture(scope="module")
def recording() -> Recording:
    made = run(load(APP, 64, 16), b"12 30 400 " * 10, Budget.uniform(64, 32), engine="interpreter")
    assert made.outcome.exited and made.output == b"4420" and len(made.segments) > 2
    return made


def fuzz(content: bytes, decode: Callable[[bytes], object], encode: Callable[[object], bytes]) -> int:
    """Every damaged file is Malformed, or another proper file. Counts the refused ones."""
    rng, refused = random.Random(5), 0
    assert encode(decode(content)) == content
    for _ in range(MUTATIONS):
        damaged = mutated(content, rng)
        try:
            value = decode(damaged)
        except Malformed:
            refused += 1
        else:
            assert encode(value) == damaged
    return refused


def test_a_run_comes_back_from_disk(tmp_path: Path, recording: Recording) -> None:
    write_bundle(tmp_path, APP, recording, "toy", "toy")
    bundle = open_bundle(tmp_path)
    again = bundle.recording(load(bundle.app(), 64, 16))
    assert bundle.app() == APP
    assert (again.input, again.output) == (recording.input, recording.output)
    assert again.outcome == recording.outcome
    assert again.cuts == tuple(recording.budget(index) for index in range(len(recording.segments)))
    assert len(again.segments) == len(recording.segments) == bundle.manifest.segments
    assert all(mine.same_as(theirs) for mine, theirs in zip(again.segments, recording.segments, strict=True))
    assert again.image(len(again.segments)).same_as(recording.image(len(recording.segments)))


def test_a_bundle_is_not_written_over(tmp_path: Path, recording: Recording) -> None:
    write_bundle(tmp_path, APP, recording, "toy", "toy")
    with pytest.raises(FileExistsError):
        write_bundle(tmp_path, APP, recording, "toy", "toy")


def test_no_temporary_files_stay(tmp_path: Path, recording: Recording) -> None:
    write_bundle(tmp_path, APP, recording, "toy", "toy")
    assert not [path for path in tmp_path.rglob(".writing-*")]


def test_a_damaged_file_of_a_bundle_is_found_when_it_is_read(tmp_path: Path, recording: Recording) -> None:
    bundle = write_bundle(tmp_path, APP, recording, "toy", "toy")
    path = bundle.store.path(bundle.manifest.output)
    path.write_bytes(b"443")
    with pytest.raises(Malformed, match="the output"):
        bundle.output()
    path.unlink()
    with pytest.raises(Malformed, match="there is no file"):
        bundle.output()
    assert bundle.store.put(recording.output) == bundle.manifest.output
    assert bundle.output() == recording.output


def test_a_damaged_file_is_mended_when_it_is_put_again(tmp_path: Path) -> None:
    store = Store(tmp_path)
    digest = store.put(b"content")
    assert digest == digest_of(b"content")
    store.path(digest).write_bytes(b"c0ntent")
    store.put(b"content")
    assert store.get(digest, "it", 7) == b"content"
    with pytest.raises(Malformed, match="more than 6 bytes"):
        store.get(digest, "it", 6)


def test_a_folder_is_not_a_bundle(tmp_path: Path) -> None:
    with pytest.raises(Malformed, match="not a bundle"):
        open_bundle(tmp_path)


def test_damaged_manifests(tmp_path: Path, recording: Recording) -> None:
    write_bundle(tmp_path, APP, recording, "toy", "toy")
    content = (tmp_path / MANIFEST).read_bytes()
    assert fuzz(content, decode_manifest, lambda manifest: manifest.encode()) > MUTATIONS // 3  # type: ignore[attr-defined]


def test_a_kill_while_the_manifest_is_written_leaves_a_directory_that_serves(tmp_path: Path) -> None:
    place = tmp_path / "run"
    Store(place / "files").put(b"half")
    (place / ".writing-x").write_bytes(b"half a manifest")
    api.record(APP, b"1 2", place, "toy")
    assert {path.name for path in place.iterdir()} == {"files", MANIFEST}
    (place / ".writing-y").write_bytes(b"of an earlier longrun")
    api.collect(place)
    assert {path.name for path in place.iterdir()} == {"files", MANIFEST, "work"}


def test_a_manifest_without_segments_is_none(tmp_path: Path, recording: Recording) -> None:
    """It would have tasks without an end."""
    write_bundle(tmp_path, APP, recording, "toy", "toy")
    fields = msgpack.unpackb((tmp_path / MANIFEST).read_bytes())
    last = fields["boundaries"][-1] | {"steps": 0}
    with pytest.raises(Malformed, match="at least one segment"):
        decode_manifest(pack(fields | {"budgets": [], "boundaries": [last]}))
    assert api.record(APP, b"", tmp_path / "short", "toy", Limits.of(None, None, None, 0)).given_up == "time"
    assert open_bundle(tmp_path / "short").manifest.segments == 0 and api.status(tmp_path / "short")["state"] == "given up"
    assert api.collect(tmp_path / "short")["files removed"] == 0


@pytest.mark.parametrize("profile, size", [
    ("toy", "large"), ("toy", "2^16"), ("p100", "toy"), ("p100", "2^16 integers"), ("p100", "2^40"), ("p100", "")])
def test_the_size_of_segments_is_one_of_the_profile(tmp_path: Path, recording: Recording, profile: str, size: str) -> None:
    write_bundle(tmp_path, APP, recording, "toy", "toy")
    fields = msgpack.unpackb((tmp_path / MANIFEST).read_bytes()) | {"profile": profile, "size": size}
    with pytest.raises(Malformed, match=f"have the size {re.escape(repr(size))}"):
        decode_manifest(pack(fields))


def test_every_segment_of_a_manifest_has_a_budget_that_is_one(tmp_path: Path, recording: Recording) -> None:
    content = write_bundle(tmp_path, APP, recording, "toy", "toy").manifest.encode()
    fields = msgpack.unpackb(content)
    good = fields["budgets"][0]
    assert len(fields["budgets"]) == len(recording.segments) and decode_manifest(msgpack.packb(fields)).encode() == content
    for bad in ([0, *good[1:]], [good[0], *[0] * len(Family)], [good[0], ROWS_LIMIT + 1, *good[2:]], good[:-1], [*good, 1],
                [HASHES_LIMIT + 1, *good[1:]], None):
        budgets = [] if bad is None else [bad]
        with pytest.raises(Malformed, match="budget"):
            decode_manifest(msgpack.packb(fields | {"budgets": budgets + fields["budgets"][1:]}))
    some = [good[0], *[0] * (len(Family) - 1), 1]
    assert decode_manifest(msgpack.packb(fields | {"budgets": [some, *fields["budgets"][1:]]})).budgets[0].rows[next(iter(Family))] == 0


def test_damaged_snapshots(recording: Recording) -> None:
    content = encode_pages(recording.segments[1].snapshot)
    assert fuzz(content, lambda data: decode_pages(data, "it"), encode_pages) > MUTATIONS // 3  # type: ignore[arg-type]


def proof() -> bytes:
    return encode_proof(Kind.RUN, "toy", [np.arange(9, dtype=np.uint32), np.zeros(0, np.uint32), np.full(40, P - 1, np.uint32)], b"packed")


def test_damaged_proof_files() -> None:
    refused = fuzz(proof(), decode_proof, lambda file: encode_proof(file.kind, file.profile, file.payloads, file.packed))  # type: ignore[attr-defined]
    assert refused > MUTATIONS // 2


def test_a_proof_file_comes_back() -> None:
    file = decode_proof(proof())
    assert (file.kind, file.profile, [len(words) for words in file.payloads]) == (Kind.RUN, "toy", [9, 0, 40])
    assert file.payloads[0].tolist() == list(range(9)) and (file.payloads[2] == P - 1).all()


@pytest.mark.parametrize("content", [b"", b"longrun", b"\0asm\1\0\0\0", proof()[:HEADER.size - 1], proof() + b"\0", proof()[:-4]])
def test_these_are_no_proof_files(content: bytes) -> None:
    with pytest.raises(Malformed):
        decode_proof(content)


def test_words_profiles_and_sizes_that_do_not_fit() -> None:
    for words, profile in ((np.array([P], np.uint32), "toy"), (np.array([1 << 32], np.uint64), "toy"), (np.array([1], np.uint32), "p99"),
                           (np.zeros(FILE_LIMIT // 4, np.uint32), "toy")):
        with pytest.raises(ValueError):
            encode_proof(Kind.RUN, profile, [words])
    announced = HEADER.pack(b"longrun\n", VERSION, 2, b"toy".ljust(16, b"\0"), 2, 0) + (2**32 - 1).to_bytes(4, "little") * 2
    with pytest.raises(Malformed, match="announces"):
        decode_proof(announced)


@pytest.mark.parametrize("content", [
    b"\xcc\x05",                                # 5 in two bytes
    b"\x82\xa1a\x01\xa1a\x02",                  # a key twice
    b"\x81\x01\x01",                            # a key that is no text
    b"\xd4\x01\x00",                            # an extension
    b"\xd6\xff\x00\x00\x00\x00",                # a timestamp
    b"\x01\x01",                                # something left over
    b"\x92\x01",                                # something missing
    b"\xdd\xff\xff\xff\xff",                    # a list too long
    b"\xa1\xff",                                # text that is no text
    b"\x91" * 100_000 + b"\x01",                # too deep
    b"\xc1", b"",
])
def test_bytes_that_the_reader_of_manifests_refuses(content: bytes) -> None:
    with pytest.raises(Malformed):
        unpack(content, "it")


def test_the_size_limit_is_checked_first() -> None:
    content = pack("x" * 100)
    assert unpack(content, "it", len(content)) == "x" * 100
    with pytest.raises(Malformed, match="limit"):
        unpack(content, "it", len(content) - 1)
    assert msgpack.unpackb(content) == "x" * 100


def test_many_small_containers_take_little_memory() -> None:
    """Two million empty maps in 2 MB once took 70 times as much memory."""
    content = pack([[{}] * 60] * 34_000)
    tracemalloc.start()
    with pytest.raises(Malformed, match="too many lists and maps"):
        unpack(content, "it")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * len(content)


KEYS = '{"version": 3, "layers": %s, "caps": {"leaf": [-1]}, "digests": {}, "segments": [], "wide": [], "root": []}'


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", KEYS % "[]", KEYS % '{"leaf": 1}', KEYS % "{}", "[" * 100_000],
                         ids=["empty", "begun", "list", "map", "no layers", "a number", "a number below 0", "deep"])
def test_damaged_keys_of_a_job_are_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    """Where none ship."""
    made: Any = SimpleNamespace()
    (tmp_path / "toy.json").write_text(content)
    monkeypatch.setattr(work, "published", lambda name, folder=None: published(name, folder) if folder else None)
    monkeypatch.setattr(work, "trusted_keys", lambda *_: made)
    monkeypatch.setattr(work, "publish", lambda name, keys, folder: (folder / f"{name}.json").write_text("made again"))
    assert work.trusted_of(profiles.get("toy"), made, tmp_path) is made and (tmp_path / "toy.json").read_text() == "made again"


def test_a_manifest_nested_too_deeply_is_malformed() -> None:
    """The reader takes 1,024 levels, the writer half as many: the check for canonical bytes once ended in a ValueError."""
    for depth in (500, 600, 1000, 2000):
        with pytest.raises(Malformed):
            decode_manifest(b"\x91" * depth + b"\xc0")


def test_what_is_removed_is_ours_and_nothing_behind_a_link(tmp_path: Path) -> None:
    """A bundle may come from anybody, with links in it to what is not theirs."""
    precious = tmp_path / "precious" / "ab" / ("c" * 62)
    precious.parent.mkdir(parents=True)
    for path in (precious, precious.parent / ".writing-a", precious.parent / "thesis"):
        path.write_bytes(b"years")
    store = Store(tmp_path / "files")
    kept, needless = store.put(b"kept"), store.put(b"needless")
    (store.folder / "cd").symlink_to(precious.parent)
    (store.folder / "ef").mkdir(exist_ok=True)
    (store.folder / "ef" / ("1" * 62)).symlink_to(precious)
    (store.folder / "notes").mkdir()
    (store.folder / "notes" / "mine").write_bytes(b"a list")
    assert store.remove_others([kept]) == (2, len(b"needless") + len(str(precious)))
    assert not store.path(needless).exists() and store.get(kept, "it", 10) == b"kept" and (store.folder / "notes" / "mine").exists()
    whole = Store(tmp_path / "all")
    whole.folder.symlink_to(tmp_path / "precious")
    assert whole.remove_others([]) == (0, 0)
    assert {path.name: path.read_bytes() for path in precious.parent.iterdir()} == dict.fromkeys(
        (precious.name, ".writing-a", "thesis"), b"years")


def test_no_lock_and_no_data_base_is_written_through_a_link(tmp_path: Path) -> None:
    precious, link = tmp_path / "precious", tmp_path / "link"
    link.symlink_to(precious)
    for content, write in ((b"keys of the house", lambda: writer(link).__enter__()), (b"", lambda: Journal(link))):
        precious.write_bytes(content)
        with pytest.raises(OSError):
            write()
        assert precious.read_bytes() == content


def test_all_files_of_a_bundle_are_on_the_disk_before_its_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forced, real = list[str](), os.fsync

    def noted(handle: int) -> None:
        forced.append(os.readlink(f"/proc/self/fd/{handle}"))
        real(handle)
    monkeypatch.setattr(os, "fsync", noted)
    api.record(APP, b"12 30 400", tmp_path / "run", "toy")
    stored = {str(path) for path in (tmp_path / "run" / FILES).rglob("*")}
    manifest = next(number for number, name in enumerate(forced) if name.startswith(f"{tmp_path / 'run'}/{WRITING}"))
    assert stored <= set(forced[:manifest]) and len(forced[:manifest]) == len(set(forced[:manifest]))
