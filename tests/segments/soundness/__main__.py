"""python -m tests.segments.soundness [CHIP ...]: the table of all attacks on the chips, one line for each (docs/soundness.md)."""
from __future__ import annotations

import importlib.util
import sys
import time
from collections import Counter
from collections.abc import Callable

from segments.machine import machine
from stark.chip import Chip
from tests.segments.soundness import blocks, division, rounds
from tests.segments.soundness.deletions import verdicts
from tests.segments.soundness.lies import told
from tests.segments.soundness.mutations import on_padding, on_used_rows
from tests.segments.soundness.pairs import says_something_else
from tests.segments.soundness.rules import violations_of
from tests.segments.soundness.subjects import CHIPS, GUESTS
from tests.segments.soundness.whole import LINES, cut_everywhere, metamorphic, variants

ROWS = 200          # of a chip, in M
SOLVER_SECONDS = 120.0      # for an operation
BY_ALGEBRA: dict[str, Callable[[Chip], list[str]]] = {
    "compression": blocks.unproved, "rounds": rounds.unproved, "remainder": division.unproved}
WIDE_ROWS = {"hash": 24, "rounds": 2}       # of wide chips, whose rows are all alike


def by_solver(name: str) -> tuple[str, list[str]]:
    """How many operations of a chip have unique outputs by the solver, and which have not; nothing without the solver. Three chips have
    an argument of their own."""
    if name in BY_ALGEBRA:
        missing = BY_ALGEBRA[name](next(chip for chip in machine().chips if chip.name == name))
        return "not shown" if missing else "algebra", [f"U: {fault}" for fault in missing]
    if importlib.util.find_spec("bitwuzla") is None or name not in GUESTS:
        return "", []
    from tests.segments.soundness.unique import cases, verdict
    found = {case.operation: verdict(case, SOLVER_SECONDS)
             for case in cases(next(family for family in machine().families if family.name == name))}
    wrong = [f"U: {operation} has two rows" for operation, said in found.items() if said == "two"]
    return f"{list(found.values()).count('unique')}/{len(found)}", wrong


def line(name: str) -> tuple[str, list[str]]:
    """A line of the table, and what is not as it should be."""
    chip = next(chip for chip in machine().chips if chip.name == name)
    mutations, padding = on_used_rows(name, WIDE_ROWS.get(name, ROWS)), on_padding(name)
    lies = list(told(name, every=True)) if name in GUESTS else []
    sentences = verdicts(name)
    forgery = says_something_else(name) if name in GUESTS else None
    rules = violations_of(chip)
    wrong = [f"M: column {chip.main_names[c.column]} row {c.row}: {c.how}" for c in mutations.accepted]
    wrong += [f"M-pad: column {chip.main_names[c.column]}: {c.how}" for c in padding.accepted]
    wrong += [f"M2: {one.operation}: {one.lie}" for one in lies if one.result == "accepted"]
    wrong += [f"K: {verdict.sentence}" for verdict in sentences if not verdict.how]
    wrong += [f"U: {forgery}"] * (forgery is not None) + [f"R: {rule}" for rule in rules]
    kinds, results = len({one.lie for one in lies}), Counter(one.result for one in lies)
    told_lies = f"{results['refused']}/{len(lies)} of {kinds} kinds" if lies else ""
    noticed = Counter(verdict.how for verdict in sentences)
    solver, two = by_solver(name)
    wrong += two
    cells = [str(mutations), str(padding), told_lies, f"{len(sentences) - noticed['']}/{len(sentences)}", str(len(rules)),
             "" if name not in GUESTS else "none" if forgery is None else "FOUND", solver]
    return f"{name:<11}" + "".join(f"{cell:>{size}}" for cell, size in zip(cells, WIDTHS, strict=True)), wrong


HEADS, WIDTHS = ("M", "M-pad", "M2", "K", "R", "U (pairs)", "U (solver)"), (32, 26, 22, 10, 5, 11, 12)


def main(names: list[str]) -> int:
    print(f"{'chip':<11}" + "".join(f"{head:>{size}}" for head, size in zip(HEADS, WIDTHS, strict=True)) + f"{'CPU s':>8}")
    failed = 0
    for name in names or CHIPS:
        since = time.process_time()
        text, wrong = line(name)
        print(f"{text}{time.process_time() - since:>8.1f}", *(f"    {fault}" for fault in wrong), sep="\n", flush=True)
        failed += len(wrong)
    if not names:
        other, cuts = metamorphic(), cut_everywhere()
        print(f"MM: {len(list(variants())) - len(other)} of {len(list(variants()))} variants do the same, provably", *other)
        print(f"SEG: {len(LINES) - len(cuts)} of {len(LINES)} cuts lead to the same root", *cuts)
        failed += len(other) + len(cuts)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
