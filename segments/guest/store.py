"""STORE: the bytes at slot a + offset (i, j) in space d become the low bytes of slot b; all others stay. STORE64: eight bytes.

TAKE32: four bytes of the space of the input, which are zero, become a word from outside: whatever the prover says.
"""
from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from segments.guest.slots import slot
from segments.guest.window import CELL, Place, cell_touches, crossing, fill_place, fill_split, in_window, place, split, widths, window_limbs
from segments.limbs import bytes_of, limb, limbs, numbered
from segments.operands import Limbs, Step, joined, look_up_bytes
from segments.steps import U64, Columns, GuestFamily, Ints, Past, Steps, Touch, once
from stark.chip import Chip
from stark.expression import Expression, total
from stark.symbols import taken
from wasm_exec.instructions import Family
from wasm_exec.spaces import Space

ONES = np.array([(1 << 8 * width) - 1 for width in range(CELL + 1)], np.uint64)     # in so many bytes


def chip() -> GuestFamily:
    chip = Chip("store", "the 1, 2 or 4 bytes at (slot a + offset) in space d become those of slot b, no others change")
    step = Step(chip, ["STORE32", "STORE8", "STORE16", "TAKE32"], "d a b i j")
    take = step.flag["TAKE32"]
    word, half = step.flag["STORE32"] + take, step.flag["STORE16"]
    where = place(step, step.read_slot("a value", step.field["a"]))
    crosses = crossing(step, word * where.crosses_with_four + half * where.crosses_with_two)
    before = chip.columns("before", 8)
    low, high = split(step, where, before, 3)
    chip.require("a word is taken into the space of the input", take * (step.field["d"] - int(Space.INPUT)))
    chip.require("a word that is taken begins at an even byte", take * where.odd)
    chip.require("a word is taken where zeros are", take * (low[0] + high[0] + low[1] + high[1]))
    new = new_bytes(step, step.real - take)
    pair = half + word
    even = [new[0] - low[0] + 256 * pair * (new[1] - high[0]),
            word * (new[2] - low[1] + 256 * (new[3] - high[1])),
            chip.constant(0)]
    odd = [256 * (new[0] - high[0]),
           pair * (new[1] - low[1]) + 256 * word * (new[2] - high[1]),
           word * (new[3] - low[2])]
    change = chip.columns("change", 3)
    for k in range(3):
        chip.require(f"limb {k} of the window changes by the new bytes in it", change[k] - even[k] - where.odd * (odd[k] - even[k]))
    after = chip.columns("after", 6)
    for k in range(6):
        moved = total([where.at[h] * change[k - h] for h in range(4) if 0 <= k - h < 3])
        chip.require(f"limb {k} of the cells changes as the window does", after[k] - before[k] - moved)
    both_cells(step, where, before, [*after, *before[6:]], crosses)
    return GuestFamily(Family.STORE, step.finish(), step.operations, step.ticks, partial(touches, 2), fill)


def chip64() -> GuestFamily:
    chip = Chip("store64", "the 8 bytes at (slot a + offset) in space d become those of slot b, no others change")
    step = Step(chip, ["STORE"], "d a b i j", width=4)
    where = place(step, step.read_slot("a value", step.field["a"], 2))
    crosses = crossing(step, step.real - where.at[0] * (1 - where.odd))
    before, after = chip.columns("before", 8), chip.columns("after", 8)
    new = new_bytes(step, step.real)
    kept = []
    for name, k in (("first", 0), ("last", 4)):
        low, high = chip.column(f"low byte of the {name} limb"), chip.column(f"high byte of the {name} limb")
        chip.require(f"the {name} limb of the window is two bytes", where.limb(before, k) - low - 256 * high)
        look_up_bytes(chip, [low, high], step.real)
        kept.append((low, high))
    even = joined(new)
    odd = joined([kept[0][0], *new, kept[1][1]])
    for k in range(8):
        inside = [where.at[h] * (even[k - h] - before[k] + where.odd * (odd[k - h] - even[k - h])) for h in range(4) if 0 <= k - h < 4]
        last = [where.at[h] * where.odd * (odd[4] - before[k]) for h in range(4) if k - h == 4]
        chip.require(f"limb {k} of the cells is that of the value where the value is, else as before",
                     after[k] - before[k] - total(inside + last))
    both_cells(step, where, before, after, crosses)
    return GuestFamily(Family.STORE64, step.finish(), step.operations, step.ticks, partial(touches, 4), fill64)


def new_bytes(step: Step, times: Expression) -> Limbs:
    """The bytes of slot b, where it is read."""
    new = step.chip.columns("byte", 2 * step.width)
    look_up_bytes(step.chip, new, step.real)
    step.read_slot("b value", step.field["b"], joined(new), times)
    return new


def both_cells(step: Step, where: Place, before: Limbs, after: Limbs, crosses: Expression) -> None:
    """They are written; the second one if the access crosses into it."""
    step.chip.free |= {f"before.{k}": "neither read nor changed unless the access crosses" for k in range(4, 8)}
    step.chip.held |= {f"before.{k}": "in the window, a limb is two bytes that are looked up" for k in range(4, 8)}
    step.access("first cell", step.field["d"], where.cell, before[:4], after[:4])
    step.access("second cell", step.field["d"], where.cell + 1, before[4:], after[4:], crosses)


@once
def stored(steps: Steps) -> tuple[U64, U64]:
    """Both cells after the access: what is new begins at a bit of the first, and goes on at the beginning of the second."""
    bit, ones = (steps.address % CELL * 8).astype(np.uint64), taken(ONES, widths(steps))
    new = steps.b.astype(np.uint64) & ones
    first: U64 = steps.cell0 & ~(ones << bit) | new << bit
    second: U64 = steps.cell1 & ~beyond(ones, bit) | beyond(new, bit)
    return first, second


def beyond(bits: U64, by: U64) -> U64:
    """What leaves a cell above when it is shifted so far, which is less than all of it."""
    one, most = np.uint64(1), np.uint64(63)
    above: U64 = bits >> one >> (most - by)
    return above


def touches(width: int, steps: Steps) -> list[Touch]:
    return [slot(steps, "a value", "a", steps.a), slot(steps, "b value", "b", steps.b, width, 1 - steps.is_one_of("TAKE32")),
            *cell_touches(steps, steps.fields["d"], stored(steps))]


@once
def limbs_after(steps: Steps) -> list[Ints]:
    """The eight limbs of both cells after the access."""
    return [limb(cell.astype(np.int64), k) for cell in stored(steps) for k in range(4)]


def fill(steps: Steps, past: Mapping[str, Past]) -> Columns:
    before, after = window_limbs(steps), limbs_after(steps)
    change = in_window(steps, [new - old for new, old in zip(after, before, strict=True)], 3)
    return {**fill_place(steps), **fill_split(steps, 3), **limbs("a value", steps.a),
            **numbered("byte", bytes_of(steps.b)), **numbered("change", change), **numbered("after", after[:6])}


def fill64(steps: Steps, past: Mapping[str, Past]) -> Columns:
    parts = fill_split(steps, 5)
    return {**fill_place(steps), **limbs("a value", steps.a), **numbered("byte", bytes_of(steps.b, 4)),
            **numbered("after", limbs_after(steps)),
            **{f"{half} byte of the {name} limb": parts[f"{half} byte.{k}"]
               for half in ("low", "high") for name, k in (("first", 0), ("last", 4))}}
