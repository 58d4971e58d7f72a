"""The application's state: the routines against a dictionary, the cells against the map, the recorder against the interpreter."""

from __future__ import annotations

import random
from functools import cache

import numpy as np
import pytest

from tests.wasm_exec.test_agreement import BUDGETS
from wasm_exec import state_source
from wasm_exec.cutting import Budget
from wasm_exec.errors import TrapKind
from wasm_exec.execute import replay_segment, run
from wasm_exec.program import Program
from wasm_exec.recording import Recording
from wasm_exec.spaces import STATE_KEYS_LIMIT, Space
from wasm_exec.state import EMPTY, SLOTS, StateMap, homes, numbers
from wasm_exec.text import from_text
from wasm_exec.trace import FIELDS
from wasm_exec.translate import load

LARGE = Budget.uniform(1 << 19, 4000)
GUEST = """(module (import "longrun" "read_input" (func $read (param i32 i32) (result i32)))
    (import "longrun" "write_output" (func $write (param i32 i32)))
    (import "longrun" "state_get" (func $get (param i32 i32) (result i32)))
    (import "longrun" "state_set" (func $set (param i32 i32))) (memory 1)
    (func (export "_start")
      (loop $again
        (if (i32.eq (call $read (i32.const 7) (i32.const 65)) (i32.const 65)) (then
          (if (i32.load8_u (i32.const 7))
            (then (call $set (i32.const 8) (i32.const 40)))
            (else (i32.store8 (i32.const 7) (call $get (i32.const 8) (i32.const 40)))
                  (call $write (i32.const 7) (i32.const 1)) (call $write (i32.const 40) (i32.const 32))))
          (br $again))))))"""


@cache
def guest() -> Program:
    """Records of 65 bytes: 1 and a key and a value are a set, 0 and a key a get, which is answered by 33 bytes."""
    return load(from_text(GUEST.encode()), 64, 8)


def put(key: bytes, value: bytes) -> bytes:
    return b"\1" + key + value


def asked(key: bytes) -> bytes:
    return b"\0" + key + bytes(32)


def answered(value: bytes | None) -> bytes:
    return b"\0" * 33 if value is None else b"\1" + value


def home(key: bytes) -> int:
    return int(homes(numbers([key], 32))[0])


def near(slot: int, count: int, seed: int = 0) -> list[bytes]:
    """Keys whose homes are this slot or one of the next seven."""
    generator, found = random.Random(seed), list[bytes]()
    while len(found) < count:
        key = generator.randbytes(4) + bytes(28)
        if (home(key) - slot) % SLOTS < 8:
            found.append(key)
    return found


def calls(seed: int, count: int, keys: list[bytes], state: dict[bytes, bytes]) -> tuple[bytes, bytes]:
    """Random calls as input, and what they answer; `state` is what they leave."""
    generator, entered, expected = random.Random(seed), b"", b""
    for _ in range(count):
        key = generator.choice(keys)
        if generator.random() < 0.5:
            state[key] = generator.choice([bytes(32), generator.randbytes(32)])
            entered += put(key, state[key])
        else:
            entered += asked(key)
            expected += answered(state.get(key))
    return entered, expected


