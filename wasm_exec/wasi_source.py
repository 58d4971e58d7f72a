"""WASI preview 1 in the small language, on top of read_input, write_output and halt.

Standard input is the input, standard output the output; what goes to standard error is dropped. There is one argument, `program`, no
environment, no files. The clock begins at a fixed moment and moves by a millisecond whenever somebody looks; random bytes come from a
fixed seed. So a run is a function of its input. Calls that are missing here answer 52, not supported.
"""

from __future__ import annotations

from functools import cache

from wasm_exec.small_language import RoutineSource, parse

MODULES = ("wasi_snapshot_preview1", "wasi_unstable")
NOT_SUPPORTED = 52
STATES = {"state_clock": 1_767_225_600 * 10**9, "state_random": 0x9E3779B97F4A7C15}  # 1 January 2026
TEXT = """
def read_input(pointer: u32, length: u32) -> u32:
    return 0

def write_output(pointer: u32, length: u32) -> none:
    return

def halt(code: u32) -> none:
    return

def args_sizes_get(count: u32, size: u32) -> u32:
    store32(count, 1)
    store32(size, 8)
    return 0

def args_get(pointers: u32, buffer: u32) -> u32:
    store32(pointers, buffer)
    store64(buffer, 0x006D6172676F7270)
    return 0

def environ_sizes_get(count: u32, size: u32) -> u32:
    store32(count, 0)
    store32(size, 0)
    return 0

def environ_get(pointers: u32, buffer: u32) -> u32:
    return 0

def clock_res_get(clock: u32, out: u32) -> u32:
    store64(out, 1000000)
    return 0

def clock_time_get(clock: u32, precision: u64, out: u32) -> u32:
    state_clock += 1000000
    store64(out, state_clock)
    return 0

def random_get(buffer: u32, length: u32) -> u32:
    while length:
        x = state_random
        x = x ^ x << 13
        x = x ^ x >> 7
        x = x ^ x << 17
        state_random = x
        store8(buffer, u32(x >> 24))
        buffer += 1
        length -= 1
    return 0

def fd_read(fd: u32, vectors: u32, count: u32, out: u32) -> u32:
    if fd:
        return 8
    total = fd
    while count:
        length = load32(vectors + 4)
        got = read_input(load32(vectors), length)
        total += got
        count = 0 if got < length else count - 1
        vectors += 8
    store32(out, total)
    return 0

def fd_write(fd: u32, vectors: u32, count: u32, out: u32) -> u32:
    if fd - 1 > 1:
        return 8
    total = fd - fd
    while count:
        length = load32(vectors + 4)
        if fd == 1:
            write_output(load32(vectors), length)
        total += length
        count -= 1
        vectors += 8
    store32(out, total)
    return 0

def fd_seek(fd: u32, offset: u64, whence: u32, out: u32) -> u32:
    return 70 if fd < 3 else 8

def fd_tell(fd: u32, out: u32) -> u32:
    return 70 if fd < 3 else 8

def fd_close(fd: u32) -> u32:
    return 0 if fd < 3 else 8

def fd_fdstat_get(fd: u32, out: u32) -> u32:
    if fd > 2:
        return 8
    store64(out, 2)
    store64(out + 8, 64 if fd else 2)
    store64(out + 16, 0)
    return 0

def fd_fdstat_set_flags(fd: u32, flags: u32) -> u32:
    return 0 if fd < 3 else 8

def fd_filestat_get(fd: u32, out: u32) -> u32:
    if fd > 2:
        return 8
    end = out + 64
    while out != end:
        store64(out, 0)
        out += 8
    store8(end - 48, 2)
    store64(end - 40, 1)
    return 0

def fd_prestat_get(fd: u32, out: u32) -> u32:
    return 8

def fd_prestat_dir_name(fd: u32, path: u32, length: u32) -> u32:
    return 8

def path_open(fd: u32, lookup: u32, path: u32, length: u32, open: u32, rights: u64, inherited: u64, flags: u32, out: u32) -> u32:
    return 8

def poll_oneoff(subscriptions: u32, events: u32, count: u32, out: u32) -> u32:
    store32(out, count)
    if count == 0:
        return 28
    while count:
        kind = load8(subscriptions + 8)
        if kind == 0:
            wait = load64(subscriptions + 24)
            if load8(subscriptions + 40) & 1:
                wait = wait - state_clock if wait > state_clock else 0
            state_clock += wait
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
"""
PRIMITIVES = ("read_input", "write_output", "halt")


@cache
def calls() -> dict[str, RoutineSource]:
    return parse(TEXT)
