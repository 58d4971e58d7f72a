"""Small machines for the tests of the toolkit: a multiplier and a Fibonacci chip that look values up in a table."""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from stark.check import Filled
from stark.chip import Bus, Chip
from stark.expression import P
from stark.key import Key
from stark.profiles import Parameters

U32 = npt.NDArray[np.uint32]
RANGE = Bus(1, "range", ("value",), tables=("table",))
PAIRS = Bus(2, "pairs", ("left", "right"))
TOY = Parameters(log_blowup=1, queries=4, log_arity=2, log_cap=2, batch_grinding=2, grinding=3, min_log_final=2)


def multiplier() -> Chip:
    chip = Chip("multiplier", "c is a times b, and both are small")
    a, b, c = (chip.column(name) for name in "abc")
    on = chip.boolean("on")
    chip.require("c is the product", on * (a * b - c))
    chip.free["c"] = "nothing is done with the product"
    chip.send(RANGE, a, times=on)
    chip.send(RANGE, b, times=on)
    chip.send(PAIRS, a, b, times=on)
    chip.receive(PAIRS, a, b, times=on)
    return chip


def table() -> Chip:
    chip = Chip("table", "the values below the height")
    value, times = chip.fixed("value"), chip.count("times")
    chip.receive(RANGE, value, times=times)
    return chip


def fibonacci() -> Chip:
    chip = Chip("fibonacci", "from the first public word the sequence runs to the second")
    x, y, k = (chip.column(name) for name in "xyk")
    chip.require("it starts at the first public word", x - chip.public(0), "first")
    chip.require("it ends at the second public word", y - chip.public(1), "last")
    chip.require("x takes the place of y", x.next - y, "next")
    chip.require("y is the sum", y.next - x - y, "next")
    chip.send(RANGE, k)
    return chip


def example(logs: tuple[int, int, int] = (6, 4, 5), seed: int = 0,
            parameters: Parameters = TOY) -> tuple[Key, Mapping[str, U32], Mapping[str, U32], U32]:
    """Key without cap, fixed tables, main tables, statement."""
    rng = np.random.default_rng(seed)
    log_multiplier, log_table, log_fibonacci = logs
    chips = multiplier(), table(), fibonacci()
    a, b = rng.integers(0, 1 << log_table, (2, 1 << log_multiplier))
    on = (rng.random(1 << log_multiplier) < .8).astype(np.int64)
    k = rng.integers(0, 1 << log_table, 1 << log_fibonacci)
    times = np.bincount(np.concatenate([a[on == 1], b[on == 1], k]), minlength=1 << log_table)
    terms = [1, 1]
    while len(terms) <= 1 << log_fibonacci:
        terms.append((terms[-1] + terms[-2]) % P)
    mains = {"multiplier": chips[0].table({"a": a, "b": b, "c": a * b, "on": on}, log_multiplier),
             "table": chips[1].table({"times": times}, log_table),
             "fibonacci": chips[2].table({"x": terms[:-1], "y": terms[1:], "k": k}, log_fibonacci)}
    fixed = {"table": chips[1].fixed_table({"value": np.arange(1 << log_table)}, log_table)}
    key = Key(list(zip(chips, logs, strict=True)), parameters, 2)
    return key, fixed, mains, np.array([terms[0], terms[1 << log_fibonacci]], np.uint32)


def filled(key: Key, fixed: Mapping[str, U32], mains: Mapping[str, U32]) -> list[Filled]:
    empty = np.zeros((0, 0), np.uint32)
    return [Filled(chip, fixed.get(chip.name, empty), mains[chip.name]) for chip in key.chips]
