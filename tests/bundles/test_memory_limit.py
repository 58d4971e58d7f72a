"""How much memory a proof may take says how large its segments are, and no segment takes more."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bundles import api
from bundles.bundle import at_work, open_bundle
from bundles.errors import Unsupported
from bundles.growing import Growth
from bundles.keys import RunKeys
from bundles.machine import ROOT_BYTES, cells_within, fitting_workers, worker_bytes
from bundles.open_sessions import up_to_now
from bundles.recording import MEMORY, sizes_within
from bundles.session import Session
from segments.catalogue import CATALOGUE, SIZES
from segments.shape import PROGRAMS, TOY, Shape
from stark import profiles
from tests.bundles.test_following import GUEST as SPIN
from wasm_exec.text import from_text

SAMPLES = Path(__file__).parents[2] / "samples"
P100, P128 = profiles.get("p100"), profiles.get("p128")
APP = from_text(SAMPLES / "collatz.wat")
GB = 10**9
PEAK = """
import sys
from segments.fill import fill
from segments.memory_tree import MemoryTree, wide
from segments.prove import ProvingKeys
from segments.shape import Shape
from stark import profiles
from stark.kernels import load
from wasm_exec.execute import replay, run
from wasm_exec.image import MemoryImage
from wasm_exec.text import from_text
from wasm_exec.translate import load as translated
program, kernels, content = translated(from_text(sys.argv[1]), 64, 8), load("best", 1), b"\\xff\\0"
shape, image = Shape.of(sys.argv[2], 100), MemoryImage.initial(program, content)
start = run(program, content, shape.budget).segments[0]
trace, tree = replay(program, start, image, shape.budget), MemoryTree(image, wide(kernels))
segment = fill(program, shape, trace, image, tree, kernels)
for table in segment.mains.values():
    table[:, -1:] += 0                          # every page of a table is there, as if all rows were used
    table += 0
keys = ProvingKeys(program, profiles.get("p100").segment, kernels)
keys.of(shape)
keys.prove(segment)
assert not segment.filled
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


FEW_ADDRESSES = """
import resource, sys
from longrun.cli import main
resource.setrlimit(resource.RLIMIT_AS, (5 << 30, 5 << 30))
main(sys.argv[1:])
"""


