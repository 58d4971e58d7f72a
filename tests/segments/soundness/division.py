"""Code U by algebra for the chip that multiplies modulo a number: its sentences are those of a division with a remainder, as integers.

The limbs of the product, each times its power of 2^16, add up to a · b = q · n + r, where all carries cancel out and what is missing of
q · n are products that are 0 each. n is m or m + 1, and m + 1 only if m is 0. Whichever limb counts as the smaller one, r < n. So r is the
remainder of a · b by n, n is not 0, and so it is 1 if m is 0.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

from segments.buses import BYTES, CELL, HOST, RANGE16
from segments.host import mulmod
from segments.host.call import number
from stark.chip import Chip
from stark.expression import P
from tests.segments.soundness.bits import booleans, names_of
from tests.segments.soundness.polynomials import Poly, centred, multiplied, plus, polynomial

Whole = dict[tuple[str, ...], int]          # a polynomial of integers
LIMB = 1 << 16
ONE: Poly = {(): 1}
ZERO_FLAG, DIFFERENCE = "m is zero", "difference"


class Sentences:
    """A chip's requirements as polynomials, and what its columns are below."""

    def __init__(self, chip: Chip, limbs: int) -> None:
        self.chip, self.limbs, self.known = chip, limbs, dict[int, Poly]()
        self.have = [self.poly(r.expression.number) for r in chip.requirements]
        self.most: dict[str, int] = {}
        for name in chip.main_names:
            if any(poly in self.have for poly in booleans(name)):
                self.most[name] = 2
        for message in chip.messages:
            if message.bus in (RANGE16, BYTES) and self.poly(message.times.number) == one("real"):
                for part in message.parts:
                    self.look_up(self.poly(part.number), LIMB if message.bus == RANGE16 else 256)

    def poly(self, number: int) -> Poly:
        return polynomial(self.chip, number, self.known)

    def look_up(self, poly: Poly, most: int) -> None:
        """Of a column, or of one times a power of two: what was looked up before says that nothing wraps around."""
        if len(poly) == 1 and len(names := next(iter(poly))) == 1:
            name, factor = names[0], poly[names]
            if factor == 1 or (self.most.get(name, P) - 1) * factor < P:
                self.most[name] = min(self.most.get(name, P), -(-most // factor))

    def whole(self, poly: Poly) -> Whole | None:
        """The polynomial of integers that is 0 if this one is 0 modulo p; None if it can reach p."""
        out = {monomial: centred(factor) for monomial, factor in poly.items()}
        ends = [factor * prod(self.most.get(name, P) - 1 for name in monomial) for monomial, factor in out.items()]
        low, high = sum(end for end in ends if end < 0), sum(end for end in ends if end > 0)
        return out if -P < low and high < P else None


def one(name: str) -> Poly:
    return {(name,): 1}


def bytes_of(name: str, count: int) -> list[str]:
    return [f"{name} byte.{k}" for k in range(count)]


def joined(parts: Sequence[str]) -> list[Poly]:
    return [{(low,): 1, (high,): 256} for low, high in zip(parts[::2], parts[1::2], strict=True)]


def unproved(chip: Chip, limbs: int = mulmod.LIMBS) -> list[str]:
    """What the argument needs and does not find; nothing, if what the row leaves follows."""
    said = Sentences(chip, limbs)
    return [*ranges(said), *divides(said), *counts_as_zero(said), *is_below(said), *messages(said)]


def ranges(said: Sentences) -> Iterator[str]:
    size = 2 * said.limbs
    wanted = dict.fromkeys([*(name for letter in "abm" for name in bytes_of(letter, size)), *bytes_of("quotient", 2 * size)], 256)
    wanted |= {f"remainder.{k}": LIMB for k in range(said.limbs)}
    wanted |= dict.fromkeys(["real", ZERO_FLAG, *(f"smaller in limb {k}" for k in range(said.limbs))], 2)
    yield from (f"{name} may be {most} or more" for name, most in wanted.items() if said.most.get(name, P) > most)


def divides(said: Sentences) -> Iterator[str]:
    """a · b - q · n - r is a sum of sentences, but for products of q and n that are 0."""
    size = 2 * said.limbs
    a, b, m, q = (bytes_of(name, size) for name in ("a", "b", "m", "quotient"))
    q += bytes_of("quotient", 2 * size)[size:]
    divisor = [*((part, k) for k, part in enumerate(m)), (ZERO_FLAG, 0)]
    rest: Whole = {}
    for i, left in enumerate(a):
        for j, right in enumerate(b):
            add(rest, (left, right), 1 << 8 * (i + j))
    for i, left in enumerate(q):
        for right, j in divisor:
            add(rest, (left, right), -(1 << 8 * (i + j)))
    for k in range(said.limbs):
        add(rest, (f"remainder.{k}",), -(1 << 16 * k))
    for k in range(2 * said.limbs):
        sentence = next((poly for poly in said.have if takes_part(poly, a, b, k)), None)
        whole = said.whole(sentence) if sentence else None
        if whole is None:
            yield f"limb {k} of the product is not said, or can wrap around"
            return
        for monomial, factor in whole.items():
            add(rest, monomial, -factor << 16 * k)
    rest = {monomial: factor for monomial, factor in rest.items() if factor}
    nothing = {monomial for poly in said.have if (whole := said.whole(poly)) and all(factor > 0 for factor in whole.values())
               and () not in whole for monomial in whole}
    yield from (f"{' times '.join(monomial)} is left over" for monomial in rest if monomial not in nothing)


def add(whole: Whole, monomial: tuple[str, ...], factor: int) -> None:
    monomial = tuple(sorted(monomial))
    whole[monomial] = whole.get(monomial, 0) + factor


def takes_part(poly: Poly, a: Sequence[str], b: Sequence[str], limb: int) -> bool:
    """Whether this is the sentence in which two bytes that count for this limb alone are multiplied once."""
    low = min(2 * limb, len(a) - 1)
    return poly.get(tuple(sorted((a[low], b[2 * limb - low])))) == 1 if 2 * limb - low < len(b) else False


def counts_as_zero(said: Sentences) -> Iterator[str]:
    """If it is set every byte of m is 0: their sum, which cannot wrap around, times it is 0."""
    found = {monomial for poly in said.have if (whole := said.whole(poly)) and all(factor > 0 for factor in whole.values())
             and all(ZERO_FLAG in monomial for monomial in whole) for monomial in whole}
    for byte in bytes_of("m", 2 * said.limbs):
        if tuple(sorted((byte, ZERO_FLAG))) not in found:
            yield f"{byte} need not be 0 if m counts as 0"


def is_below(said: Sentences) -> Iterator[str]:
    """One flag is set; whichever it is, the limbs above are the same and this one is smaller."""
    flags = [f"smaller in limb {k}" for k in range(said.limbs)]
    if plus({(flag,): 1 for flag in flags}, ONE, P - 1) not in said.have or len(flags) >= P - 1:
        yield "not just one limb is the smaller one"
    divisor = joined(bytes_of("m", 2 * said.limbs))
    divisor[0] = plus(divisor[0], one(ZERO_FLAG))
    gaps = [plus(more, one(f"remainder.{k}"), P - 1) for k, more in enumerate(divisor)]
    looked_up = [said.poly(m.parts[0].number) for m in said.chip.messages if m.bus == RANGE16 and said.poly(m.times.number) == one("real")]
    if plus(one(DIFFERENCE), ONE, P - 1) not in looked_up:
        yield "the difference may be 0"
    for k, flag in enumerate(flags):
        setting = {name: int(name == flag) for name in flags}
        have = [with_values(poly, setting) for poly in said.have if set(flags) & names_of(poly)]
        wanted = [*gaps[k + 1:], plus(one(DIFFERENCE), gaps[k], P - 1)]
        yield from (f"{flag}: {sorted(names_of(poly))} may be anything" for poly in wanted
                    if poly not in have and multiplied(poly, {(): P - 1}) not in have)


def with_values(poly: Poly, setting: dict[str, int]) -> Poly:
    out: Poly = {}
    for monomial, factor in poly.items():
        value = prod(setting[name] for name in monomial if name in setting)
        out = plus(out, {tuple(name for name in monomial if name not in setting): factor * value})
    return out


def messages(said: Sentences) -> Iterator[str]:
    """The call is taken; a is found in the first cells and the remainder is left there; b and m stay."""
    spoken = [(m.bus.number, [said.poly(e.number) for e in (m.times, *m.parts)]) for m in said.chip.messages if m.bus in (HOST, CELL)]
    call = (HOST.number, [{("real",): P - 1}, {(): int(number("MULMOD"))}, one("time"), one("address")])
    a, b, m = (joined(bytes_of(name, 2 * said.limbs)) for name in "abm")
    left = [one(f"remainder.{k}") for k in range(said.limbs)]
    need, cell = [call], 0
    for before, after in ((a, left), (b, b), (m, m)):
        for at in range(0, said.limbs, mulmod.IN_CELL):
            limbs = [padded(both[at:at + mulmod.IN_CELL]) for both in (before, after)]
            need.append((CELL.number, [one("real"), plus(one("address"), ONE, cell), plus(one("time"), ONE, cell), *limbs[0], *limbs[1]]))
            cell += 1
    yield from (f"message {found[1:3]} on bus {bus}: not expected" for bus, found in spoken if (bus, found) not in need)
    yield from (f"message {found[1:3]} on bus {bus}: not said once" for bus, found in need if spoken.count((bus, found)) != 1)


def padded(limbs: list[Poly]) -> list[Poly]:
    return limbs + [{}] * (mulmod.IN_CELL - len(limbs))
