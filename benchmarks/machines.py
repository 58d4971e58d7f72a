"""A machine of many chips to measure the toolkit on: products of looked-up values, at several heights."""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from stark.chip import Bus, Chip
from stark.key import Key
from stark.profiles import Parameters

U32 = npt.NDArray[np.uint32]
RANGE = Bus(1, "range", ("value",), tables=("small values",))
LOG_TABLE = 10


def products(name: str, triples: int) -> Chip:
    """`triples` times three columns; two of every eight columns are looked up."""
    chip = Chip(name, "each c is a times b, and the a's are small")
    on = chip.boolean("on")
    for k in range(triples):
        a, b, c = chip.column(f"a.{k}"), chip.column(f"b.{k}"), chip.column(f"c.{k}")
        chip.require(f"product {k}", on * (a * b - c))
        chip.free[f"c.{k}"] = "nothing is done with the product"
        chip.require(f"b {k} follows a", b.next - a - b, "next")
        if k % 2 == 0:
            chip.send(RANGE, a, times=on)
    return chip


def small_values() -> Chip:
    chip = Chip("small values", f"the values below 2^{LOG_TABLE}")
    chip.receive(RANGE, chip.fixed("value"), times=chip.count("times"))
    return chip


def machine(log_rows: int, chips: int, triples: int, parameters: Parameters) -> tuple[Key, Mapping[str, U32], dict[str, U32]]:
    """`chips` chips whose heights are 2^log_rows, half and a quarter of it in turn."""
    rng = np.random.default_rng(1)
    pairs: list[tuple[Chip, int]] = []
    mains: dict[str, U32] = {}
    times = np.zeros(1 << LOG_TABLE, np.int64)
    for k in range(chips):
        chip, log_height = products(f"products {k}", triples), log_rows - k % 3
        height = 1 << log_height
        columns: dict[str, npt.NDArray[np.int64]] = {"on": np.ones(height, np.int64)}
        for t in range(triples):
            a = rng.integers(0, 1 << LOG_TABLE, height)
            b = np.concatenate([[0], np.cumsum(a)[:-1]])
            columns |= {f"a.{t}": a, f"b.{t}": b, f"c.{t}": a * b}
            if t % 2 == 0:
                times += np.bincount(a, minlength=1 << LOG_TABLE)
        pairs.append((chip, log_height))
        mains[chip.name] = chip.table(columns, log_height)
    table = small_values()
    mains[table.name] = table.table({"times": times}, LOG_TABLE)
    fixed = {table.name: table.fixed_table({"value": np.arange(1 << LOG_TABLE)}, LOG_TABLE)}
    return Key([*pairs, (table, LOG_TABLE)], parameters), fixed, mains
