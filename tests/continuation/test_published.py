"""The keys that ship are those that setup computes, to the last bit, with one thread and with two."""
from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bundles import keys
from bundles.keys import LeafKeys, layers_of, trusted_keys
from continuation import setup
from continuation.kinds import Kind, Sort, kind_of
from continuation.published import FOLDER, publish, published
from continuation.setup import Setup, build, make, settled
from stark import profiles
from stark.errors import Malformed
from stark.kernels import load
from tests.continuation.world import NARROW as world


@pytest.mark.parametrize("threads", [1, 2])
def test_setup_gives_the_keys_that_ship(threads: int, tmp_path: Path) -> None:
    profile, kernels = profiles.get("toy"), load("best", threads)
    again = publish("toy", build(LeafKeys(profile, kernels), layers_of(profile), kernels), tmp_path)
    shipped = FOLDER / "toy.json"
    assert shipped.is_file(), "a chip or a circuit has changed: run scripts/publish_keys.py and say so in the changelog"
    assert json.loads(again.read_text()) == json.loads(shipped.read_text()), "a circuit has changed: run scripts/publish_keys.py"


@pytest.mark.parametrize("name, sort", [*(("p100", sort) for sort in Sort), ("p128", Sort.BATCH), ("p128", Sort.WIDE)])
def test_the_keys_for_real_proofs_are_those_of_the_circuits(name: str, sort: Sort) -> None:
    """The last kind of each sort; of p128 two, because a run is proved under it elsewhere (tests/bundles/test_verifier_alone.py)."""
    profile, kernels, trusted = profiles.get(name), load("best", 2), published(name)
    assert trusted is not None, "a chip or a circuit has changed: run scripts/publish_keys.py and say so in the changelog"
    for kind in [kind for kind in trusted.kinds.values() if kind.sort is sort][-1:]:
        assert Setup(trusted, LeafKeys(profile, kernels), kernels).made(kind.name).cap is not None      # refuses another than the published


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    publish("small", world.trusted(), tmp_path)
    return tmp_path


def test_what_was_published_comes_back(folder: Path) -> None:
    found, good = published("small", folder), world.trusted()
    assert found is not None and found.root == found.list.root == good.keys == found.keys
    assert found.shapes == good.shapes and found.digests == good.digests
    assert all((found.caps[name] == cap).all() for name, cap in good.caps.items())
    assert set(found.caps) == {"run of leaf", "run of join", "rollup"}


def test_keys_of_other_chips_are_not_used(folder: Path) -> None:
    assert published("large", folder) is None
    for change in (lambda content: content["layers"]["last"]["digest"].__setitem__(0, 1), lambda content: content.update(version=1)):
        content = json.loads((folder / "small.json").read_text())
        change(content)
        (folder / "other.json").write_text(json.dumps(content))
        assert published("other", folder) is None


def test_a_prover_makes_only_what_it_uses(folder: Path) -> None:
    found = published("small", folder)
    assert found is not None
    setup = Setup(found, world.segments(), world.KERNELS)
    assert (setup.cap("rollup") == world.trusted().caps["rollup"]).all() and list(setup._made) == []
    assert (setup.made("leaf of 2^7").cap == world.setup().cap("leaf of 2^7")).all() and list(setup._made) == ["leaf of 2^7"]
    with pytest.raises(KeyError):
        setup.made("branch")


def test_a_key_that_ships_and_is_not_the_circuits_is_noticed() -> None:
    good = world.trusted()
    for name in ("rollup", "leaf of 2^7"):
        other = replace(good, digests={**good.digests, name: good.digests["run of leaf"]})
        with pytest.raises(ValueError, match="not the one that was published"):
            Setup(other, world.segments(), world.KERNELS).made(name)


def test_a_leaf_for_other_fixed_columns_is_another_leaf() -> None:
    """A circuit knows the commitment to the fixed columns that are not the program."""
    name, good = "2^7", world.segments()["2^7"]
    cap = good.caps["fixed"].copy()
    cap[0, 0] ^= 1
    kind = world.trusted().leaf(name)
    changed = make(kind, world.trusted().layers, world.trusted().shapes["leaf"], world.KERNELS, good.with_caps({**good.caps, "fixed": cap}))
    assert (changed.cap != world.setup().cap(kind.name)).any()
    with pytest.raises(LookupError, match="no rollup is made of run"):
        kind_of(Sort.ROLLUP, Sort.RUN)


def test_keys_are_extended_by_the_leaves_of_more_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what a whole setup gives. Only what changes is made."""
    everything, more, made = world.trusted(), world.segments(), list[str]()
    first, leaf = everything.segments[:-1], everything.leaf(everything.segments[-1]).name
    digests = {name: digest for name, digest in everything.digests.items() if name != leaf}

    def noted(kind: Kind, *given: Any) -> Any:
        made.append(kind.name)
        return make(kind, *given)
    monkeypatch.setattr(setup, "make", noted)
    monkeypatch.setattr(setup, "settled", lambda *given: (everything.shapes, everything.wide))      # takes long; see the next test
    found = build(more, world.LAYERS, world.KERNELS, known=replace(everything, segments=first, digests=digests))
    assert made == [leaf] and (found.segments, found.shapes, found.digests, found.keys) == (
        everything.segments, everything.shapes, everything.digests, everything.keys)
    assert all((found.caps[name] == cap).all() for name, cap in everything.caps.items()) and found.caps.keys() == everything.caps.keys()


def test_shapes_are_those_of_a_whole_setup_where_new_leaves_have_no_room() -> None:
    everything, more = world.trusted(), world.segments()
    first = everything.segments[:-1]
    shapes, _ = settled({name: more[name] for name in first}, world.LAYERS)
    assert shapes != everything.shapes
    assert settled(more, world.LAYERS, known=replace(everything, segments=first, shapes=shapes)) == (everything.shapes, everything.wide)


def test_keys_of_another_profile_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both hash with width 16, so that nothing else would tell them apart."""
    monkeypatch.setattr(keys, "shipped", lambda name, layers: published("toy"))
    assert trusted_keys(profiles.get("toy"), world.KERNELS) is not None
    with pytest.raises(Malformed, match="the keys that ship for p100 are those of another profile"):
        trusted_keys(profiles.get("p100"), world.KERNELS)
