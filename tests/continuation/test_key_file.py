"""A file of keys that is damaged is Malformed, in one sentence that says where; nothing else comes of it."""
from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from continuation.key_file import read
from continuation.published import FOLDER, published
from stark.errors import Malformed

LAST = ("last",)


@pytest.fixture(scope="module")
def good() -> str:
    return (FOLDER / "toy.json").read_text()


Change = Callable[[Any], object]
WRONG: dict[str, tuple[Change, str]] = {
    "no version": (lambda c: c.pop("version"), "has no entry 'version'"),
    "a version in words": (lambda c: c.update(version="3"), "the version is no whole number"),
    "a version that is true": (lambda c: c.update(version=True), "the version is no whole number"),
    "no segments": (lambda c: c.pop("segments"), "has no entry 'segments'"),
    "a segment twice": (lambda c: c["segments"].append(c["segments"][0]), "named twice"),
    "a segment without a name": (lambda c: c["segments"].append(7), "the name of a shape is no text"),
    "another segment": (lambda c: c["segments"].append("2^99"), "its digests are not those of the kinds"),
    "a wide shape that is none": (lambda c: c["wide"].append("2^99"), "is wide that is none"),
    "layers as a list": (lambda c: c.update(layers=[]), "the layers is no object"),
    "no last layer": (lambda c: c["layers"].pop("last"), "the last is missing"),
    "a layer that does not exist": (lambda c: c["layers"].update(more=c["layers"]["last"]), "the layers are not among"),
    "a layer that is null": (lambda c: c["layers"].update(last=None), "layer last is no object"),
    "parameters that are too few": (lambda c: c["layers"]["last"]["parameters"].pop(), "layer last has 10 parameters, not 11 or 12"),
    "a parameter that is left out if it is zero": (lambda c: c["layers"]["last"]["parameters"].append(0), "has a 0 that is left out"),
    "a parameter that is a fraction": (lambda c: c["layers"]["last"]["parameters"].__setitem__(0, 1.0), "is no whole number"),
    "a parameter below zero": (lambda c: c["layers"]["last"]["parameters"].__setitem__(1, -4), "is not between 0 and 4096"),
    "no queries": (lambda c: c["layers"]["last"]["parameters"].__setitem__(1, 0), "layer last is the shape of no key"),
    "a hash that does not exist": (lambda c: c["layers"]["last"]["parameters"].__setitem__(8, 20), "the layers do not hash alike"),
    "a layer that hashes otherwise": (lambda c: c["layers"]["last"]["parameters"].__setitem__(8, 24), "the layers do not hash alike"),
    "a folding without end": (lambda c: c["layers"]["last"].update(log_arity=10**9), "the folding of layer last is not between"),
    "a height without end": (lambda c: c["layers"]["last"]["log_heights"][0].__setitem__(1, 10**9), "a height of layer last is not"),
    "a height alone": (lambda c: c["layers"]["last"]["log_heights"].append(3), "the heights of layer last are not pairs"),
    "domains that fall": (lambda c: c["layers"]["last"].update(domains=[9, 8]), "domains of layer last do not rise"),
    "no chips": (lambda c: c["layers"]["last"].update(log_heights=[]), "layer last is the shape of no key"),
    "a digest that is short": (lambda c: c["digests"]["rollup"].pop(), "the digest of rollup has 7 words, not 8"),
    "a digest with p": (lambda c: c["digests"]["rollup"].__setitem__(0, 2**31 - 2**24 + 1), "is not between 0 and p"),
    "a digest of nothing": (lambda c: c["digests"].pop("rollup"), "its digests are not those of the kinds"),
    "a root that is a text": (lambda c: c.update(root="root"), "the root is no list"),
    "a cap that is missing": (lambda c: c["caps"].pop("rollup"), "its caps are not those of the last layer"),
    "a cap that is short": (lambda c: c["caps"]["rollup"].pop(), "the cap of rollup has"),
    "a cap that is flat": (lambda c: c["caps"].update(rollup=[1, 2, 3]), "the cap of rollup is no list"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_named(what: str, good: str, tmp_path: Path) -> None:
    change, sentence = WRONG[what]
    content = json.loads(good)
    change(content)
    (tmp_path / "bad.json").write_text(json.dumps(content))
    with pytest.raises(Malformed, match="the file of keys") as told:
        published("bad", tmp_path)
    assert sentence in str(told.value) and "\n" not in str(told.value)


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"[]", b"7", b'"keys"', b"\xff\xfe", b"[" * 100_000, b"NaN", b"9" * 10_000])
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(Malformed, match="the file of keys"):
        read(content, LAST)


def test_another_version_and_other_chips_are_not_damage(good: str) -> None:
    assert read(good.encode(), LAST) is not None, "a chip has changed: run scripts/publish_keys.py and say so in the changelog"
    assert read(b'{"version": 99}', LAST) is None
    content = json.loads(good)
    content["layers"]["last"]["digest"][0] ^= 1
    assert read(json.dumps(content).encode(), LAST) is None and read(json.dumps(content).encode(), ()) is not None


def test_any_other_byte_is_malformed_or_other_keys(good: str) -> None:
    """Single bytes changed, removed or repeated: keys, other chips' keys, or Malformed."""
    rng, content = random.Random(7), good.encode()
    refused = 0
    for _ in range(300):
        at, other = rng.randrange(len(content)), bytes([rng.randrange(256)])
        left, right = content[:at], content[at + 1:]
        changed = rng.choice([left + other + right, left + right, left + other + content[at:], left])
        try:
            read(changed, LAST)
        except Malformed as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 100


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, part in inner for found in places(part, (*path, key)))]


def test_any_other_value_is_malformed_or_other_keys(good: str) -> None:
    rng = random.Random(8)
    everywhere = [path for path in places(json.loads(good)) if path]
    for _ in range(300):
        content, path = json.loads(good), rng.choice(everywhere)
        inside = content
        for key in path[:-1]:
            inside = inside[key]
        inside[path[-1]] = rng.choice([None, True, -1, 1.5, 2**64, "", "x", [], {}, [[]], 10**400, float("inf")])
        try:
            read(json.dumps(content).encode(), LAST)
        except Malformed as error:
            assert str(error).startswith("the file of keys is")
