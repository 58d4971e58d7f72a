"""The functions `state_get` and `state_set` of module `longrun`, in the small language: a map of 32 bytes to 32 bytes outlives the run.

It lies in a space of its own. wasm_exec/state.py says where a key stands, and why that depends on nothing but the map; what is here
finds the place of one key and makes room for a new one.
"""

from __future__ import annotations

from functools import cache

from wasm_exec.errors import TrapKind
from wasm_exec.small_language import RoutineSource, parse
from wasm_exec.spaces import LOG_STATE_SLOTS, PAGE_BYTES, STATE_BYTES, STATE_KEYS_LIMIT, STATE_SLOT_BYTES

PUBLIC = ("state_get", "state_set")
COUNT, HAS_ZERO, ZERO = 0, 8, 64                    # in the first page: number of keys, whether key zero is there, its slot
FIRST, LAST = PAGE_BYTES, STATE_BYTES - STATE_SLOT_BYTES
MIX = 0x9E3779B97F4A7C15
# An entry in hand, eight words, changes places with the one at `place`.
EXCHANGE = "\n".join(f"""        x = map64(place{f' + {8 * k}' * (k > 0)})
        set_map64(place{f' + {8 * k}' * (k > 0)}, {word})
        {word} = x""" for k, word in enumerate("abcdpqrs"))
SOURCE = f"""
def map_home(a: u64, b: u64, c: u64, d: u64) -> u32:
    x = a * {MIX}
    x = (x ^ x >> 32 ^ b) * {MIX}
    x = (x ^ x >> 32 ^ c) * {MIX}
    x = (x ^ x >> 32 ^ d) * {MIX}
    return {FIRST} + {STATE_SLOT_BYTES} * u32(x >> {64 - LOG_STATE_SLOTS})

def map_next(place: u32) -> u32:
    return {FIRST} if place == {LAST} else place + {STATE_SLOT_BYTES}

def map_above(place: u32, a: u64, b: u64, c: u64, d: u64) -> u32:
    x = map64(place)
    if x != a:
        return x > a
    x = map64(place + 8)
    if x != b:
        return x > b
    x = map64(place + 16)
    if x != c:
        return x > c
    return map64(place + 24) > d

def map_place(a: u64, b: u64, c: u64, d: u64) -> u32:
    place: u32 = {ZERO}
    if a | b | c | d:
        place = map_home(a, b, c, d)
        while map_above(place, a, b, c, d):
            place = map_next(place)
    return place

def map_found(place: u32, a: u64, b: u64, c: u64, d: u64) -> u32:
    if place == {ZERO}:
        return u32(map64({HAS_ZERO}))
    return map64(place) == a and map64(place + 8) == b and map64(place + 16) == c and map64(place + 24) == d

def map_room(place: u32) -> none:
    a = map64(place)
    b = map64(place + 8)
    c = map64(place + 16)
    d = map64(place + 24)
    p = map64(place + 32)
    q = map64(place + 40)
    r = map64(place + 48)
    s = map64(place + 56)
    while a | b | c | d:
        place = map_next(place)
        while map_above(place, a, b, c, d):
            place = map_next(place)
{EXCHANGE}

def state_get(key: u32, value: u32) -> u32:
    a = load64(key)
    b = load64(key + 8)
    c = load64(key + 16)
    d = load64(key + 24)
    place = map_place(a, b, c, d)
    found = map_found(place, a, b, c, d)
    store64(value, map64(place + 32) if found else 0)
    store64(value + 8, map64(place + 40) if found else 0)
    store64(value + 16, map64(place + 48) if found else 0)
    store64(value + 24, map64(place + 56) if found else 0)
    return found

def state_set(key: u32, value: u32) -> none:
    a = load64(key)
    b = load64(key + 8)
    c = load64(key + 16)
    d = load64(key + 24)
    p = load64(value)
    q = load64(value + 8)
    r = load64(value + 16)
    s = load64(value + 24)
    place = map_place(a, b, c, d)
    if not map_found(place, a, b, c, d):
        count = map64({COUNT})
        if count >= {STATE_KEYS_LIMIT}:
            trap({int(TrapKind.STATE_FULL)})
        set_map64({COUNT}, count + 1)
        if place == {ZERO}:
            set_map64({HAS_ZERO}, 1)
        else:
            map_room(place)
    set_map64(place, a)
    set_map64(place + 8, b)
    set_map64(place + 16, c)
    set_map64(place + 24, d)
    set_map64(place + 32, p)
    set_map64(place + 40, q)
    set_map64(place + 48, r)
    set_map64(place + 56, s)
"""


@cache
def functions() -> dict[str, RoutineSource]:
    return parse(SOURCE)
