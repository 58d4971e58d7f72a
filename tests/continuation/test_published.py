"""The keys that ship are those that setup computes, to the last bit, with one thread and with two."""
from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from continuation.published import FOLDER, name_of, publish, published
from continuation.setup import Setup, build
from continuation.setup import load as load_setup
from segments.setup import shape_key
from segments.shape import Shape
from stark import profiles
from stark.kernels import load
from tests.continuation import small, world


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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    setup = world.setup()
    publish(small.segment_key(), small.TOY, setup.shape, setup.trusted, tmp_path)
    return tmp_path


def test_a_prover_starts_from_the_keys_that_ship(folder: Path) -> None:
    setup = load_setup(small.segment_key(), small.TOY, world.KERNELS, folder)
    assert setup.keys == world.setup().keys
    assert list(setup.circuits._made) == []                                    # type: ignore[attr-defined]
    assert (setup.proving["root"].key.cap == world.setup().caps["root"]).all()
    assert list(setup.circuits._made) == ["root"]                              # type: ignore[attr-defined]
    with pytest.raises(KeyError):
        setup.proving["branch"]


def test_a_key_that_ships_and_is_not_the_circuits_is_noticed(folder: Path) -> None:
    good = world.setup()
    known = replace(good.trusted, caps={**good.caps, "root": good.caps["leaf"]})
    setup = Setup(small.segment_key(), good.shape, small.TOY, world.KERNELS, known=known)
    with pytest.raises(ValueError, match="another circuit"):
        setup.proving["root"]
