"""The file of keys: what it may say. Whoever reads one that is damaged is told in one sentence what is wrong with it."""
from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from continuation.allowed import NUMBER_BITS, digest_of_cap
from continuation.digests import Digest
from continuation.kinds import LAYERS, kinds
from continuation.layout import Layout
from continuation.shape import RecursionShape
from continuation.verify import Trusted
from stark.errors import Malformed
from stark.field import TWO_ADICITY, P
from stark.key import Key
from stark.poseidon2 import HASHES
from stark.profiles import Parameters

U32 = npt.NDArray[np.uint32]
VERSION = 3
FOLDING, MOST = 6, 1 << 12              # a chip has 2^FOLDING places at most; no parameter is that large
T = TypeVar("T")


def read(content: bytes, compared: Collection[str]) -> Trusted | None:
    """What the file says; None if it is of another version, or if the chips of a layer that is `compared` are not those of today."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise Malformed("the file of keys is no JSON") from None
    if number(entry(found, "version", "the file of keys"), "the version") != VERSION:
        return None
    segments = [text(name, "the name of a shape") for name in entries(found, "segments")]
    wide = [text(name, "the name of a wide shape") for name in entries(found, "wide")]
    require(len(set(segments)) == len(segments) <= 1 << NUMBER_BITS, "a shape of segments is named twice, or there are too many")
    require(set(wide) <= set(segments), "a shape of segments is wide that is none")
    layers = mapping(entry(found, "layers", "the file of keys"), "the layers")
    require("last" in layers and set(layers) <= set(LAYERS), f"the layers are not among {', '.join(LAYERS)}, or the last is missing")
    shapes = {name: shape(name, said) for name, said in layers.items()}
    widths = {shape.parameters.hash_width for shape in shapes.values()}
    require(len(widths) == 1 and widths <= set(HASHES), "the layers do not hash alike, or with no hash that there is")
    words = HASHES[min(widths)].digest
    made = {name: digest(entry(said, "digest", f"layer {name}"), f"the digest of layer {name}", words) for name, said in layers.items()}
    every = kinds(segments, wide)
    said = mapping(entry(found, "digests", "the file of keys"), "the digests")
    require(set(said) == set(every), "its digests are not those of the kinds of its shapes")
    caps = mapping(entry(found, "caps", "the file of keys"), "the caps")
    require(set(caps) == {name for name, kind in every.items() if kind.sort.layer == "last"}, "its caps are not those of the last layer")
    if any(tuple(key_of(name, shape).digest.tolist()) != made[name] for name, shape in shapes.items() if name in compared):
        return None
    size = 1 << key_of("last", shapes["last"]).log_cap("fixed")
    digests = {name: digest(one, f"the digest of {name}", words) for name, one in said.items()}
    read_caps = {name: cap(rows, f"the cap of {name}", size, words) for name, rows in caps.items()}
    for name, rows in read_caps.items():
        require(digest_of_cap(rows) == digests[name], f"the cap of {name} has another digest")
    return Trusted(tuple(segments), shapes, digests, read_caps, tuple(wide),
                   digest(entry(found, "root", "the file of keys"), "the root", words))


def shape(name: str, said: Any) -> RecursionShape:
    where = f"layer {name}"

    def rising(part: str, most: int) -> tuple[int, ...]:
        found = tuple(number(one, f"one of {part} of {where}", most) for one in entries(said, part, where))
        require(list(found) == sorted(set(found)), f"{part} of {where} do not rise")
        return found
    layout = Layout(number(entry(said, "log_arity", where), f"the folding of {where}", FOLDING), rising("domains", TWO_ADICITY),
                    rising("skips", TWO_ADICITY), rising("grindings", 30))
    heights = [pair for pair in entries(said, "log_heights", where) if isinstance(pair, list) and len(pair) == 2]
    require(len(heights) == len(said["log_heights"]), f"the heights of {where} are not pairs")
    rows = tuple((text(chip, f"a chip of {where}"), number(log, f"a height of {where}", TWO_ADICITY)) for chip, log in heights)
    numbers = [number(one, f"a parameter of {where}", MOST) for one in entries(said, "parameters", where)]
    most = len(fields(Parameters))              # the last one is left out where it is 0
    require(most - 1 <= len(numbers) <= most, f"{where} has {len(numbers)} parameters, not {most - 1} or {most}")
    require(len(numbers) < most or numbers[-1] > 0, f"{where} has a 0 that is left out in such files")
    return RecursionShape(layout, rows, Parameters(*numbers))


def key_of(name: str, shape: RecursionShape) -> Key:
    try:
        key = shape.key()
        _ = key.log_cap("fixed")
        return key
    except (ValueError, LookupError, TypeError, StopIteration) as error:
        raise Malformed(f"the file of keys is damaged: layer {name} is the shape of no key ({error})") from None


def require(good: bool, why: str) -> None:
    if not good:
        raise Malformed(f"the file of keys is damaged: {why}")


def of_type(kind: Callable[..., T], value: Any, what: str, name: str) -> T:
    require(type(value) is kind, f"{what} is no {name}")
    return value  # type: ignore[no-any-return]


def mapping(value: Any, what: str) -> dict[str, Any]:
    return of_type(dict, value, what, "object")


def text(value: Any, what: str) -> str:
    return of_type(str, value, what, "text")


def number(value: Any, what: str, most: int = P - 1) -> int:
    found = of_type(int, value, what, "whole number")
    require(0 <= found <= most, f"{what} is not between 0 and {most}")
    return found


def entry(value: Any, name: str, what: str) -> Any:
    found = mapping(value, what)
    require(name in found, f"{what} has no entry {name!r}")
    return found[name]


def entries(value: Any, name: str, what: str = "the file of keys") -> list[Any]:
    return of_type(list, entry(value, name, what), f"{name} of {what}", "list")


def digest(value: Any, what: str, words: int) -> Digest:
    found: list[Any] = of_type(list, value, what, "list")
    require(len(found) == words, f"{what} has {len(found)} words, not {words}")
    require(all(type(word) is int and 0 <= word < P for word in found), f"a word of {what} is not between 0 and p")
    return tuple(found)


def cap(value: Any, what: str, rows: int, words: int) -> U32:
    listed: list[Any] = of_type(list, value, what, "list")
    found = [digest(row, what, words) for row in listed]
    require(len(found) == rows, f"{what} has {len(found)} digests, not {rows}")
    return np.array(found, np.uint32)
