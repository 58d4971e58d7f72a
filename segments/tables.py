"""The two fixed tables: the instructions of the program, and the 2^16 rows in which limbs, bytes and small functions are looked up."""
from __future__ import annotations

import numpy as np

from segments.buses import AND, BYTES, PROGRAM, RANGE16, SHIFT
from segments.claim import FORMS
from segments.operands import MEMORY_SIZE
from segments.steps import Columns, Ints
from stark.chip import Chip
from stark.poseidon2 import Hash
from wasm_exec.program import FIELDS, Program

LOG_LIMB = 16
COLUMN_OF = {RANGE16: "range16 times", BYTES: "bytes times", AND: "and times", SHIFT: "shift times"}


def program_chip(kind: Hash) -> Chip:
    """Every step fetches one instruction, so the sum of all rows but the last, which is no instruction, is the number of steps."""
    chip = Chip("program", "the instructions of the program, each as often as it is fetched; how many steps these are")
    fields = [chip.fixed(name) for name in FIELDS]
    times, steps = chip.count("times"), chip.column("steps before")
    chip.receive(PROGRAM, *fields, times=times)
    chip.require("no step is counted before the first instruction", steps, "first")
    chip.require("the steps of an instruction are counted", steps.next - steps - times, "next")
    chip.require("the statement has the number of steps", steps - chip.public(FORMS[kind.digest].steps), "last")
    return chip


def program_fixed(program: Program, log_height: int) -> Columns:
    """Padding repeats the last instruction; the last row is no instruction and holds the size of linear memory."""
    if len(program.instructions) >= 1 << log_height:
        raise ValueError("the program is longer than its table")
    rows = np.minimum(np.arange((1 << log_height) - 1), len(program.instructions) - 1)
    last = {"op": MEMORY_SIZE, "i": program.memory_pages}
    return {name: np.append(program.column(name)[rows].astype(np.int64), last.get(name, 0)) for name in FIELDS}


def program_fill(fetched: Ints, sizes: int, log_height: int) -> Columns:
    """How often every row is fetched; `sizes`: how often the size of linear memory is asked for."""
    times = np.zeros(1 << log_height, np.int64)
    times[:len(fetched)] = fetched
    times[-1] += sizes
    return {"times": times, "steps before": np.cumsum(times) - times}


def lookup_chip() -> Chip:
    """Row r has the bytes x = r mod 256 and y = r / 256; the shift amount is y mod 8."""
    chip = Chip("lookup", "limbs below 2^16, pairs of bytes, the AND of bytes, bytes shifted left by 0 to 7")
    x, y, both = (chip.fixed(name) for name in ("x", "y", "both"))
    amount, low, high = (chip.fixed(name) for name in ("amount", "low", "high"))
    chip.receive(RANGE16, x + 256 * y, times=chip.count(COLUMN_OF[RANGE16]))
    chip.receive(BYTES, x, y, times=chip.count(COLUMN_OF[BYTES]))
    chip.receive(AND, x, y, both, times=chip.count(COLUMN_OF[AND]))
    chip.receive(SHIFT, amount, x, low, high, times=chip.count(COLUMN_OF[SHIFT]))
    return chip


def lookup_fixed() -> Columns:
    x, y = np.arange(1 << LOG_LIMB) % 256, np.arange(1 << LOG_LIMB) // 256
    amount = y % 8
    return {"x": x, "y": y, "both": x & y, "amount": amount, "low": (x << amount) % 256, "high": (x << amount) // 256}
