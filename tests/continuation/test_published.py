"""The keys that ship are those that setup computes, to the last bit, with one thread and with two."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from continuation.published import FOLDER, name_of, publish, published
from continuation.setup import build
from segments.setup import shape_key
from segments.shape import Shape
from stark import profiles
from stark.kernels import load


@pytest.mark.parametrize("profile, size, threads", [("toy", "toy", 1), ("toy", "toy", 2), ("p100", "2^16", 2)])
def test_setup_gives_the_keys_that_ship(profile: str, size: str, threads: int, tmp_path: Path) -> None:
    parameters = profiles.get(profile)
    segment = shape_key(Shape(size, 10), parameters.segment)
    setup = build(segment, parameters.recursion, load("best", threads))
    again = publish(segment, parameters.recursion, setup.shape, setup.trusted, tmp_path)
    shipped = FOLDER / name_of(segment, parameters.recursion)
    assert shipped.is_file(), "a chip or a circuit has changed: run scripts/publish_keys.py and say so in the changelog"
    assert json.loads(again.read_text()) == json.loads(shipped.read_text()), "a circuit has changed: run scripts/publish_keys.py"
    found = published(segment, parameters.recursion)
    assert found is not None and found.keys == setup.keys


def test_keys_of_other_chips_are_not_used(tmp_path: Path) -> None:
    parameters = profiles.get("toy")
    segment = shape_key(Shape("toy", 10), parameters.segment)
    assert published(segment, parameters.recursion, tmp_path) is None
    shipped = json.loads((FOLDER / name_of(segment, parameters.recursion)).read_text())
    shipped["digest"][0] += 1
    (tmp_path / name_of(segment, parameters.recursion)).write_text(json.dumps(shipped))
    assert published(segment, parameters.recursion, tmp_path) is None
