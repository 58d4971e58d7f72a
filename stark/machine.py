"""What the verifier's text is written on: arrays of field values, which one reading holds as numbers and another as addresses.

Shapes behave as in numpy and never depend on a number inside a Value: there is no way to ask a Value for a Python bool or int. So the
verifier cannot branch on a proof, and its text can be recorded as a circuit.
"""
from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from stark.point import PointChip

Data = npt.NDArray[Any]
Compress = Callable[["Machine", "Value", "Value"], "Value"]
Plain = int | Sequence[int] | Sequence[Sequence[int]] | npt.NDArray[Any]


class Value:
    """An array of base or extension elements that belongs to a machine."""

    __slots__ = ("machine", "data", "extension")
    __array_ufunc__ = None

    def __init__(self, machine: Machine, data: Data, extension: bool) -> None:
        self.machine, self.data, self.extension = machine, data, extension

    def _refuse(self, *_: object) -> Any:
        raise TypeError("a proof value must not steer the verifier; use require_equal or select")

    __bool__ = __int__ = __index__ = __iter__ = __eq__ = _refuse
    __hash__ = None  # type: ignore[assignment]

    @property
    def _tail(self) -> tuple[int, ...]:
        """Axes of the data that hold the words of one extension element."""
        return (5,) if self.extension and self.machine.words_inside else ()

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape[:-1] if self._tail else self.data.shape

    def __len__(self) -> int:
        return self.shape[0]

    def __add__(self, other: Value | Plain) -> Value:
        return self.machine.arithmetic("add", self, self.machine.lift(other))

    def __sub__(self, other: Value | Plain) -> Value:
        return self.machine.arithmetic("sub", self, self.machine.lift(other))

    def __mul__(self, other: Value | Plain) -> Value:
        return self.machine.arithmetic("mul", self, self.machine.lift(other))

    def __rsub__(self, other: Plain) -> Value:
        return self.machine.lift(other) - self

    def __radd__(self, other: Plain) -> Value:
        return self + other

    def __rmul__(self, other: Plain) -> Value:
        return self * other

    def _moved(self, data: Data) -> Value:
        return Value(self.machine, data, self.extension)

    def __getitem__(self, item: Any) -> Value:
        if self.extension and self.machine.words_inside:
            item = (*item, slice(None)) if isinstance(item, tuple) else (item, slice(None))
        return Value(self.machine, self.data[item], self.extension)

    def reshape(self, *shape: int) -> Value:
        return self._moved(self.data.reshape(*shape, *self._tail))

    def broadcast(self, *shape: int) -> Value:
        return self._moved(np.broadcast_to(self.data, (*shape, *self._tail)))


def concat(values: Sequence[Value], axis: int = 0) -> Value:
    first = values[0]
    if any(value.extension != first.extension for value in values):
        raise TypeError("base and extension values do not stand in one array")
    axis %= len(first.shape)
    return Value(first.machine, np.concatenate([value.data for value in values], axis), first.extension)


def stack(values: Sequence[Value], axis: int = 0) -> Value:
    return concat([value.reshape(*value.shape[:axis], 1, *value.shape[axis:]) for value in values], axis)


class Machine(ABC):
    """The operations that the verifier's text may use."""

    words_inside: bool      # does an extension Value carry a last axis of five words?

    def __init__(self) -> None:
        self.current = ""

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Names the part of the protocol, for statistics and for rejections."""
        before, self.current = self.current, name
        yield
        self.current = before

    def fused(self, step: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """A step that a circuit proves by a chip of its own; its text is its meaning."""
        return step(self, *args, **options)

    def lift(self, value: Value | Plain) -> Value:
        return value if isinstance(value, Value) else self.constant(value)

    def mul_add(self, a: Value, b: Value, c: Value) -> Value:
        return a * b + c

    def swap(self, bit: Value, a: Value, b: Value) -> tuple[Value, Value]:
        return self.select(bit, a, b), self.select(bit, b, a)

    def spell(self, bits: Value) -> Value:
        """The number whose bits, lowest first, stand on the last axis."""
        total = bits[..., 0]
        for i in range(1, bits.shape[-1]):
            total = self.mul_add(bits[..., i], self.constant(1 << i), total)
        return total

    def chosen(self, bits: Value, factors: Sequence[int], start: int) -> Value:
        """In every row of bits the product of `start` and the factors whose bit is 1."""
        terms = [1 + bits[:, j] * (factor - 1) for j, factor in enumerate(factors)]
        return reduce(lambda a, b: a * b, terms, self.constant([start] * bits.shape[0]))

    def carried_out(self, chips: PointChip, values: Value) -> Value:
        """The outputs of the steps of chips on these values: each takes values before it."""
        for _, steps in groupby(chips.steps, lambda step: step.level):
            results = [values]
            for step in steps:
                operands = [values[operand] for operand in step.operands]
                results.append(self.mul_add(*operands) if step.name == "mul_add" else self.arithmetic(step.name, *operands))
            values = concat(results)
        return values[chips.outputs]

    @abstractmethod
    def read(self, *shape: int, extension: bool = False) -> Value:
        """The next words of the proof."""

    @abstractmethod
    def constant(self, numbers: Plain) -> Value: ...

    @abstractmethod
    def constant_extension(self, numbers: Plain) -> Value: ...

    @abstractmethod
    def words(self, value: Value) -> Value:
        """The five words of extension elements, as a last axis."""

    @abstractmethod
    def as_extension(self, value: Value) -> Value:
        """Extension elements made of a last axis of five words."""

    @abstractmethod
    def arithmetic(self, kind: str, a: Value, b: Value) -> Value: ...

    @abstractmethod
    def horner(self, accumulator: Value, point: Value, values: Value) -> Value:
        """accumulator * point^k + values . (point^(k-1), …, 1), over the last axis of values."""

    @abstractmethod
    def permute(self, state: Value) -> Value:
        """Poseidon2 on a last axis of sixteen or twenty-four words."""

    def absorb(self, state: Value, words: Value, rate: int) -> Value:
        """The states of sponges, on a last axis, after these words: so many at a time take the place of the rate."""
        for start in range(0, words.shape[-1], rate):
            state = self.permute(concat([words[..., start:start + rate], state[..., rate:]], -1))
        return state

    def climb(self, digest: Value, bits: Value, compress: Compress) -> Value:
        """The digests at the upper ends of paths whose siblings are read level by level; a bit says that the node is the right one."""
        for level in range(bits.shape[1]):
            sibling, bit = self.read(*digest.shape), bits[:, level].reshape(len(digest), 1)
            digest = compress(self, *self.swap(bit, digest, sibling))
        return digest

    @abstractmethod
    def hint_bits(self, word: Value) -> Value:
        """31 bits, lowest first, as a new last axis; whoever asks must require them to be right."""

    @abstractmethod
    def hint_inverse(self, a: Value) -> Value:
        """An inverse; whoever asks must require it to be one."""

    @abstractmethod
    def select(self, bit: Value, a: Value, b: Value) -> Value:
        """a where the bit is 0, b where it is 1."""

    @abstractmethod
    def take(self, table: Value, index: Value) -> Value:
        """Rows of a table by index."""

    @abstractmethod
    def require_equal(self, sentence: str, a: Value, b: Value | Plain) -> None: ...
