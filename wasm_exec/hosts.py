"""Host functions: what a step of each does to slots of 64 bits of its frame, in plain Python.

A host function is one instruction. It takes `cells` slots of 64 bits from slot d on and puts new values into them; it sees no address and
cannot trap. The routines that guests call (wasm_exec/host_routines.py) load the slots from memory first and store the results
afterwards, with ordinary instructions, so alignment, bounds and overlaps are theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from wasm_exec.host_constants import DIAGONAL, KECCAK, POSEIDON2, SHA256

Cells = Sequence[int]
MASK = 0xFFFFFFFF
FIELD = 0x7F000001


@dataclass(frozen=True)
class Host:
    """`meaning` gives what all slots hold afterwards."""

    cells: int
    meaning: Callable[[Cells], list[int]]


def rotated(x: int, *amounts: int) -> int:
    """The exclusive or of x rotated to the right by these amounts."""
    out = 0
    for amount in amounts:
        out ^= (x >> amount | x << 32 - amount) & MASK
    return out


def sha256_schedule(block: Sequence[int]) -> list[int]:
    """The 64 words that the 16 words of a block become."""
    words = list(block)
    for t in range(16, 64):
        early, late = words[t - 15], words[t - 2]
        words.append((words[t - 16] + (rotated(early, 7, 18) ^ early >> 3) + words[t - 7] + (rotated(late, 17, 19) ^ late >> 10)) & MASK)
    return words


def sha256(cells: Cells) -> list[int]:
    """Eight cells of a block of 64 bytes as they lie in memory, then four with the eight words of the state: one compression."""
    block = b"".join(cell.to_bytes(8, "little") for cell in cells[:8])
    words = sha256_schedule([int.from_bytes(block[k : k + 4], "big") for k in range(0, 64, 4)])
    state = [cell >> shift & MASK for cell in cells[8:] for shift in (0, 32)]
    a, b, c, d, e, f, g, h = state
    for word, constant in zip(words, SHA256, strict=True):
        first = h + rotated(e, 6, 11, 25) + (g ^ e & (f ^ g)) + constant + word
        second = rotated(a, 2, 13, 22) + (a & b | c & (a | b))
        a, b, c, d, e, f, g, h = (first + second) & MASK, a, b, c, (d + first) & MASK, e, f, g
    state = [(old + new) & MASK for old, new in zip(state, (a, b, c, d, e, f, g, h), strict=True)]
    return [*cells[:8], *(low | high << 32 for low, high in zip(state[::2], state[1::2], strict=True))]


def external(state: Cells) -> list[int]:
    """The matrix of the full rounds of Poseidon2."""
    mixed: list[int] = []
    for a, b, c, d in zip(*(state[k::4] for k in range(4)), strict=True):
        mixed += [2 * a + 3 * b + c + d, a + 2 * b + 3 * c + d, a + b + 2 * c + 3 * d, 3 * a + b + c + 2 * d]
    return [(word + sum(mixed[k % 4 :: 4])) % FIELD for k, word in enumerate(mixed)]


def poseidon2(cells: Cells) -> list[int]:
    """Eight cells with sixteen words, which count modulo the prime: the permutation."""
    state = external([cell >> shift & MASK for cell in cells for shift in (0, 32)])
    for at in range(0, 148):
        if 64 <= at < 84:
            state[0] = pow(state[0] + POSEIDON2[at], 3, FIELD)
            total = sum(state)
            state = [(word * factor + total) % FIELD for word, factor in zip(state, DIAGONAL, strict=True)]
        elif (at - 4) % 16 == 0 if at >= 84 else at % 16 == 0:
            state = external([pow(word + constant, 3, FIELD) for word, constant in zip(state, POSEIDON2[at : at + 16], strict=True)])
    return [low | high << 32 for low, high in zip(state[::2], state[1::2], strict=True)]


def mulmod(cells: Cells) -> list[int]:
    """Three numbers of 256 bits, a, b and m, low cell first: the remainder of a · b divided by m takes the place of a; 0 if m is 0."""
    a, b, m = (sum(cell << 64 * k for k, cell in enumerate(cells[first : first + 4])) for first in (0, 4, 8))
    left = a * b % m if m else 0
    return [*(left >> 64 * k & (1 << 64) - 1 for k in range(4)), *cells[4:]]


def turned(lane: int, amount: int) -> int:
    """To the left, in 64 bits."""
    return (lane << amount % 64 | lane >> 64 - amount % 64) & (1 << 64) - 1


def keccak(cells: Cells) -> list[int]:
    """25 lanes, that of x and y as cell x + 5 y: the permutation Keccak-f[1600]."""
    state = list(cells)
    for constant in KECCAK:
        parity = [state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20] for x in range(5)]
        state = [lane ^ parity[(k + 4) % 5] ^ turned(parity[(k + 1) % 5], 1) for k, lane in enumerate(state)]
        moved, x, y = list(state), 1, 0
        for step in range(1, 25):
            lane = turned(state[x + 5 * y], step * (step + 1) // 2)
            x, y = y, (2 * x + 3 * y) % 5
            moved[x + 5 * y] = lane
        state = [lane ^ ~moved[k // 5 * 5 + (k + 1) % 5] & moved[k // 5 * 5 + (k + 2) % 5] for k, lane in enumerate(moved)]
        state[0] ^= constant
    return state


HOSTS: Mapping[str, Host] = MappingProxyType({
    "SHA256": Host(12, sha256), "POSEIDON2": Host(8, poseidon2), "MULMOD": Host(12, mulmod), "KECCAK": Host(25, keccak)})
