"""The chip of multiplication modulo a number of 256 bits: one row for each call.

a · b = q · n + r in bytes, limb by limb of 16 bits with carries, where n is m, or 1 if m is 0; and r < n. The quotient has twice as many
bytes as the others, because a and b need not be below m. What q · n has above the product is no sum with carries: every product of two
bytes there is 0. So r is the remainder, and 0 if m is 0.

Both sides of a limb are sums below 2^30; a carry is their difference, counted from -`BELOW` on, and 2^16 carries stay below p. A row that
no call needs multiplies zeros.
"""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segments.buses import CELL, HOST, RANGE16
from segments.host.call import number
from segments.limbs import numbered
from segments.operands import LIMB, Limbs, joined, look_up_bytes, look_up_limbs
from segments.products import CARRIES_LIMIT, limb_sums
from segments.steps import U64, Columns, Ints
from stark.chip import Chip
from stark.expression import Expression, total

LIMBS, IN_CELL = 16, 4          # of a number, of a cell
BELOW = CARRIES_LIMIT // 2      # no sum of 64 products of bytes, half of them 256 times, is so many times 2^16


def chip(limbs: int = LIMBS) -> Chip:
    """`limbs`: of a, b and m; a chip with fewer of them is for attacks alone."""
    chip = Chip("remainder", "of three numbers a, b, m of 256 bits, a · b modulo m takes the place of a; 0 if m is 0")
    real, time, address = chip.boolean("real"), chip.column("time"), chip.column("address")
    a, b, m = (chip.columns(f"{name} byte", 2 * limbs) for name in "abm")
    quotient, left = chip.columns("quotient byte", 4 * limbs), chip.columns("remainder", limbs)
    cells = messages(chip, (joined(a), left), (joined(b), joined(b)), (joined(m), joined(m)))
    chip.receive(HOST, int(number("MULMOD")), time, address, times=real)
    for k, (before, after) in enumerate(cells):
        chip.send(CELL, address + k, time + k, *before, *after, times=real)
    for parts in (a, b, m, quotient):
        look_up_bytes(chip, parts, real)
    look_up_limbs(chip, left, real)
    nothing = chip.boolean("m is zero")
    chip.require("what counts as zero is zero", nothing * total(joined(m)))
    divisor = [m[0] + nothing, *m[1:]]
    adds_up(chip, real, limb_sums(a, b, 2 * limbs), limb_sums(quotient, divisor, 2 * limbs), left)
    above = total([quotient[2 * limbs + k] * total(divisor[2 * limbs - k:]) for k in range(1, 2 * limbs)])
    chip.require("the quotient times the divisor has nothing above the product", above)
    is_below(chip, real, left, joined(divisor))
    return chip


def messages(chip: Chip, *numbers: tuple[Limbs, Limbs]) -> list[tuple[Limbs, Limbs]]:
    """The cells of numbers before and after, with zeros above."""
    out = []
    for both in numbers:
        padded = [[*limbs, *[chip.constant(0)] * (-len(limbs) % IN_CELL)] for limbs in both]
        out += [(padded[0][k:k + IN_CELL], padded[1][k:k + IN_CELL]) for k in range(0, len(padded[0]), IN_CELL)]
    return out


