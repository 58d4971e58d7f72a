"""The chip language: a chip names columns, requirements (sentences) and bus messages. Everything else is a reading of it."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from stark.expression import Constant, Expression, Graph, Input, Operation, P

Rows = Literal["every", "first", "last", "next", "wrap"]
FIRST, LAST, TRANSITION = 0, 1, 2


@dataclass(frozen=True)
class Bus:
    """A channel between chips: what is sent must be received. The number goes into every message, so no two share one.

    `below` is what fields stay below because of who receives them there, in the order of the fields: their type. `tables` names the
    chips that may be looked up here: they alone have messages with a count. On a bus without tables a message that is received was
    sent, so if it has a type, `inductive` says why what is sent keeps to it.
    """

    number: int
    name: str
    fields: tuple[str, ...]
    below: tuple[int | None, ...] = ()
    tables: tuple[str, ...] = ()
    inductive: str = ""

    def __post_init__(self) -> None:
        for what, names in (("fields", self.fields), ("types", self.below), ("tables", self.tables)):
            if not isinstance(names, tuple):
                raise ValueError(f"the {what} of bus {self.name} are not a tuple: a tuple of one is written with a comma, (x,)")


@dataclass(frozen=True)
class Requirement:
    sentence: str
    expression: Expression      # must be zero on every row (selectors are already inside)
    rows: Rows


@dataclass(frozen=True)
class Message:
    bus: Bus
    times: Expression           # negative: received
    parts: tuple[Expression, ...]


@dataclass
class Chip:
    """`proves` is the sentence that the chip stands for."""

    name: str
    proves: str
    fixed_names: list[str] = field(default_factory=list)
    main_names: list[str] = field(default_factory=list)
    requirements: list[Requirement] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    free: dict[str, str] = field(default_factory=dict)      # columns that may hold anything, each with its reason
    counts: list[str] = field(default_factory=list)         # columns that say how often a row of a table is looked up
    held: dict[str, str] = field(default_factory=dict)      # whose range holds also where no look-up says so, each with its reason
    graph: Graph = field(default_factory=Graph)

    # -- columns

    def column(self, name: str) -> Expression:
        return self.graph.input("main", self._name(name, self.main_names))

    def columns(self, name: str, count: int) -> list[Expression]:
        return [self.column(f"{name}.{k}") for k in range(count)]

    def fixed(self, name: str) -> Expression:
        """A column that belongs to the key, not to the proof."""
        return self.graph.input("fixed", self._name(name, self.fixed_names))

    def count(self, name: str) -> Expression:
        """How often a row of this table is looked up: the multiplicity of a message on a bus that names this chip as a table."""
        self.counts.append(name)
        return self.column(name)

    def boolean(self, name: str) -> Expression:
        bit = self.column(name)
        self.require(f"{name} is 0 or 1", bit * (bit - 1))
        return bit

    def public(self, index: int) -> Expression:
        """A word of the statement."""
        return self.graph.input("public", index)

    def constant(self, value: int) -> Expression:
        return self.graph.constant(value)

    def _name(self, name: str, names: list[str]) -> int:
        if name in self.main_names or name in self.fixed_names:
            raise ValueError(f"chip {self.name} has two columns {name}")
        names.append(name)
        return len(names) - 1

    # -- what must hold

    def require(self, sentence: str, expression: Expression, rows: Rows = "every") -> None:
        """`rows`: on every row; on the first; on the last; `next`: on every row that has a next one (the only place where `.next`
        may be used); `wrap`: on every row, the first coming after the last, where fixed columns must make it empty."""
        if rows not in get_args(Rows):
            raise ValueError(f"chip {self.name}: “{sentence}” is to hold on {rows!r} rows; there are {', '.join(get_args(Rows))}")
        expression = self.graph.lifted(expression)
        selector = {"first": FIRST, "last": LAST, "next": TRANSITION}.get(rows)
        if selector is not None:
            expression = self.graph.input("selector", selector) * expression
        self.requirements.append(Requirement(sentence, expression, rows))

    def require_equal(self, sentence: str, left: Expression, right: Expression | int, rows: Rows = "every") -> None:
        self.require(sentence, left - right, rows)

    def send(self, bus: Bus, *parts: Expression | int, times: Expression | int = 1) -> None:
        if len(parts) != len(bus.fields):
            fields = ", ".join(bus.fields)
            raise ValueError(f"chip {self.name}: bus {bus.name} carries {len(bus.fields)} words ({fields}), not {len(parts)}")
        self.messages.append(Message(bus, self.graph.lifted(times), tuple(self.graph.lifted(part) for part in parts)))

    def receive(self, bus: Bus, *parts: Expression | int, times: Expression | int = 1) -> None:
        self.send(bus, *parts, times=0 - self.graph.lifted(times))

    def counted(self, message: Message) -> int:
        """1 if the message is sent as often as a count says, -1 if it is received so often, 0 if its multiplicity is anything else."""
        root, sign = message.times.number, 1
        match self.graph.nodes[root]:
            case Operation("sub", left, right) if self.graph.nodes[left] == Constant(0):
                root, sign = right, -1
        node = self.graph.nodes[root]
        if isinstance(node, Input) and node.kind == "main" and not node.next and self.main_names[node.index] in self.counts:
            return sign
        return 0

    # -- filling

    def table(self, columns: Mapping[str, npt.ArrayLike], log_height: int) -> npt.NDArray[np.uint32]:
        """The main trace (columns, 2^log_height) from arrays by name; shorter arrays are padded with zeros, numbers are taken modulo p."""
        return laid_out(self.name, self.main_names, columns, log_height)

    def fixed_table(self, columns: Mapping[str, npt.ArrayLike], log_height: int) -> npt.NDArray[np.uint32]:
        return laid_out(self.name, self.fixed_names, columns, log_height)

    # -- the shape of its LogUp columns

    @property
    def logup_columns(self) -> int:
        """A column for each pair of messages after the first, and the running sum, which carries the first."""
        return (len(self.messages) // 2) + 1 if self.messages else 0

    @property
    def constraints(self) -> int:
        """The requirements, and those of the LogUp columns: one for each pair of messages, three for the running sum."""
        return len(self.requirements) + (self.logup_columns + 2 if self.messages else 0)


def laid_out(chip: str, names: Sequence[str], columns: Mapping[str, npt.ArrayLike], log_height: int) -> npt.NDArray[np.uint32]:
    if columns.keys() != set(names):
        missing, unknown = sorted(set(names) - set(columns)), sorted(set(columns) - set(names))
        told = [f"{what}: {', '.join(some)}" for what, some in (("missing", missing), ("unknown", unknown)) if some]
        raise ValueError(f"chip {chip}: columns missing or unknown ({'; '.join(told)})")
    out = np.zeros((len(names), 1 << log_height), np.uint32)
    for k, name in enumerate(names):
        values = np.asarray(columns[name])
        if values.ndim > 1 or not whole(values):
            raise ValueError(f"chip {chip}: column {name} is no row of whole numbers of 64 bits at most")
        if values.ndim and len(values) > out.shape[1]:
            raise ValueError(f"chip {chip}: {len(values)} rows of column {name} do not fit in 2^{log_height}")
        if values.ndim:
            out[k, :len(values)] = residues(values)
        else:
            out[k] = residues(values)
    return out


def residues(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same modulo p, where something is not below it already. A negative number, read as one without a sign, is not."""
    if values.dtype == np.bool_:
        return values
    if values.dtype not in (np.int64, np.uint64, np.uint32):
        values = values.astype(np.int64)
    unsigned = values.view(np.uint64) if values.dtype == np.int64 else values
    return values % values.dtype.type(P) if values.size and np.maximum.reduce(unsigned, axis=None) >= P else values


def whole(values: npt.NDArray[Any]) -> bool:
    """Whether these are integers; a float may be one, where no other integer is rounded to it."""
    if values.dtype.kind == "f":
        return bool((np.abs(values) < 2**53).all() and (values % 1 == 0).all())
    return values.dtype.kind in "bui"
