"""STORE: the bytes at slot a + offset (i, j) in space d become the low bytes of slot b; all others stay."""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from segments.buses import BYTES
from segments.guest.window import CELL, cell_touches, fill_window, widths, window, window_limbs
from segments.operands import LIMB, Step
from segments.steps import U64, Columns, GuestFamily, Past, Steps, Touch, bytes_of, limbs, numbered, slot
from stark.chip import Chip
from stark.expression import total
from wasm_exec.instructions import Family


def chip() -> GuestFamily:
    chip = Chip("store", "the 1, 2 or 4 bytes at (slot a + offset) in space d become those of slot b, no others change")
    step = Step(chip, ["STORE32", "STORE8", "STORE16"], "d a b i j")
    word, half = step.flag["STORE32"], step.flag["STORE16"]
    w = window(step, step.read_slot("a value", step.field["a"]), word, half)
    value = step.read_slot("b value", step.field["b"])
    new = chip.columns("byte", 4)
    for k, limb in enumerate(value):
        chip.require(f"limb {k} of the value is two bytes", limb - new[2 * k] - 256 * new[2 * k + 1])
        chip.send(BYTES, new[2 * k], new[2 * k + 1], times=step.real)
    pair = half + word
    even = [new[0] - w.low[0] + 256 * pair * (new[1] - w.high[0]),
            word * (new[2] - w.low[1] + 256 * (new[3] - w.high[1])),
            chip.constant(0)]
    odd = [256 * (new[0] - w.high[0]),
           pair * (new[1] - w.low[1]) + 256 * word * (new[2] - w.high[1]),
           word * (new[3] - w.low[2])]
    change = chip.columns("change", 3)
    for k in range(3):
        chip.require(f"limb {k} of the window changes by the new bytes in it", change[k] - even[k] - w.odd * (odd[k] - even[k]))
    after = chip.columns("after", 6)
    for k in range(6):
        moved = total([w.at[h] * change[k - h] for h in range(4) if 0 <= k - h < 3])
        chip.require(f"limb {k} of the cells changes as the window does", after[k] - w.limbs[k] - moved)
    chip.free |= {f"before.{k}": "neither read nor changed unless the access crosses" for k in range(4, 8)}
    step.access("first cell", step.field["d"], w.cell, w.limbs[:4], after[:4])
    step.access("second cell", step.field["d"], w.cell + 1, w.limbs[4:], [*after[4:], *w.limbs[6:]], w.crossing)
    return GuestFamily(Family.STORE, step.finish(), list(step.flag), step.ticks, touches, fill)


def stored(steps: Steps) -> tuple[U64, U64]:
    """Both cells after the access."""
    inside, width = steps.address % CELL, widths(steps)
    content = np.stack([steps.cell0, steps.cell1], 1).copy().view(np.uint8)
    rows = np.arange(len(steps))
    for k, new in enumerate(bytes_of(steps.b)):
        content[rows[width > k], (inside + k)[width > k]] = new[width > k]
    cells = content.view(np.uint64)
    return cells[:, 0], cells[:, 1]


def touches(steps: Steps) -> list[Touch]:
    return [slot(steps, "a value", "a", steps.a), slot(steps, "b value", "b", steps.b),
            *cell_touches(steps, steps.fields["d"], stored(steps))]


def fill(steps: Steps, past: Mapping[str, Past]) -> Columns:
    before, at = window_limbs(steps), steps.address % CELL // 2
    first, second = stored(steps)
    after = np.stack([(cell >> np.uint64(16 * k) & np.uint64(LIMB - 1)).astype(np.int64) for cell in (first, second) for k in range(4)])
    change = [np.take_along_axis(after - before, (at + k)[None], 0)[0] for k in range(3)]
    return {**fill_window(steps), **limbs("a value", steps.a), **limbs("b value", steps.b),
            **numbered("byte", bytes_of(steps.b)), **numbered("change", change), **numbered("after", list(after[:6]))}