def test_a_limit_of_addresses_is_no_damage(tmp_path: Path) -> None:
    """`ulimit -v`: neither a fault of ours, when a run is recorded, nor one of the bundle, when it goes on from there."""
    api.record(APP, b"\xff\0", tmp_path / "run", "toy")
    session = Session.begin(tmp_path / "s", from_text(b'(module (func (export "f")))'), "toy")
    session.call("f")
    session.leave()
    for command in (["run", SAMPLES / "collatz.wat", "-o", tmp_path / "other", "--profile", "toy"], ["call", tmp_path / "s", "f"],
                    ["prove", tmp_path / "run", "--only", "segment 0"]):
        done = subprocess.run([sys.executable, "-c", FEW_ADDRESSES, *map(str, command)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr.splitlines()[-1:]) == (
            4, ["longrun: there is not enough memory (fewer --workers need less; what is done is kept)"]), done.stderr


def worker(size: str, instructions: int = 100) -> int:
    return worker_bytes(RunKeys(P100, Shape.of(size, instructions)))


@pytest.mark.parametrize("log_program", PROGRAMS[:-1])
def test_no_segment_takes_more_than_four_gigabytes_by_default(log_program: int) -> None:
    """And a little more under p128, so that it has segments of 2^20 as well."""
    assert MEMORY == {16: 4 * GB, 24: 44 * GB // 10}
    for profile in (P100, P128):
        for name in CATALOGUE:
            assert worker_bytes(RunKeys(profile, Shape(name, log_program, profile.hash.width))) <= MEMORY[profile.hash.width], name
        assert sizes_within(MEMORY[profile.hash.width], profile, None, 100, calls_hosts=True) == ["2^16", "2^20"]


def test_the_proof_of_a_run_takes_memory_as_well() -> None:
    """Under p128 more than that of a small segment."""
    keys = RunKeys(P128, Shape.of("2^14", 100, 24))
    assert worker_bytes(keys) == ROOT_BYTES[24] > worker("2^14") > ROOT_BYTES[16]
    assert sizes_within(ROOT_BYTES[24], P128, None, 100) == ["2^16", "2^18"] and sizes_within(GB, P100, None, 100) == ["2^16"]
    with pytest.raises(Unsupported, match=r"need up to 1\.7 GB, not 1$"):
        sizes_within(GB, P128, None, 100)


def test_the_largest_programs_have_large_segments_only_with_a_little_more() -> None:
    most = (1 << PROGRAMS[-1]) - 1
    assert MEMORY[16] < worker("2^20", most) < 1.02 * MEMORY[16]
    assert sizes_within(MEMORY[16], P100, None, most) == ["2^16", "2^18"]
    assert sizes_within(worker("2^20", most), P100, None, most) == ["2^16", "2^20"]


def test_less_memory_makes_smaller_segments() -> None:
    sizes = [size for size in SIZES if size != TOY]
    needs = {size: worker(size) for size in sizes}
    assert sorted(sizes, key=lambda size: needs[size]) == sizes == ["2^14", "2^16", "2^18", "2^20"]
    assert all(cells_within(needs[size]) == Shape.of(size, 100).committed for size in sizes)
    assert sizes_within(MEMORY[16], P100, None, 100) == sizes_within(needs["2^20"], P100, None, 100) == ["2^16", "2^20"]
    assert sizes_within(needs["2^20"] - 1, P100, None, 100) == ["2^16", "2^18"]
    assert sizes_within(needs["2^18"] - 1, P100, None, 100) == ["2^16"]
    assert sizes_within(needs["2^16"] - 1, P100, None, 100) == ["2^14"]
    for limit in (needs["2^16"], needs["2^18"], MEMORY[16]):                # what one asks for is taken, however many segments there are
        assert sizes_within(limit, P100, "2^16", 100) == ["2^16"]
    for limit, wanted in ((needs["2^14"] - 1, None), (needs["2^20"] - 1, "2^20"), (needs["2^16"] - 1, "2^16")):
        with pytest.raises(Unsupported, match="GB"):
            sizes_within(limit, P100, wanted, 100)


def test_a_run_is_cut_for_the_memory_that_there_is(tmp_path: Path) -> None:
    for name, limit, size in (("small", worker("2^16") - 1, "2^14"), ("whole", None, "2^16")):
        api.record(APP, b"\x40\0", tmp_path / name, "p100", memory_limit=limit)
        assert open_bundle(tmp_path / name).manifest.size == size
    with pytest.raises(Unsupported, match="GB"):
        api.record(APP, b"\x40\0", tmp_path / "none", "p100", memory_limit=GB // 10)
    with pytest.raises(Unsupported, match=r"longrun run with --memory-limit makes smaller ones, down to 0\.8 GB$"):
        api.prove(tmp_path / "whole", tmp_path / "proof", lambda *_: None, api.Means(memory_limit=worker("2^16", 1000) - 1))
    keys = RunKeys(P100, Shape.of("2^14", 100))
    for name, profile in (("small", "p100"), ("toy", "toy")):
        if profile == "toy":
            api.record(APP, b"\x40\0", tmp_path / name, profile)
        with pytest.raises(Unsupported, match=rf"need up to 0\.[78] GB, not 0\.65: there are no smaller ones under profile {profile}$"):
            api.prove(tmp_path / name, tmp_path / "proof", lambda *_: None, api.Means(memory_limit=650_000_000))
    with pytest.raises(Unsupported, match=r"need up to 0\.8 GB, not 0\.7$"):          # 0.71: what is needed is rounded up
        sizes_within(700_000_000, P100, None, 100)
    assert fitting_workers(keys, 9, 3, worker_bytes(keys)) == 3 and fitting_workers(keys, 9, None, worker_bytes(keys)) == 1


@pytest.mark.parametrize("limit, size", [(worker("2^20", 1000) - 1, "2^18"), (worker("2^16", 1000) - 1, "2^14"), (None, "2^20")])
def test_a_session_that_is_followed_is_cut_for_the_memory_that_there_is(tmp_path: Path, limit: int | None, size: str) -> None:
    """And so is one that is proved as it stands."""
    held = Session.begin(tmp_path / "open", SPIN, "p100")
    held.call("spin", 1_500_000)
    growth = Growth(tmp_path / "open", held.header, held.program, limit)
    assert growth.look() and growth.segments > 1
    assert (growth.size, at_work(tmp_path / "open").manifest.size) == (size, size)
    if limit:
        assert open_bundle(up_to_now(tmp_path / "open", memory_limit=limit)).manifest.size in sizes_within(limit, P100, None, 1000)
    held.leave()


def test_a_limit_below_the_size_that_a_session_asks_for_is_refused(tmp_path: Path) -> None:
    held = Session.begin(tmp_path / "open", SPIN, "p100", "2^20")
    held.call("spin", 10)
    with pytest.raises(Unsupported, match="need more memory"):
        Growth(tmp_path / "open", held.header, held.program, worker("2^20", 1000) - 1).look()
    held.leave()


def test_no_shape_that_a_segment_takes_has_more_cells_than_the_general_one_of_the_size() -> None:
    for size in SIZES:
        general = Shape.of(size, 5000)
        for shape in general.alike:
            assert general.cheapest(shape.room).committed <= general.committed if general.holds(shape.room) else True


def test_proving_keeps_to_what_was_expected() -> None:
    """The general shape of 2^14 at p100, in a process of its own, against what is expected of it and of the process."""
    done = subprocess.run([sys.executable, "-c", PEAK, str(SAMPLES / "collatz.wat"), "2^14"], stdout=subprocess.PIPE, text=True, check=True)
    assert 1024 * int(done.stdout) <= worker("2^14")
