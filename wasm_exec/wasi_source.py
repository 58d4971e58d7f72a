"""WASI preview 1 in the small language, on top of read_input, write_output and halt.

Arguments, environment, standard input, read-only files, the time at the beginning and the seed of random come from a container in the
input (`wasi_input.py`). An input that is no container is standard input as it is. Standard output is the output; what goes to
standard error is dropped, and must lie in the memory like it. The clock moves by a millisecond whenever somebody looks, and by what
somebody waits for. So a run is a function of its input. Calls that are missing here answer 52, not supported.

The container is not believed: whatever it says, only its own bytes are read. In a session no routine looks at the length of the
input, nor at bytes that may not be there yet: what it looked at would stay behind in its frame.
"""

from __future__ import annotations

from functools import cache

from wasm_exec.small_language import RoutineSource, parse
from wasm_exec.wasi_files import FILES
from wasm_exec.wasi_input import CLOCK, ENTRY_BYTES, HEADER_BYTES, MAGIC, SEED, Header

MODULE = "wasi_snapshot_preview1"
NOT_SUPPORTED = 52
DESCRIPTORS = 32
STATES: dict[str, tuple[int, ...]] = {
    "state_elapsed": (0,), "state_random": (0,), "words_file": (0,) * DESCRIPTORS, "words_position": (0,) * DESCRIPTORS,
}
NAMES = {
    "MAGIC_LOW": int.from_bytes(MAGIC[:4], "little"), "MAGIC_HIGH": int.from_bytes(MAGIC[4:], "little"),
    **{f"AT_{name.upper()}": 8 + place for name, place in Header.PLACES.items()},  # the first 8 bytes of the space are the length
    "AT_TABLE": 8 + HEADER_BYTES, "HEADER": HEADER_BYTES, "ENTRY": ENTRY_BYTES, "LAST": DESCRIPTORS - 1,
    "DEFAULT_CLOCK": CLOCK, "DEFAULT_SEED": SEED, "STREAM": 0xFFFFFFFF, "NOWHERE": 0xFFFFFFFF,
}
CALLS = """
def read_input(pointer: u32, length: u32) -> u32:
    return 0

def write_output(pointer: u32, length: u32) -> none:
    return

def halt(code: u32) -> none:
    return

def copy_input(pointer: u32, place: u32, length: u32) -> none:
    return

def is_session() -> u32:
    return 0

def args_sizes_get(count: u32, size: u32) -> u32:
    if wasi_limit():
        store32(count, input32(AT_ARGUMENTS))
        store32(size, input32(AT_ARGUMENT_BYTES))
        return 0
    store32(count, 1)
    store32(size, 8)
    return 0

def args_get(pointers: u32, buffer: u32) -> u32:
    if wasi_limit():
        wasi_strings(pointers, buffer, input32(AT_ARGUMENTS), wasi_strings_place(), input32(AT_ARGUMENT_BYTES))
        return 0
    store32(pointers, buffer)
    store32(buffer, 0x676F7270)
    store32(buffer + 4, 0x006D6172)
    return 0

def environ_sizes_get(count: u32, size: u32) -> u32:
    store32(count, 0)
    store32(size, 0)
    if wasi_limit():
        store32(count, input32(AT_VARIABLES))
        store32(size, input32(AT_VARIABLE_BYTES))
    return 0

def environ_get(pointers: u32, buffer: u32) -> u32:
    if wasi_limit():
        place = wasi_strings_place() + input32(AT_ARGUMENT_BYTES)
        wasi_strings(pointers, buffer, input32(AT_VARIABLES), place, input32(AT_VARIABLE_BYTES))
    return 0

def clock_res_get(clock: u32, out: u32) -> u32:
    if clock > 3:
        return 28
    store64(out, 1000000)
    return 0

def clock_time_get(clock: u32, precision: u64, out: u32) -> u32:
    if clock > 3:
        return 28
    state_elapsed += 1000000
    store64(out, wasi_clock())
    return 0

def random_get(buffer: u32, length: u32) -> u32:
    x = state_random
    if x == 0:
        x = DEFAULT_SEED
        if wasi_limit():
            x += u64(input32(AT_SEED)) | u64(input32(AT_SEED + 4)) << 32
        if x == 0:
            x = DEFAULT_SEED
    while length:
        x = x ^ x << 13
        x = x ^ x >> 7
        x = x ^ x << 17
        word = u32(x * 0x2545F4914F6CDD1D >> 32)
        if length > 3:
            store32(buffer, word)
            buffer += 4
            length -= 4
        else:
            while length:
                store8(buffer, word)
                word >>= 8
                buffer += 1
                length -= 1
    state_random = x
    return 0

def fd_write(fd: u32, vectors: u32, count: u32, out: u32) -> u32:
    if fd - 1 > 1:
        return 8
    total: u32 = 0
    while count:
        length = load32(vectors + 4)
        if fd == 1:
            write_output(load32(vectors), length)
        else:
            wasi_drop(load32(vectors), length)
        total += length
        count -= 1
        vectors += 8
    store32(out, total)
    return 0

def poll_oneoff(subscriptions: u32, events: u32, count: u32, out: u32) -> u32:
    store32(out, count)
    if count == 0:
        return 28
    while count:
        kind = load8(subscriptions + 8)
        if kind == 0:
            wait = load64(subscriptions + 24)
            if load8(subscriptions + 40) & 1:
                now = wasi_clock()
                wait = wait - now if wait > now else 0
            state_elapsed += wait
        store64(events, load64(subscriptions))
        store64(events + 8, u64(kind) << 16)
        store64(events + 16, 1)
        store64(events + 24, 0)
        subscriptions += 48
        events += 32
        count -= 1
    return 0

def sched_yield() -> u32:
    return 0

def proc_exit(code: u32) -> none:
    halt(code)

def wasi_drop(pointer: u32, length: u32) -> none:
    if length:
        last = pointer + length - 1
        dropped = load8(last if last >= pointer else NOWHERE)

def wasi_limit() -> u32:
    if input32(8) != MAGIC_LOW or input32(12) != MAGIC_HIGH:
        return 0
    size = input32(AT_SIZE)
    if is_session() == 0:
        length = input32(0)
        size = size if size < length else length
    return size if size >= HEADER else 0

def wasi_clock() -> u64:
    start: u64 = DEFAULT_CLOCK
    if wasi_limit():
        start = u64(input32(AT_CLOCK)) | u64(input32(AT_CLOCK + 4)) << 32
    return state_elapsed + start

def wasi_strings_place() -> u32:
    return HEADER + ENTRY * input32(AT_FILES)

def wasi_strings(pointers: u32, buffer: u32, count: u32, place: u32, size: u32) -> none:
    wasi_copy(buffer, place, size)
    while count:
        store32(pointers, buffer)
        pointers += 4
        while load8(buffer):
            buffer += 1
        buffer += 1
        count -= 1

def wasi_copy(pointer: u32, place: u32, length: u32) -> u32:
    limit = wasi_limit()
    place = place if place < limit else limit
    length = length if length < limit - place else limit - place
    copy_input(pointer, place, length)
    return length
"""
INSIDE = ("read_input", "write_output", "halt", "copy_input", "is_session")


def is_call(name: str) -> bool:
    """Whether programs may import it."""
    return name not in INSIDE and not name.startswith("wasi_")


@cache
def calls() -> dict[str, RoutineSource]:
    text = CALLS + FILES
    for name in sorted(NAMES, key=len, reverse=True):
        text = text.replace(name, str(NAMES[name]))
    return parse(text)
