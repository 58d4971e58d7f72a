"""Host functions as guests call them: the same as the routines in plain code, wherever their arguments lie."""
from __future__ import annotations

import random
from functools import cache

import pytest

from tests.wasm_exec.test_agreement import check_agreement
from wasm_exec import host_source
from wasm_exec.cutting import Budget
from wasm_exec.errors import TrapKind
from wasm_exec.execute import replay_segment, run
from wasm_exec.host_native import native
from wasm_exec.host_routines import ROUTINES
from wasm_exec.hosts import HOSTS
from wasm_exec.instructions import BY_NAME, Use
from wasm_exec.interpreter import FAMILIES, Interpreter
from wasm_exec.program import Program
from wasm_exec.text import from_text
from wasm_exec.translate import load
from wasm_exec.wasi import PLAIN, STANDARD

LARGE = Budget.uniform(1 << 19, 4000)
END = 1 << 16
SIZES = {"sha256_compress": (32, 64), "keccakf": (200,), "poseidon2": (64,), "mulmod256": (32, 32, 32, 32)}        # bytes of every argument


@cache
def guest(name: str, plain: bool = False) -> Program:
    """Fills the last and the first bytes of memory from the input, calls with the addresses at the beginning of it, writes all memory."""
    count = len(SIZES[name])
    addresses = " ".join(f"(i32.load (i32.const {4 * k}))" for k in range(count))
    return load(from_text(f"""(module (import "longrun" "read_input" (func $read (param i32 i32) (result i32)))
        (import "longrun" "write_output" (func $write (param i32 i32)))
        (import "longrun" "{name}" (func $f {"(param i32)" * count})) (memory 1)
        (func (export "_start") (drop (call $read (i32.const 0) (i32.const 256)))
            (drop (call $read (i32.const {END - 256}) (i32.const 256))) (call $f {addresses})
            (call $write (i32.const 0) (i32.const 256)) (call $write (i32.const {END - 256}) (i32.const 256))))""".encode()),
        1024, 64, environment=PLAIN if plain else STANDARD)


def content(addresses: tuple[int, ...]) -> bytes:
    return b"".join(address.to_bytes(4, "little") for address in addresses) + random.Random(9).randbytes(512 - 4 * len(addresses))


PLACES = [("sha256_compress", 16, 64), ("sha256_compress", 17, 64), ("sha256_compress", 19, 101), ("sha256_compress", 64, 64),
          ("sha256_compress", 70, 64), ("sha256_compress", 64, 70), ("sha256_compress", 100, 41), ("sha256_compress", 100, 100),
          ("sha256_compress", END - 32, END - 64), ("sha256_compress", END - 33, 9), ("poseidon2", 8), ("poseidon2", 13),
          ("poseidon2", END - 64)]


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_arguments_may_lie_anywhere_and_over_each_other(place: tuple[str, int]) -> None:
    name, *addresses = place
    given = content(tuple(addresses))
    ends = [run(guest(name, plain), given, LARGE) for plain in (False, True)]
    assert ends[0].output == ends[1].output and len(ends[0].output) == 512 and ends[0].output != given
    assert ends[0].final.steps < ends[1].final.steps - 1000


@pytest.mark.parametrize("place", [("sha256_compress", 0, END - 63), ("sha256_compress", END - 31, 0), ("sha256_compress", 0, 0xFFFFFFFF),
                                   ("sha256_compress", 0xFFFFFFE0, 0), ("poseidon2", END - 63), ("poseidon2", 0xFFFFFFC1)], ids=str)
def test_beyond_memory_they_trap_and_change_nothing(place: tuple[str, int]) -> None:
    name, *addresses = place
    given = content(tuple(addresses))
    recording = run(guest(name), given, LARGE)
    assert recording.outcome.trapped and recording.outcome.kind is TrapKind.OUT_OF_BOUNDS
    assert recording.image(len(recording.segments)).read_cell(3, (END - 8) // 8) == int.from_bytes(given[-8:], "little")
    slow = run(guest(name), given, LARGE, engine="interpreter")
    assert slow.final.same_as(recording.final)


@pytest.mark.parametrize("name", SIZES)
def test_both_engines_cut_and_record_the_same(name: str) -> None:
    given = content(tuple(33 + 70 * k for k in range(len(SIZES[name]))))
    for budget in (LARGE, *(Budget.uniform(rows * (1 + (name == "keccakf")), 90) for rows in (80, 40))):
        recording = check_agreement(guest(name), given, budget, traces=100)
        assert recording.outcome.exited
    cells = replay_segment(run(guest(name), given, LARGE), 0).cells
    assert len(cells) == HOSTS[ROUTINES[name][1]].cells


def test_calls_are_counted_by_the_cutter() -> None:
    """A budget of one call for a segment: every call has a segment of its own."""
    made = load(from_text(b"""(module (import "longrun" "poseidon2" (func $f (param i32))) (memory 1)
        (func (export "_start") (call $f (i32.const 0)) (call $f (i32.const 8)) (call $f (i32.const 16))))"""), 1024, 64)
    family = BY_NAME["POSEIDON2"].family
    budget = Budget(LARGE.rows | {family: 1}, LARGE.hashes)
    assert len(run(made, b"", budget).segments) == len(run(made, b"", budget, engine="interpreter").segments) == 3


def test_a_host_function_has_everything() -> None:
    assert {name for name, operation in BY_NAME.items() if operation.cells} == set(HOSTS) == {host for _, host, *_ in ROUTINES.values()}
    for name in HOSTS:
        assert BY_NAME[name].operands == {"d": Use.CELLS} and FAMILIES[BY_NAME[name].family] is Interpreter.host and native(name)
    assert set(ROUTINES) <= set(host_source.PUBLIC)
    for name, (parameters, host, parts, (target, first, count)) in ROUTINES.items():
        assert sum(cells for _, cells in parts) == HOSTS[host].cells and target < parameters == len(SIZES[name])
        assert first + count <= HOSTS[host].cells
