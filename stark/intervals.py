"""Between which integers the columns and expressions of a chip lie, on every row that is tried, or on all rows alike."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from stark.expression import Constant, Input, Operation, P
from stark.flat import needed
from stark.settings import centred, inputs_of, mains
from stark.speaking import Mask, Speaking

F64 = npt.NDArray[np.float64]
Bounds = tuple[F64, F64]                        # least and greatest value, row by row; floats that are integers, or unbounded
Look = tuple[int, int, Mask | None]             # a part of a message, what it stays below, on which rows (None: all)
UNKNOWN: Bounds = (np.full(1, -np.inf), np.full(1, np.inf))
EXACT = 2.0 ** 52                               # greater numbers count as unbounded: floats do not tell them apart


def point(value: float) -> Bounds:
    return np.full(1, value), np.full(1, value)


def below_p(bounds: Bounds) -> Mask:
    fine: Mask = (bounds[0] > -P) & (bounds[1] < P)
    return fine


class Ranges:
    """Of main columns by what is looked up. With `apparent`, what is so on the rows that are tried: their bits and what the key says there
    are known, and columns that are held for a reason have their range in `apparent`."""

    def __init__(self, speaking: Speaking, looks: Sequence[Look], apparent: Ranges | None = None) -> None:
        self.speaking, self.chip = speaking, speaking.chip
        self.trial = speaking.trial if apparent else None
        zero, one = np.zeros(1), np.ones(1)
        self.main: dict[int, Bounds] = dict.fromkeys(speaking.rows.bits, (zero, one))
        for column in self.trial.columns if self.trial else ():
            values = centred(self.trial.tables.main[column]).astype(np.float64) if self.trial else zero
            free = np.where(values == 0, 0, np.inf) if column in speaking.counts else None       # a count that is not 0 is anything
            self.main[column] = (values, values) if free is None else (-free, free)
        self.names: dict[int, int] = {}             # the requirements that only name a number, and its column
        for column, bounds in apparent.main.items() if apparent else ():
            if self.chip.main_names[column] in self.chip.held and apparent and column not in apparent.names.values():
                self.main[column] = bounds
        for part, below, where in looks:
            node = self.chip.graph.nodes[part]
            if isinstance(node, Input) and node.kind == "main" and not node.next:
                self.narrow(node.index, where, np.full(1, below - 1.0))
        for part, below, where in looks:
            self.narrow_summands(part, below, where)
        for part, below, where in looks:
            self.solve(part, below, where, apparent is None)
        self.names = self.named(apparent is None)

    def narrow(self, column: int, where: Mask | None, most: F64) -> None:
        low, high = self.main.get(column, UNKNOWN)
        mask = np.ones(1, np.bool_) if where is None else where
        self.main[column] = np.where(mask, np.maximum(low, 0), low), np.where(mask, np.minimum(high, most), high)

    def narrow_summands(self, part: int, below: int, where: Mask | None) -> None:
        """A sum that cannot reach p is the number that is looked up: no column that adds to its least value is greater than leaves room."""
        columns, (low, high) = mains(inputs_of(self.chip, part)), self.interval(part)
        nothing = dict.fromkeys(columns, point(0))
        least = self.interval(part, nothing)[0]
        sure = (low >= 0) & (high < P) & (low >= least) & np.isfinite(least) & (True if where is None else where)
        for column in columns if sure.any() else ():
            step = self.interval(part, {**nothing, column: point(1)})[0] - least
            if (step > 0).all():
                self.narrow(column, sure, np.maximum(np.floor((below - 1 - least) / step), 0))

    def solve(self, part: int, below: int, where: Mask | None, believed: bool) -> None:
        """A look-up of a sum with one column of which nothing is known says what this column is, if it stands there as it is. If it stands
        there as a multiple it can be anything modulo p: it is only `believed` to be as small as what is looked up, like all columns of a
        sum that none is taken from. So whatever looks at it is not one of the field, but open."""
        columns = mains(inputs_of(self.chip, part))
        new, nothing = columns - self.main.keys(), dict.fromkeys(columns, point(0))
        least = self.interval(part, nothing)[0]
        steps = [self.interval(part, {**nothing, column: point(1)})[0] - least for column in sorted(new)]
        if len(new) == 1 and (abs(steps[0]) == 1).all():
            low, high = self.interval(part, dict.fromkeys(new, point(0)))
            low, high = np.where(steps[0] > 0, -high, low - below + 1), np.where(steps[0] > 0, below - 1 - low, high)
            mask = np.ones(1, np.bool_) if where is None else where
            self.main[min(new)] = np.where(mask, low, -np.inf), np.where(mask, high, np.inf)
        elif believed and (len(columns) == 1 or all((step > 0).all() for step in steps)):
            self.main.update(dict.fromkeys(new, (np.zeros(1), np.full(1, below - 1.0))))

    def named(self, believed: bool) -> dict[int, int]:
        """The requirements that make a column of which nothing else is known of columns of known range: it is the number that they make,
        over the integers, so that they always hold. What they make a multiple of, like a carry, can again be anything modulo p. A column
        that is `free` is a number of the field."""
        rows, out, grown = self.speaking.rows, dict[int, int](), True
        own = self.speaking.counts | {column for column, name in enumerate(self.chip.main_names) if name in self.chip.free}
        waiting = dict(self.speaking.columns if believed else rows.requirements)
        while grown:
            grown = False
            for root, columns in list(waiting.items()):
                if len(new := columns - self.main.keys()) != 1 or new & own:
                    continue
                (column,), factor = new, rows.coefficient(root, min(new), {}) if root in rows.requirements else None
                if factor in (1, -1):
                    out[root] = column
                elif believed:
                    factor = next((factor for factor in self.speaking.factors(root, column) if abs(factor) > 1), None)
                del waiting[root]
                if factor and (believed or root in out):
                    ends = [-end / factor for end in self.interval(root, dict.fromkeys(new, point(0)))]
                    self.main[column] = np.minimum(*ends), np.maximum(*ends)
                    grown = True
        return out

    def knows(self, root: int) -> bool:
        """Whether there is a range for all that a requirement looks at."""
        inputs = inputs_of(self.chip, root)
        return mains(inputs) <= self.main.keys() and (self.speaking.known or not any(node.kind == "fixed" for node in inputs))

    def interval(self, root: int, instead: dict[int, Bounds] | None = None) -> Bounds:
        """Least and greatest value over the integers."""
        main, found = {**self.main, **(instead or {})}, dict[int, Bounds]()
        for number in needed(self.chip.graph, [root]):
            match self.chip.graph.nodes[number]:
                case Constant(value):
                    found[number] = point(value if value <= P // 2 else value - P)
                case Input("main", index, following):
                    bounds = main.get(index, UNKNOWN)
                    found[number] = self.following(bounds) if following else bounds
                case Input("fixed", index, following):
                    found[number] = self.fixed(index, following)
                case Input("public", _, _):
                    found[number] = np.zeros(1), np.full(1, P - 1.0)
                case Input():
                    found[number] = np.zeros(1), np.ones(1)             # a selector, up to a factor that is not zero where it counts
                case Operation(name, left, right):
                    found[number] = combined(name, found[left], found[right])
        return found[root]

    def following(self, bounds: Bounds) -> Bounds:
        """On the next row, which can be any if the rows that are tried are not those of the table."""
        low, high = bounds
        if self.trial is None or len(low) == 1:
            return bounds
        if self.trial.in_order:
            return np.roll(low, -1), np.roll(high, -1)
        fine = self.trial.fine
        return np.min(low[fine], initial=0, keepdims=True), np.max(high[fine], initial=0, keepdims=True)

    def fixed(self, index: int, following: bool) -> Bounds:
        table = self.speaking.rows.fixed
        if table is None:
            return UNKNOWN
        if self.trial is not None and (self.trial.in_order or (index in self.trial.looked_at and not following)):
            values = np.roll(centred(self.trial.tables.fixed[index]).astype(np.float64), -int(following))
            return values, values
        values = centred(table[index]).astype(np.float64)
        return values.min(keepdims=True), values.max(keepdims=True)


def combined(name: str, a: Bounds, b: Bounds) -> Bounds:
    if name == "mul":
        with np.errstate(invalid="ignore"):
            products = [np.where(np.isnan(product := x * y), 0, product) for x in a for y in b]         # 0 times anything is 0
        low, high = np.minimum.reduce(products), np.maximum.reduce(products)
    else:
        low, high = (a[0] + b[0], a[1] + b[1]) if name == "add" else (a[0] - b[1], a[1] - b[0])
    great = (low < -EXACT) | (high > EXACT)
    return np.where(great, -np.inf, low), np.where(great, np.inf, high)
