"""Circuits that were made once are found again; a damaged file, a foreign one or other code is as if nothing had been kept."""
from __future__ import annotations

import os
import stat
from copy import copy
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest

from continuation import setup as setups
from continuation import shelf
from continuation.freezing import freeze, thaw
from continuation.kinds import ABOVE
from continuation.lowering import Circuit
from continuation.prove import Prover
from continuation.setup import Setup
from continuation.shelf import Shelf
from stark.errors import Malformed
from tests.continuation.world import NARROW as world
from wasm_exec import kept_files

KIND, JOIN = "rollup", "join of leaf and leaf"


class Counted:
    """A setup with a shelf in this folder, and how many circuits were recorded for it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.recorded, record = folder, 0, setups.record
        world.made(KIND)                                # its keys, for which every circuit is recorded, and one of them

        def counted(*what: Any) -> Any:
            self.recorded += 1
            return record(*what)
        monkeypatch.setattr(setups, "record", counted)

    def setup(self) -> Setup:
        return Setup(world.trusted(), world.segments(), world.KERNELS, Shelf(self.folder))

    def made(self, name: str = KIND) -> Circuit:
        return self.setup().made(name).circuit

    def found(self) -> Circuit | None:
        """What lies there, before anybody looks at its key."""
        setup = self.setup()
        return setup.shelf.circuit(setup.what(KIND), setup.trusted.shapes[ABOVE[KIND].sort.layer])

    @property
    def file(self) -> Path:
        return next(path for path in self.folder.iterdir())


@pytest.fixture
def counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(tmp_path / "circuits", monkeypatch)


def test_a_circuit_is_recorded_once_and_only_its_owner_reads_it(counted: Counted) -> None:
    counted.made()
    counted.made()
    assert counted.recorded == 1
    assert stat.S_IMODE(counted.file.stat().st_mode) == 0o600 and stat.S_IMODE(counted.folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("kind", ["leaf of 2^7", JOIN, KIND])
def test_what_comes_back_does_the_same(kind: str) -> None:
    made = world.made(kind).circuit
    again = thaw(freeze(made), made.shape)
    assert again.program.digest == made.program.digest and again.log_heights == made.log_heights and again.rows == made.rows
    assert again.chips == made.chips
    assert all((again.fixed[name] == table).all() and again.fixed[name].dtype == table.dtype for name, table in made.fixed.items())
    memory = np.random.default_rng(1).integers(0, 2, made.program.memory).astype(np.uint64)
    claim = np.arange(56, dtype=np.uint32)
    statement = made.statement(memory, claim)
    assert (again.statement(memory, claim) == statement).all()
    tables = [circuit.fill(memory, statement, world.KERNELS.trace_permutations) for circuit in (made, again)]
    assert tables[0].keys() == tables[1].keys() and all((tables[0][name] == tables[1][name]).all() for name in tables[0])


def test_a_proof_made_with_it_is_the_same(counted: Counted) -> None:
    for name in (JOIN, "leaf of 2^7", "leaf of 2^9"):
        counted.made(name)
    expected, recorded = world.join(), counted.recorded
    prover = Prover(Setup(world.trusted(), world.segments(), world.KERNELS, Shelf(counted.folder)), world.KERNELS)
    joined = prover.join(world.leaf(0), world.leaf(1))
    assert counted.recorded == recorded and joined.words.tobytes() == expected.words.tobytes()


def test_a_damaged_file_is_no_file(counted: Counted) -> None:
    counted.made()
    content = counted.file.read_bytes()
    for place in (0, 31, 32, 40, 5000, -1):
        damaged = bytearray(content)
        damaged[place] ^= 1
        counted.file.write_bytes(damaged)
        assert counted.found() is None, place
    for size in (0, 20, 32, len(content) // 2):
        counted.file.write_bytes(content[:size])
        assert counted.found() is None, size
    assert counted.made().program.digest == world.made(KIND).circuit.program.digest and counted.recorded == 2
    counted.made()
    assert counted.recorded == 2                        # a good one has taken its place


def test_another_circuit_under_its_name_is_not_taken(counted: Counted) -> None:
    """With a right digest and all: its key is not the published one."""
    expected, other = world.made(KIND).circuit, world.made("run of join").circuit
    counted.made()
    recorded = counted.recorded
    kept_files.write(counted.file, freeze(other))
    assert counted.found() is not None
    assert counted.made().program.digest == expected.program.digest and counted.recorded == recorded + 1


def frozen(*nodes: object) -> bytes:
    listed = msgpack.packb([{"Program": ["memory"]}, list(nodes)])
    return len(listed).to_bytes(8, "little") + listed + bytes(64)


@pytest.mark.parametrize("content", [
    b"", b"x" * 100, frozen(), frozen(7), frozen("text"), frozen(["list"]), frozen(["system", "true"]), frozen(["Path", 0]),
    frozen(["Program"]), frozen(5, ["Program", 0]), frozen(["Circuit", 0]), frozen(["words", 0, 1 << 40]), frozen(["words", 0, 17]),
    frozen(["even", 0, 1, 1 << 40]), frozen(["list", 1]), frozen(["given", "Chip", "none"]), frozen([]), frozen([[1]])])
def test_nothing_but_circuits_comes_back(content: bytes) -> None:
    with pytest.raises(Malformed, match="this is no circuit"):
        thaw(content, world.trusted().shapes["join"])


def test_what_is_no_circuit_is_made_again(counted: Counted) -> None:
    counted.made()
    kept_files.write(counted.file, frozen(7))
    counted.made()
    assert counted.recorded == 2


def test_an_object_of_another_class_is_not_kept() -> None:
    circuit = copy(world.made(KIND).circuit)
    circuit.parts = Path("x")           # type: ignore[assignment]
    with pytest.raises(ValueError, match="which cannot be kept"):
        freeze(circuit)


def test_changed_bytes_are_malformed_or_a_circuit() -> None:
    """Without the digest, which would stop all of them."""
    made = world.made(KIND).circuit
    content = freeze(made)
    random = np.random.default_rng(2)
    for place in random.integers(0, len(content), 12):
        changed = bytearray(content)
        changed[int(place)] ^= int(random.integers(1, 256))
        try:
            assert isinstance(thaw(bytes(changed), made.shape), Circuit)
        except Malformed:
            pass


def test_other_code_or_another_list_of_keys_finds_nothing(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    counted.made()
    monkeypatch.setattr(shelf, "circumstances", lambda: b"another version")
    counted.made()
    assert counted.recorded == 2 and len(list(counted.folder.iterdir())) == 2


def test_foreign_files_are_not_read(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    counted.made()
    monkeypatch.setattr(os, "getuid", lambda: 1 << 20)
    counted.made()
    assert counted.recorded == 2


def test_without_a_folder_or_with_one_that_cannot_be_made_it_works_as_well(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for folder in (None, tmp_path / "file" / "below"):
        made = Setup(world.trusted(), world.segments(), world.KERNELS, Shelf(folder)).made(KIND)
        assert made.circuit.program.digest == world.made(KIND).circuit.program.digest


def test_the_oldest_go_when_there_is_too_much(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "SIZE_LIMIT", 0)
    for name in (KIND, "run of leaf"):
        counted.made(name)
    assert len(list(counted.folder.iterdir())) == 1
