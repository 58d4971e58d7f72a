"""Numbers of every row that are still to be computed: what a function on arrays does with them becomes a recipe (`recipes.py`).

A function that computes columns from columns, row by row, is read with symbols in place of arrays. It may use + - *, & | ^ ~, shifts,
comparisons, // and % by powers of two, `np.where`, `taken`, `np.zeros_like` and `astype` among integers of 64 bits; anything
else is a TypeError. So the function on arrays stays the definition, and is the only text.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
import numpy.lib.mixins
import numpy.typing as npt

Number = TypeVar("Number", bound=np.generic)
U32 = npt.NDArray[np.uint32]
I64 = npt.NDArray[np.int64]
SIGNED, UNSIGNED, BIT = np.dtype(np.int64), np.dtype(np.uint64), np.dtype(np.bool_)
WORD = 1 << 64


def where(table: npt.NDArray[Any]) -> int:
    """The address of an array."""
    return int(table.__array_interface__["data"][0])


Node = tuple[Any, ...]          # ("row",), ("constant", value), ("take", table, index), (operation, operand, …)


class Book:
    """All nodes, each once."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.numbers: dict[Node, int] = {}
        self.words: list[U32] = []
        self.longs: list[I64] = []
        self.places: dict[tuple[Any, ...], int] = {}

    def number(self, node: Node) -> int:
        if node not in self.numbers:
            self.numbers[node] = len(self.nodes)
            self.nodes.append(node)
        return self.numbers[node]

    def symbol(self, kind: np.dtype[Any], *node: Any) -> Symbol:
        return Symbol(self, self.number(node), kind)

    def rows(self) -> Symbol:
        """The number of every row."""
        return self.symbol(SIGNED, "row")

    def constant(self, value: int, kind: np.dtype[Any] = SIGNED) -> Symbol:
        return self.symbol(kind, "constant", (int(value) + WORD // 2) % WORD - WORD // 2)

    def table(self, values: npt.NDArray[Any]) -> int:
        key = (where(values), values.dtype.str, values.shape, values.strides)
        if key not in self.places:
            if values.dtype == np.uint32:
                self.places[key] = 2 * len(self.words)
                self.words.append(values)
            elif values.dtype in (SIGNED, UNSIGNED):
                self.places[key] = 2 * len(self.longs) + 1
                self.longs.append(values.view(np.int64))
            else:
                raise TypeError(f"no recipe takes numbers of {values.dtype}")
        return self.places[key]

    def value(self, number: int) -> int | None:
        """Of a constant."""
        node = self.nodes[number]
        return int(node[1]) if node[0] == "constant" else None


class Symbol(numpy.lib.mixins.NDArrayOperatorsMixin):
    """A node with the type that an array of its numbers would have."""

    def __init__(self, book: Book, number: int, kind: np.dtype[Any]) -> None:
        self.book, self.number, self.dtype = book, number, kind

    def astype(self, kind: Any) -> Symbol:
        if np.dtype(kind) not in (SIGNED, UNSIGNED) or self.dtype not in (SIGNED, UNSIGNED, BIT):
            raise TypeError(f"no recipe makes {kind} of {self.dtype}")
        return Symbol(self.book, self.number, np.dtype(kind))

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Symbol:
        if method != "__call__" or options or ufunc not in UFUNCS:
            raise TypeError(f"no recipe has {ufunc.__name__} {method} with {options}")
        return UFUNCS[ufunc](self.book, *(self.lifted(value) for value in inputs))

    def __array_function__(self, function: Callable[..., Any], types: Any, arguments: Any, options: Any) -> Symbol:
        if function is np.zeros_like:
            return self.book.constant(0, self.dtype)
        if function is np.where and not options:
            condition, yes, no = (self.lifted(value) for value in arguments)
            return self.book.symbol(common(yes, no), "where", condition.number, yes.number, no.number)
        raise TypeError(f"no recipe has {function.__name__}")

    def place_in(self, table: npt.NDArray[Any]) -> Symbol:
        """What stands there."""
        kind = UNSIGNED if table.dtype == UNSIGNED else SIGNED
        return self.book.symbol(kind, "take", self.book.table(table), self.number)

    def lifted(self, value: Any) -> Symbol:
        """A number by itself, as a symbol; one of Python has no type of its own."""
        if isinstance(value, Symbol):
            return value
        if isinstance(value, np.generic):
            return self.book.constant(int(value), value.dtype)
        if type(value) is int or isinstance(value, int):
            return self.book.constant(value, LOOSE)
        raise TypeError(f"no recipe has {value!r}")


def taken(table: npt.NDArray[Number], place: npt.NDArray[Any]) -> npt.NDArray[Number]:
    """What stands in these places of a row of numbers; the places may be symbols."""
    return cast("npt.NDArray[Number]", place.place_in(table) if isinstance(place, Symbol) else np.take(table, place))


LOOSE = np.dtype(np.int8)       # of a number of Python's


def common(*symbols: Symbol) -> np.dtype[Any]:
    """The type of what is computed of these."""
    kinds = {symbol.dtype for symbol in symbols} - {LOOSE}
    if kinds <= {BIT} and kinds:
        return BIT if all(symbol.dtype == BIT for symbol in symbols) else SIGNED
    kinds -= {BIT}
    if len(kinds) > 1:
        raise TypeError("a recipe does not mix numbers with and without a sign")
    return kinds.pop() if kinds else SIGNED


def plain(name: str) -> Callable[..., Symbol]:
    def applied(book: Book, left: Symbol, right: Symbol) -> Symbol:
        kind = common(left, right)
        if kind == BIT and name in ("add", "sub", "mul"):
            raise TypeError(f"no recipe has {name} of bits")
        values = book.value(left.number), book.value(right.number)
        if name == "mul" and 0 in values:
            return book.constant(0, kind)
        if name in ("add", "or", "xor") and 0 in values:
            return Symbol(book, left.number if values[1] == 0 else right.number, kind)
        if name in ("sub", "shl") and values[1] == 0:
            return Symbol(book, left.number, kind)
        return book.symbol(kind, name, left.number, right.number)
    return applied


def shifted_right(book: Book, left: Symbol, right: Symbol) -> Symbol:
    kind = common(left, right)
    return Symbol(book, left.number, kind) if book.value(right.number) == 0 else book.symbol(
        kind, "shr" if kind == UNSIGNED else "sar", left.number, right.number)


def compared(name: str, swapped: bool = False, turned: bool = False) -> Callable[..., Symbol]:
    def applied(book: Book, left: Symbol, right: Symbol) -> Symbol:
        if name == "lt" and common(left, right) == UNSIGNED:
            raise TypeError("a recipe compares numbers with a sign")
        numbers = (right.number, left.number) if swapped else (left.number, right.number)
        found = book.number((name, *numbers))
        return book.symbol(BIT, "xor", found, book.constant(1).number) if turned else Symbol(book, found, BIT)
    return applied


def turned_over(book: Book, value: Symbol) -> Symbol:
    if value.dtype == BIT:
        raise TypeError("no recipe turns over a bit")
    return book.symbol(value.dtype, "xor", value.number, book.constant(-1).number)


def by_power(name: str) -> Callable[..., Symbol]:
    """// or % by a power of two, which round down."""
    def applied(book: Book, left: Symbol, right: Symbol) -> Symbol:
        divisor = book.value(right.number)
        if divisor is None or divisor < 1 or divisor & (divisor - 1):
            raise TypeError("a recipe divides by powers of two")
        if name == "mod":
            return book.symbol(common(left, right), "and", left.number, book.constant(divisor - 1).number)
        return shifted_right(book, left, book.constant(divisor.bit_length() - 1, LOOSE))
    return applied


UFUNCS: dict[np.ufunc, Callable[..., Symbol]] = {
    np.add: plain("add"), np.subtract: plain("sub"), np.multiply: plain("mul"), np.bitwise_and: plain("and"), np.bitwise_or: plain("or"),
    np.bitwise_xor: plain("xor"), np.left_shift: plain("shl"), np.right_shift: shifted_right, np.floor_divide: by_power("div"),
    np.invert: turned_over, np.remainder: by_power("mod"),
    np.equal: compared("eq"), np.not_equal: compared("eq", turned=True), np.less: compared("lt"),
    np.greater: compared("lt", swapped=True), np.less_equal: compared("lt", swapped=True, turned=True),
    np.greater_equal: compared("lt", turned=True)}