def adds_up(chip: Chip, real: Expression, product: Limbs, taken: Limbs, left: Limbs) -> None:
    """The product is what is taken and what is left; the highest limb has no carry."""
    carries = chip.columns("carry", len(product) - 1)
    look_up_limbs(chip, carries, real)
    look_up_limbs(chip, [carry * (LIMB // CARRIES_LIMIT) for carry in carries], real)
    zero = chip.constant(0)
    counted = [carry - BELOW for carry in carries]
    rest = [*left, *[zero] * (len(product) - len(left))]
    for k, (one, other, below, above) in enumerate(zip(product, taken, [zero, *counted], [*counted, zero], strict=True)):
        chip.require(f"limb {k} of the product is that of the quotient times the divisor, of the remainder and of carries",
                     one + below - other - rest[k] - LIMB * above)


def is_below(chip: Chip, real: Expression, left: Limbs, divisor: Limbs) -> None:
    """The remainder is smaller in one limb and the same in all above it."""
    flags = [chip.boolean(f"smaller in limb {k}") for k in range(len(left))]
    difference = chip.column("difference")
    chip.require("the remainder is smaller in one limb", total(flags) - 1)
    for k in range(1, len(left)):
        chip.require(f"limb {k} is the same if it stands above", (1 - total(flags[k:])) * (divisor[k] - left[k]))
    chip.require("the difference is that of the limb",
                 difference - total([flag * (more - less) for flag, more, less in zip(flags, divisor, left, strict=True)]))
    chip.send(RANGE16, difference - 1, times=real)


# -- filling


def results(cells: U64) -> U64:
    """What all slots hold after the calls."""
    after = cells.copy()
    after[:, :4] = of_numbers([a * b % (m or 1) for a, b, m in numbers_of(cells)], 8 * IN_CELL).view(np.uint64)
    return after


def numbers_of(cells: U64) -> list[tuple[int, int, int]]:
    """a, b and m of every call."""
    whole, size = np.ascontiguousarray(cells).tobytes(), 8 * cells.shape[1] // 3
    found = [int.from_bytes(whole[at:at + size], "little") for at in range(0, len(whole), size)]
    return list(zip(found[::3], found[1::3], found[2::3], strict=True))


def of_numbers(numbers: list[int], size: int) -> npt.NDArray[np.uint8]:
    """Their bytes, (calls, size)."""
    return np.frombuffer(b"".join(one.to_bytes(size, "little") for one in numbers), np.uint8).reshape(-1, size)


def fill(cells: U64, time: Ints, address: Ints, height: int) -> Columns:
    """`cells`: what every call found, (calls, 12). One more multiplies zeros, and stands in all rows that are left."""
    found = np.concatenate([cells, np.zeros((1, cells.shape[1]), np.uint64)])
    divided = [divmod(a * b, m or 1) for a, b, m in numbers_of(found)]
    quotient, left = (of_numbers([one[k] for one in divided], size * LIMBS) for k, size in ((0, 4), (1, 2)))
    made = columns(found.view(np.uint8).reshape(len(found), 3, 2 * LIMBS), quotient, left)
    row = np.minimum(np.arange(height), len(cells))
    return {"real": np.ones(len(cells), np.int64), "time": time, "address": address} | {name: np.asarray(made[name])[row] for name in made}


def columns(found: npt.NDArray[np.uint8], quotient: npt.NDArray[np.uint8], left: npt.NDArray[np.uint8]) -> Columns:
    """Bytes of the three numbers, (calls, 3, bytes), and of what their division gives, (calls, bytes)."""
    a, b, m = (found[:, k].T.astype(np.int64) for k in range(3))
    parts, rest = quotient.T.astype(np.int64), in_limbs(left.T.astype(np.int64))
    out: Columns = {}
    for name, rows in (("a byte", a), ("b byte", b), ("m byte", m), ("quotient byte", parts), ("remainder", rest)):
        out |= numbered(name, list(rows))
    nothing = (m == 0).all(axis=0).astype(np.int64)
    divisor = m.copy()
    divisor[0] += nothing
    return out | {"m is zero": nothing} | carry_columns(a, b, parts, divisor, rest) | comparison(in_limbs(divisor), rest)


def carry_columns(a: Ints, b: Ints, quotient: Ints, divisor: Ints, rest: Ints) -> Columns:
    product, taken = (sums_of(one, other, len(a)) for one, other in ((a, b), (quotient, divisor)))
    carries, carry = [], np.zeros(a.shape[1], np.int64)
    for k in range(len(product) - 1):
        carry = product[k] - taken[k] - (rest[k] if k < len(rest) else 0) + carry >> 16
        carries.append(carry + BELOW)
    return numbered("carry", carries)


def sums_of(one: Ints, other: Ints, count: int) -> Ints:
    """What counts for each of the lowest limbs of a product, before carries: (limbs, calls)."""
    diagonal = np.zeros((2 * count + len(other), one.shape[1]), np.int64)
    for i in range(min(len(one), 2 * count)):
        diagonal[i:i + len(other)] += one[i] * other
    return diagonal[:2 * count:2] + 256 * diagonal[1:2 * count:2]


def in_limbs(parts: Ints) -> Ints:
    """Limbs of two bytes each."""
    limbs: Ints = parts[::2] + 256 * parts[1::2]
    return limbs


def comparison(divisor: Ints, rest: Ints) -> Columns:
    """The highest limb in which they differ."""
    differences = divisor - rest
    place = len(divisor) - 1 - np.argmax(differences[::-1] != 0, axis=0)
    out: Columns = {f"smaller in limb {k}": place == k for k in range(len(divisor))}
    return out | {"difference": np.take_along_axis(differences, place[None], 0)[0]}
