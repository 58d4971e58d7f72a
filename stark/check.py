"""The check reading: concrete rows against the sentences, and every bus message against its counterpart. The slow definition."""
from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stark.chip import FIRST, Chip
from stark.expression import Constant, Input, Operation, P
from stark.flat import needed

Array = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Broken:
    """A requirement that does not hold, or a message without a counterpart."""

    chip: str
    row: int
    sentence: str
    values: Mapping[str, int]

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value}" for name, value in self.values.items())
        return f"{self.chip} row {self.row}: {self.sentence} ({shown})"


@dataclass(frozen=True)
class Filled:
    """A chip with its tables, ready to be checked or proved."""

    chip: Chip
    fixed: npt.NDArray[np.uint32]
    main: npt.NDArray[np.uint32]

    @property
    def height(self) -> int:
        return int(self.main.shape[1] if len(self.main) else self.fixed.shape[1])


def values_of(filled: Filled, public: Sequence[int] | npt.NDArray[np.uint32], roots: list[int]) -> dict[int, Array]:
    """The wanted nodes on all rows."""
    height, found = filled.height, {}
    selectors = np.zeros((3, height), np.uint64)
    selectors[FIRST, 0] = selectors[1, -1] = 1
    selectors[2, :-1] = 1
    tables: dict[str, npt.NDArray[np.unsignedinteger]] = {"fixed": filled.fixed, "main": filled.main, "selector": selectors}
    for number in needed(filled.chip.graph, roots):
        node = filled.chip.graph.nodes[number]
        match node:
            case Constant(value):
                found[number] = np.full(height, value, np.uint64)
            case Input("public", index, _):
                found[number] = np.full(height, int(public[index]), np.uint64)
            case Input(kind, index, next):
                column = tables[kind][index].astype(np.uint64)
                found[number] = np.roll(column, -1) if next else column
            case Operation(name, left, right):
                a, b = found[left], found[right]
                found[number] = (a * b if name == "mul" else a + b if name == "add" else a + (np.uint64(P) - b)) % np.uint64(P)
    return found


def broken_requirements(filled: Filled, public: Sequence[int] | npt.NDArray[np.uint32], most: int = 10) -> list[Broken]:
    chip = filled.chip
    out: list[Broken] = []
    found = values_of(filled, public, [r.expression.number for r in chip.requirements])
    for requirement in chip.requirements:
        for row in np.flatnonzero(found[requirement.expression.number])[:most - len(out)]:
            out.append(Broken(chip.name, int(row), requirement.sentence, columns_in(filled, requirement.expression.number, int(row))))
    return out


def columns_in(filled: Filled, root: int, row: int) -> dict[str, int]:
    shown = {}
    for number in needed(filled.chip.graph, [root]):
        match filled.chip.graph.nodes[number]:
            case Input("main" | "fixed" as kind, index, next):
                names, table = (filled.chip.main_names, filled.main) if kind == "main" else (filled.chip.fixed_names, filled.fixed)
                shown[names[index] + ("'" if next else "")] = int(table[index, (row + next) % filled.height])
    return shown


def unbalanced_messages(machine: Sequence[Filled], public: Sequence[int] | npt.NDArray[np.uint32], most: int = 10) -> list[Broken]:
    """Messages whose multiplicities do not sum to zero, with a chip and row that has one."""
    totals: Counter[tuple[str, bytes]] = Counter()
    origin: dict[tuple[str, bytes], tuple[str, int, dict[str, int]]] = {}
    for filled in machine:
        roots = [n for m in filled.chip.messages for n in (m.times.number, *(p.number for p in m.parts))]
        found = values_of(filled, public, roots)
        for message in filled.chip.messages:
            times = found[message.times.number].astype(np.int64)
            rows = np.flatnonzero(times)
            parts = np.stack([found[p.number] for p in message.parts], 1).astype(np.uint32)[rows]
            for row, count, words in zip(rows.tolist(), times[rows].tolist(), parts, strict=True):
                key = (message.bus.name, words.tobytes())
                totals[key] += count if count < P // 2 else count - P
                origin.setdefault(key, (filled.chip.name, row, dict(zip(message.bus.fields, words.tolist(), strict=True))))
    out: list[Broken] = []
    for key, count in totals.items():
        if count and len(out) < most:
            name, row, words = origin[key]
            out.append(Broken(name, row, f"bus {key[0]}: {abs(count)} {'sent' if count > 0 else 'received'} too many", words))
    return out


def machine(chips: Sequence[Chip], mains: Mapping[str, npt.NDArray[np.uint32]],
            fixed: Mapping[str, npt.NDArray[np.uint32]] | None = None) -> list[Filled]:
    """The chips with their tables, which `check` looks at; the tables are given by name, as to the prover."""
    nothing, fixed, names = np.zeros((0, 0), np.uint32), fixed or {}, {chip.name for chip in chips}
    if strangers := sorted((mains.keys() ^ names) | (fixed.keys() - names)):
        raise ValueError(f"these chips have no main table, or their tables are for no chip: {', '.join(strangers)}")
    return [Filled(chip, fixed.get(chip.name, nothing), mains[chip.name]) for chip in chips]


def check_shapes(machine: Sequence[Filled], words: int) -> None:
    """ValueError for tables that are not those of the chips, or for a statement that has too few words for them."""
    for filled in machine:
        chip, height = filled.chip, filled.height
        for what, names, table in (("main", chip.main_names, filled.main), ("fixed", chip.fixed_names, filled.fixed)):
            if names and table.shape != (len(names), height):
                raise ValueError(f"the {what} table of chip {chip.name} has shape {table.shape}, not {(len(names), height)}")
        if height < 1 or height & (height - 1):
            raise ValueError(f"the tables of chip {chip.name} have {height} rows, which is no power of two")
        wanted = {node.index for node in chip.graph.nodes if isinstance(node, Input) and node.kind == "public"}
        if any(not 0 <= index < words for index in wanted):
            raise ValueError(f"chip {chip.name} looks at words {sorted(wanted)} of a statement of {words}")


def check(machine: Sequence[Filled], public: Sequence[int] | npt.NDArray[np.uint32] = ()) -> list[Broken]:
    """Everything that is wrong with these tables; nothing for an honest run. Messages are looked at when all sentences hold."""
    check_shapes(machine, len(public))
    broken = [b for filled in machine for b in broken_requirements(filled, public)]
    return broken or unbalanced_messages(machine, public)