def agreed(program: Program, entered: bytes, budget: Budget, state: StateMap = EMPTY) -> Recording:
    """The run, the same in interpreter and recorder, traces too."""
    slow, fast = (run(program, entered, budget, engine=engine, state=state) for engine in ("interpreter", "recorder"))  # type: ignore[arg-type]
    assert (slow.outcome, slow.output, len(slow.segments)) == (fast.outcome, fast.output, len(fast.segments))
    for one, other in zip([*slow.segments, slow.final], [*fast.segments, fast.final], strict=True):
        assert one.same_as(other)
    for index in sorted({0, len(slow.segments) // 2, len(slow.segments) - 1}):
        traces = replay_segment(slow, index, "interpreter"), replay_segment(fast, index, "recorder")
        for field in FIELDS:
            np.testing.assert_array_equal(getattr(traces[0], field), getattr(traces[1], field), err_msg=field)
    return fast


SPREAD = [bytes(32), b"\xff" * 32, *(random.Random(seed).randbytes(32) for seed in range(12)),
          *(bytes(31) + bytes([k]) for k in range(1, 6))]


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("keys", ["spread", "crowded"])
def test_a_map_like_a_dictionary(keys: str, budget: str) -> None:
    assert len(set(SPREAD)) == len(SPREAD)
    state = dict.fromkeys(SPREAD[:4], b"\7" * 32)
    before = StateMap(dict(state))
    entered, expected = calls(1, 60, SPREAD if keys == "spread" else crowd(), state)
    recording = agreed(guest(), entered, BUDGETS[budget], before)
    assert recording.outcome.exited and recording.output == expected
    assert recording.state_after.entries == state and recording.state.entries == before.entries
    image = recording.image(len(recording.segments))
    cells = {key: page for key, page in StateMap(state).pages.items()}
    found = {key: image.page(*key) for key in image.occupied() if key[0] == Space.STATE}
    assert found.keys() == cells.keys() and all((found[key] == cells[key]).all() for key in cells)


@cache
def crowd() -> list[bytes]:
    """Keys that want the same slots, at the end of the table, so that some go around it."""
    return near(SLOTS - 8, 16) + [bytes(32)]


def test_crowded_keys_go_around_the_end() -> None:
    placed = StateMap(dict.fromkeys(crowd(), bytes(32))).slots
    assert sorted(placed) == [*range(8), *range(SLOTS - 8, SLOTS)] and min(home(key) for key in placed.values()) >= SLOTS - 8


def test_the_order_of_sets_does_not_count() -> None:
    keys = crowd()[:12] + SPREAD
    value = {key: bytes([k]) * 32 for k, key in enumerate(keys)}
    orders = [random.Random(seed).sample(keys, len(keys)) for seed in range(3)]
    runs = [run(guest(), b"".join(put(key, value[key]) for key in order), LARGE) for order in orders]
    cells = [recording.image(len(recording.segments)).cells[Space.STATE].tobytes().rstrip(b"\0") for recording in runs]
    assert cells[0] == cells[1] == cells[2] and len(cells[0]) > 1000


def test_cells_and_map_are_the_same() -> None:
    generator = random.Random(5)
    for count in (0, 1, 2, 500):
        entries = {generator.randbytes(32): generator.randbytes(32) for _ in range(count)}
        state = StateMap(entries | ({bytes(32): bytes(32)} if count == 2 else {}))
        cells = np.zeros(1 << 21, np.uint64)
        for (_, page), values in state.pages.items():
            cells[32 * page:32 * page + 32] = values
        assert StateMap.of_cells(cells).entries == state.entries
    assert EMPTY.pages == {}


def test_homes_spread_structured_keys() -> None:
    """Counters in any byte order and any two words do not pile up."""
    for first, second in ((0, 8), (24, 16), (7, 31), (15, 23), (0, 31)):
        keys = set()
        for i in range(64):
            for j in range(64):
                key = bytearray(32)
                key[first], key[second] = i, j
                keys.add(bytes(key))
        assert len({home(key) for key in keys}) > 0.9 * len(keys)


def test_a_full_state_traps_and_what_is_there_still_changes() -> None:
    full = StateMap({k.to_bytes(32, "little"): bytes(32) for k in range(STATE_KEYS_LIMIT)})
    recording = run(guest(), put(bytes(32), b"\1" * 32) + asked(bytes(32)) + put(b"\xff" * 32, bytes(32)), LARGE, state=full)
    assert recording.outcome.trapped and recording.outcome.kind is TrapKind.STATE_FULL and recording.output == answered(b"\1" * 32)
    with pytest.raises(ValueError, match="at most"):
        StateMap({k.to_bytes(32, "little"): bytes(32) for k in range(STATE_KEYS_LIMIT + 1)})


@pytest.mark.parametrize("place", [65505, 0xFFFFFFFF])
@pytest.mark.parametrize("name, results", [("state_get", "(result i32)"), ("state_set", "")])
def test_addresses_outside_memory_trap(name: str, results: str, place: int) -> None:
    for key, value in ((0, place), (place, 0)):
        program = load(from_text(f"""(module (import "longrun" "{name}" (func $f (param i32 i32) {results})) (memory 1)
            (func (export "_start") (call $f (i32.const {key}) (i32.const {value})) {"drop" if results else ""}))""".encode()))
        assert agreed(program, b"", LARGE).outcome.kind is TrapKind.OUT_OF_BOUNDS


def test_what_a_call_costs() -> None:
    """Steps of a get and of a set of a key that is at its home."""
    key = SPREAD[5]
    steps = [run(guest(), call, LARGE, state=StateMap({key: bytes(32)})).final.steps for call in (b"", asked(key), put(key, bytes(32)))]
    get, put_steps = steps[1] - steps[0], steps[2] - steps[0]
    assert get < 800 and put_steps < 800, (get, put_steps)
    assert state_source.PUBLIC == ("state_get", "state_set")
