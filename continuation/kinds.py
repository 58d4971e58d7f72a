"""The kinds of proofs of the continuation: what each claims, what it is made of, and where its key stands in the list of allowed keys."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import product

LAYERS = ("leaf", "join", "last")           # the shapes of recursion: for leaves, for what is joined, and for what is handed out


class Sort(Enum):
    """What proofs claim, their layer, and their quarter of the list of keys. A rollup is not in the list: no circuit takes it in."""

    LEAF = "leaf", "leaf", 0                # a span: one segment
    JOIN = "join", "join", 1                # a span: two neighbours
    RUN = "run", "last", 2                  # a whole run
    BATCH = "batch", "join", 3              # two runs or batches of runs
    ROLLUP = "rollup", "last", None         # a batch, in the shape that is handed out

    def __init__(self, label: str, layer: str, quarter: int | None) -> None:
        self.label, self.layer, self.quarter = label, layer, quarter


@dataclass(frozen=True)
class Kind:
    """One circuit with one key."""

    name: str
    sort: Sort
    parts: tuple[Sort, ...]                 # what proofs of this kind are made of; empty for leaves
    number: int                             # in the quarter of its sort


JOINS = tuple(Kind(f"join of {left.label} and {right.label}", Sort.JOIN, (left, right), number)
              for number, (left, right) in enumerate(product((Sort.LEAF, Sort.JOIN), repeat=2)))
RUNS = tuple(Kind(f"run of {one.label}", Sort.RUN, (one,), number) for number, one in enumerate((Sort.LEAF, Sort.JOIN)))
BATCHES = tuple(Kind(f"batch of {left.label} and {right.label}", Sort.BATCH, (left, right), number)
                for number, (left, right) in enumerate(product((Sort.RUN, Sort.BATCH), repeat=2)))
ROLLUP = Kind("rollup", Sort.ROLLUP, (Sort.BATCH,), 0)
ABOVE = {kind.name: kind for kind in (*JOINS, *RUNS, *BATCHES, ROLLUP)}     # leaves
LEAF_PREFIX = "leaf of "


def leaves(segments: Sequence[str]) -> dict[str, Kind]:
    """A kind for every shape of segments, by name."""
    return {LEAF_PREFIX + name: Kind(LEAF_PREFIX + name, Sort.LEAF, (), number) for number, name in enumerate(segments)}


def kind_of(sort: Sort, *parts: Sort) -> Kind:
    """The kind that makes this sort of claim from these."""
    found = [kind for kind in ABOVE.values() if kind.sort is sort and kind.parts == parts]
    if len(found) != 1:
        raise LookupError(f"no {sort.label} is made of {' and '.join(part.label for part in parts)}")
    return found[0]
