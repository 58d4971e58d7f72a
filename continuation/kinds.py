"""The kinds of proofs of the continuation: what each claims, what it is made of, and where its key stands in the list of allowed keys."""
from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import count, product

LAYERS = ("leaf", "wide", "join", "last")   # the shapes of recursion: for leaves, wide ones, what is joined, and what is handed out


class Sort(Enum):
    """What proofs claim, their layer, and their part of the list of keys. A rollup is not in the list: no circuit takes it in."""

    LEAF = "leaf", "leaf", 0                # a span: one segment
    JOIN = "join", "join", 1                # a span: two neighbours
    RUN = "run", "last", 2                  # a whole run
    BATCH = "batch", "join", 3              # two runs or batches of runs
    WIDE = "wide leaf", "wide", 4           # a span: one segment whose leaf is taller than others
    ROLLUP = "rollup", "last", None         # a batch, in the shape that is handed out

    def __init__(self, label: str, layer: str, part: int | None) -> None:
        self.label, self.layer, self.part = label, layer, part


@dataclass(frozen=True)
class Kind:
    """One circuit with one key."""

    name: str
    sort: Sort
    parts: tuple[Sort, ...]                 # what proofs of this kind are made of; empty for leaves
    number: int                             # in the part of its sort
    segment: str = ""                       # the shape of segments that a leaf verifies


JOINS = tuple(Kind(f"join of {left.label} and {right.label}", Sort.JOIN, (left, right), number)
              for number, (left, right) in enumerate(product((Sort.LEAF, Sort.JOIN), repeat=2)))
RUNS = tuple(Kind(f"run of {one.label}", Sort.RUN, (one,), number) for number, one in enumerate((Sort.LEAF, Sort.JOIN)))
BATCHES = tuple(Kind(f"batch of {left.label} and {right.label}", Sort.BATCH, (left, right), number)
                for number, (left, right) in enumerate(product((Sort.RUN, Sort.BATCH), repeat=2)))
ROLLUP = Kind("rollup", Sort.ROLLUP, (Sort.BATCH,), 0)
LIFT = Kind("lift of wide leaf", Sort.JOIN, (Sort.WIDE,), len(JOINS))       # the same span in the shape of joins
ABOVE = {kind.name: kind for kind in (*JOINS, LIFT, *RUNS, *BATCHES, ROLLUP)}


def kinds(segments: Sequence[str], wide: Collection[str]) -> dict[str, Kind]:
    """All kinds by name: a leaf for every shape of segments, and what is made of leaves. Nothing is lifted if no leaf is wide."""
    out, numbers = {}, {sort: count() for sort in (Sort.LEAF, Sort.WIDE)}
    for segment in segments:
        sort = Sort.WIDE if segment in wide else Sort.LEAF
        out[f"{sort.label} of {segment}"] = Kind(f"{sort.label} of {segment}", sort, (), next(numbers[sort]), segment)
    return out | {name: kind for name, kind in ABOVE.items() if wide or kind is not LIFT}


def kind_of(sort: Sort, *parts: Sort) -> Kind:
    """The kind that makes this sort of claim from these."""
    found = [kind for kind in ABOVE.values() if kind.sort is sort and kind.parts == parts]
    if len(found) != 1:
        raise LookupError(f"no {sort.label} is made of {' and '.join(part.label for part in parts)}")
    return found[0]
