"""Code K: every requirement, look-up and message is deleted once, and each time something must pass that is refused otherwise.

Without a requirement or a look-up some row passes that breaks it alone. Without a message the honest run does not balance any more. What
only keeps a multiplicity at 0 or 1 cannot be missed by a single row that fetches its instruction, but without it a row can send or receive
something that many times: such a row is looked for apart from the buses. A flag whose other values are either silent or no operation is
shown to be so by trying all values.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import numpy.typing as npt

from segments.buses import MEMORY, PROGRAM
from segments.claim import STATEMENT, STEPS
from segments.operands import LIMB
from stark.attack import Rows, Words, offers
from stark.check import Filled, check, unbalanced_messages
from stark.chip import Chip, Message
from stark.expression import Input, P
from stark.flat import needed
from stark.forge import LIMB_WRAP, Forger
from tests.segments.small import Line, const, one_segment, program
from tests.segments.soundness import compressions, permutations
from tests.segments.soundness.remainders import above_the_product, not_below
from tests.segments.soundness.subjects import GUESTS, ROW_BY_ROW, filled, gathered, segment, tables
from wasm_exec.instructions import BY_NUMBER


# Where the forger begins, besides with changes of one cell: cells that are changed together, in all rows.
def wrapped(small: int, large: int) -> Counter[int]:
    """By how much limbs become larger if one carry is LIMB_WRAP too small and another as much too large."""
    limbs = Counter({large: 1, large + 1: LIMB_WRAP})
    limbs.subtract({small: 1, small + 1: LIMB_WRAP})
    return limbs


def wrapped_product(small: int, large: int) -> dict[str, int]:
    limbs = {f"d value.{k}" if k < 4 else f"other half.{k - 4}": change for k, change in wrapped(small, large).items()}
    return {f"carry.{small}": -LIMB_WRAP, f"carry.{large}": LIMB_WRAP} | limbs


def wrapped_quotient(small: int, large: int) -> dict[str, int]:
    """By 1, unsigned, which goes the other way."""
    out = {f"carry.{small}": -LIMB_WRAP, f"carry.{large}": LIMB_WRAP}
    for k, change in wrapped(small, large).items():
        low = (128 - change) % 256 - 128
        out |= {f"quotient byte.{2 * k}": low, f"quotient byte.{2 * k + 1}": (-change - low) // 256, f"d value.{k}": -change}
    return out


def counted_by_others() -> dict[str, int]:
    """No single carry is too large for a look-up, but one is for a sum; a quotient by 1 makes up for it."""
    return {"carry.0": LIMB_WRAP, "quotient byte.0": -1, "quotient byte.3": -127, "d value.0": -1, "d value.1": -127 << 8}


def one_too_often() -> dict[str, int]:
    """1 goes once more than it does, and leaves -1, whose highest limb is."""
    out = {"quotient byte.0": 1, "d value.0": 1, "rest.3": -1, "above the rest.0": 1}
    for k in range(3):
        out |= {f"rest.{k}": LIMB - 1, f"carry.{k}": 1, f"borrow.{k}": 1}
    return out


def untaken(width: int) -> list[dict[str, int]]:
    """A carry of a sign is not taken: its limb is negative and the next one larger, so that the number is the same."""
    size = [{f"a: carry.{k}": -1, f"size of a.{k}": -LIMB, f"size of a.{k + 1}": 1, f"carry.{k}": 1} for k in range(width - 1)]
    result = [{f"the result: carry.{k}": -1, f"d value.{k}": -LIMB, f"d value.{k + 1}": 1} for k in range(width - 1)]
    last = {f"the result: carry.{width - 1}": -1, f"d value.{width - 1}": -LIMB}
    return [*size, *result, last]


HINTS: dict[str, list[dict[str, int]]] = {
    "call": [{"deep": pow(16, -1, P)}, *({"is CALL": call, "is RETURN": -call, "deep": call} for call in (1, -1))],
    "indirect": [{"deep": pow(16, -1, P)}],
    "remainder": [above_the_product(), not_below()],
    **{name: [{"overflow": 1, f"quotient byte.{top}": 128}, {"overflow": pow(256, -1, P)},
              *({f"carry.{k}": LIMB_WRAP} for k in range(top // 2))] for name, top in (("div", 3), ("div64", 7))},
    **{name: [{"whole bytes 0": 0, f"whole bytes {k}": 1} for k in (4, 8)] for name in ("shift", "shift64")}}
# What is added to such cells. A carry that is LIMB_WRAP too small takes one from its limb, since 2^16 times LIMB_WRAP is -1, and more from
# the next; another carry that is as much too large keeps the sum of all.
SHIFTS: dict[str, list[dict[str, int]]] = {
    "mul64": [wrapped_product(k, j) for k in range(7) for j in range(7) if j != k],
    "div": untaken(2),
    "div64": [*(wrapped_quotient(k, j) for k in range(3) for j in range(3) if j != k), counted_by_others(), one_too_often(),
              *untaken(4)]}
# Steps that no program of ours has: a word is taken into linear memory, and at an odd byte.
PROGRAMS: dict[str, list[Line]] = {"store": [("TAKE32", 3, 0, 0, 0, 0), ("TAKE32", 6, 0, 0, 1, 0)]}
# What is there for a second reason only, by chip, bus and column.
CARRY = "there is one carry, and four times it is looked up: a fraction would be too large for the next limb, which has no carry"
TOP = "the highest limb of |a| is that of a, which was read, or 2^16 less it and a carry, and then that is not 0"
NOT_NEEDED = {("div", "range16", "size of a.1"): TOP, ("div64", "range16", "size of a.3"): TOP, ("div", "range16", "carry.0"): CARRY}
# The same in the rows of a page: what is changed in all of them, and in the opening ones.
PAGE_HINTS: list[tuple[dict[str, int], dict[str, int]]] = [
    ({"real": 2}, {"capacity before.0": 256, "capacity after.0": 256}), ({"new": 2, "since": 0}, {}),
    ({"new": 1, "index": 3 << 24}, {})]
BY_BLOCKS = {"compression": compressions.missed, "rounds": permutations.missed}
DEPTH = 7              # of changes that begin with a hint

Bools = npt.NDArray[np.bool_]
Origin = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Verdict:
    """What became of a sentence: `how` it is noticed, empty if it is not."""

    sentence: str
    how: str


class Breaker(Forger):
    """A forger with a goal of his own."""

    def __init__(self, f: Filled, rows: Sequence[int]) -> None:
        super().__init__(f, rows, tables(), [PROGRAM.number], [MEMORY.number])
        self.goal: Callable[[Rows], Bools] = lambda rows: np.zeros(rows.main.shape[1], bool)
        self.loud = False
        self.passed_over: Message | None = None
        self.found: Message | None = None
        self.hinted = False

    def only(self, kept: Sequence[int]) -> Breaker:
        """The same with some of its equations; all requirements stay."""
        other = object.__new__(Breaker)
        other.__dict__ = dict(self.__dict__)
        other.equations = [self.equations[k] for k in kept]
        other.support = [self.support[k] for k in kept]
        index = np.array(kept)
        other.targets, other.counts, other.optional = self.targets[index], self.counts[index], self.optional[index]
        return other

    def first_changes(self, columns: Sequence[int], rng: np.random.Generator) -> tuple[Words, Origin, Bools]:
        if not self.hinted:
            return super().first_changes(columns, rng)
        count, flags = len(self.rows), [name for name in self.chip.main_names if name.startswith("is ")]
        hints = [*HINTS.get(self.chip.name, []), *({one: 1, other: -1} for one in flags for other in flags if one != other)]
        mains, marks = [self.honest.main[:, :0]], [np.zeros((len(self.honest.main), 0), bool)]
        for hint in hints:
            changed, mark = self.honest.main.copy(), np.zeros((len(self.honest.main), count), bool)
            for name, value in hint.items():
                if name in self.chip.main_names:
                    at = self.chip.main_names.index(name)
                    changed[at], mark[at] = value % P, True
            mains.append(changed)
            marks.append(mark)
        shifts = SHIFTS.get(self.chip.name, [])
        for shift in shifts:
            changed, mark = self.honest.main.copy(), np.zeros((len(self.honest.main), count), bool)
            for name, value in shift.items():
                at = self.chip.main_names.index(name)
                changed[at], mark[at] = (changed[at] + np.uint64(value % P)) % np.uint64(P), True
            mains.append(changed)
            marks.append(mark)
        return np.concatenate(mains, axis=1), np.tile(np.arange(count), len(mains) - 1), np.concatenate(marks, axis=1)

    def from_hints(self) -> Breaker:
        other = self.only(range(len(self.equations)))
        other.hinted = True
        return other

    @property
    def requirements(self) -> list[int]:
        return list(range(len(self.chip.requirements)))

    def places(self) -> Iterator[tuple[Message, int]]:
        """Every message that is given, with the place of its multiplicity among the equations."""
        place = len(self.chip.requirements)
        for message in self.chip.messages:
            if message.times.number == (self.equations[place] if place < len(self.equations) else -1) and (
                    [part.number for part in message.parts] == self.equations[place + 1:place + 1 + len(message.parts)]):
                yield message, place
                place += 1 + len(message.parts)

    def without(self, message: Message) -> Breaker:
        """Without what this message says; the multiplicity of an instruction that is fetched stays, and what a bus says of its fields."""
        gone = {place + k for m, place in self.places() if m is message for k in range(1, 1 + len(message.parts))}
        other = self.only([k for k in range(len(self.equations)) if k not in gone])
        other.found = message
        return other

    def reached(self, main: Words, origin: Origin, deleted: int | None) -> Bools:
        good = self.goal(self.states(main, origin))
        return good if deleted is None else good & (self.value(deleted, main, origin) != 0)

    def keeps_to_tables(self, row: Rows) -> bool:
        """And another cell that is found may be one: limbs on the bus of memory are limbs."""
        if self.found is not None and self.found.bus == MEMORY:
            words = row.evaluate(self.chip, [part.number for part in self.found.parts], self.public)[:, 0].tolist()
            if any(below is not None and word >= below for word, below in zip(words, MEMORY.below, strict=True)):
                return False
        return super().keeps_to_tables(row)

    def asks(self, message: Message, times: int) -> bool:
        return message is not self.passed_over and (times == 1 if self.loud else times != 0)


def anything(rows: Rows) -> Bools:
    return np.ones(rows.main.shape[1], bool)


def is_loud(chip: Chip) -> Callable[[Rows], Bools]:
    """Some message is sent (received) another number of times than 0 or 1, or by a row that fetches nothing."""
    fetched = [m for m in chip.messages if m.bus == PROGRAM]

    def goal(rows: Rows) -> Bools:
        out = np.zeros(rows.main.shape[1], bool)
        if fetched:
            idle = rows.evaluate(chip, [fetched[-1].times.number], ())[0] == 0
            out |= idle & rows.evaluate(chip, [m.times.number for m in chip.messages], ()).any(axis=0)
        for message in chip.messages:
            times = rows.evaluate(chip, [message.times.number], ())[0]
            out |= ~np.isin(times, [0, P - 1 if takes(chip, message) else 1])
        return out
    return goal


def takes(chip: Chip, message: Message) -> bool:
    node = chip.graph.nodes[message.times.number]
    return getattr(node, "name", "") == "sub" and getattr(chip.graph.nodes[getattr(node, "left", 0)], "value", None) == 0


def verdicts(name: str, every: int = 1) -> list[Verdict]:
    """Of every sentence of a chip, or of one in so many."""
    f = gathered(name) if name in ROW_BY_ROW else filled(name)
    return [*requirement_verdicts(name, f, every), *message_verdicts(name, f, every)]


def requirement_verdicts(name: str, f: Filled, every: int) -> Iterator[Verdict]:
    breaker = Breaker(f, range(f.main.shape[1])) if name in ROW_BY_ROW else None
    for k, requirement in enumerate(f.chip.requirements):
        if k % every:
            continue
        if name in BY_BLOCKS:
            how = BY_BLOCKS[name]().get(k, "")
        elif breaker is None:
            how = "by a row" if broken_alone(f, k) else ""
        else:
            how = broken_by(breaker, k) or (nothing_but_flags(f.chip, k) if name in GUESTS else "")
            how = how or by_a_program(name, requirement.sentence)
        yield Verdict(requirement.sentence, how)


def by_a_program(name: str, sentence: str) -> str:
    """Whether a whole honest run of a program that no translation makes breaks this sentence and nothing else."""
    for line in PROGRAMS.get(name, []):
        found = one_segment(program([const(0, 16), line, ("HALT", 0, 0, 0, 0, 0)]))
        if [(one.chip, one.sentence) for one in check(found.filled, found.public)] == [(name, sentence)]:
            return "by another program"
    return ""


def broken_by(breaker: Breaker, k: int) -> str:
    loud = breaker.only(breaker.requirements)
    loud.loud, loud.goal = True, is_loud(breaker.chip)
    breaker.goal = anything
    if breaker.from_hints().forge(k, depth=0) is not None or breaker.forge(k, depth=2) is not None:
        return "by a row"
    if loud.forge(k) is not None:
        return "by its multiplicities"
    if breaker.forge(k) is not None:
        return "by a row"
    for message, _ in breaker.places():
        if message.bus in (PROGRAM, MEMORY) and breaker.without(message).forge(k) is not None:
            return "by another program" if message.bus == PROGRAM else "by another cell"
    for other, how in ((breaker, "by a row"), (loud, "by its multiplicities")):
        if other.from_hints().forge(k, depth=DEPTH) is not None:
            return how
    return ""


def nothing_but_flags(chip: Chip, k: int) -> str:
    """Whether without this requirement every setting of the flags that still passes is silent, or no operation."""
    silencing = {node.index for m in chip.messages for n in needed(chip.graph, [m.times.number]) for node in [chip.graph.nodes[n]]
                 if isinstance(node, Input)}
    flags = [c for c, name in enumerate(chip.main_names) if name.startswith("is ") or name == "immediate" or c in silencing]
    support = {node.index for number in needed(chip.graph, [chip.requirements[k].expression.number])
               for node in [chip.graph.nodes[number]] if isinstance(node, Input)}
    if not support <= set(flags) or len(flags) > 12:
        return ""
    values = [range(-len(flags), len(flags) + 1) if {c} == support else range(2) for c in flags]
    settings = np.array(list(product(*values)), np.int64)
    main = np.random.default_rng(0).integers(0, P, (len(chip.main_names), len(settings))).astype(np.uint64)
    main[flags] = settings.T % P
    nothing = np.zeros((len(chip.fixed_names), len(settings)), np.uint64)
    rows = Rows(main, main, nothing, nothing, np.zeros((3, len(settings)), np.uint64))
    flags_only = [r.expression.number for j, r in enumerate(chip.requirements) if j != k and all(
        chip.graph.nodes[n].index in flags for n in needed(chip.graph, [r.expression.number])      # type: ignore[union-attr]
        if isinstance(chip.graph.nodes[n], Input))]
    passes = ~rows.evaluate(chip, flags_only, ()).any(axis=0)
    passes &= rows.evaluate(chip, [chip.requirements[k].expression.number], ())[0] != 0
    silent = np.all([rows.evaluate(chip, [m.times.number], ())[0] == 0 for m in chip.messages], axis=0)
    fetched = next(m for m in chip.messages if m.bus == PROGRAM and chip.main_names[0] == "pc" and "pc" in columns_of(chip, m))
    op, times = rows.evaluate(chip, [fetched.parts[1].number, fetched.times.number], ())
    no_operation = (times != 0) & ~np.isin(op, list(BY_NUMBER))
    return "by trying all values" if (silent | no_operation)[passes].all() else ""


def columns_of(chip: Chip, message: Message) -> set[str]:
    nodes = [chip.graph.nodes[n] for part in message.parts for n in needed(chip.graph, [part.number])]
    return {chip.main_names[node.index] for node in nodes if isinstance(node, Input) and node.kind == "main"}


def message_verdicts(name: str, f: Filled, every: int) -> Iterator[Verdict]:
    breaker = Breaker(f, range(f.main.shape[1])) if name in GUESTS else None
    for number, message in enumerate(f.chip.messages):
        if (number + 1) % every:
            continue
        columns = sorted(columns_of(f.chip, message))
        sentence = f"message {number} on bus {message.bus.name} ({', '.join(columns)})"
        if breaker is not None and message.bus.number in tables() and not offers(f.chip, message):
            how = looked_up_otherwise(breaker, message)
            known = len(columns) == 1 and (name, message.bus.name, columns[0]) in NOT_NEEDED
            yield Verdict(sentence, how or ("not needed" if known else ""))
        else:
            yield Verdict(sentence, "by the balance" if unbalanced_without(name, number) else "")


def looked_up_otherwise(breaker: Breaker, message: Message) -> str:
    """A row that passes but asks for what is not in the table."""
    if shifted_otherwise(breaker, message):
        return "by a row"
    free = asking_otherwise(breaker, message)
    if free.forge(None, depth=2) is not None or free.forge(None) is not None:
        return "by a row"
    for given, _ in free.places():
        if given.bus == MEMORY and message.bus != PROGRAM and free.without(given).forge(None) is not None:
            return "by another cell"
    return "by a row" if free.from_hints().forge(None, depth=DEPTH) is not None else ""


def shifted_otherwise(breaker: Breaker, message: Message) -> bool:
    """Whether one of the shifts alone makes such a row."""
    return breaker.chip.name in SHIFTS and asking_otherwise(breaker, message).from_hints().forge(None, depth=0) is not None


def asking_otherwise(breaker: Breaker, message: Message) -> Breaker:
    numbers = [message.times.number, *(part.number for part in message.parts)]
    offered = tables()[message.bus.number]

    def goal(rows: Rows) -> Bools:
        values = rows.evaluate(breaker.chip, numbers, ())
        words = np.ascontiguousarray(values[1:].T.astype(np.uint32))
        return (values[0] == 1) & np.array([word.tobytes() not in offered for word in words], bool)
    free = breaker.without(message) if message.bus == PROGRAM else breaker.only(range(len(breaker.equations)))
    free.goal, free.passed_over = goal, message
    return free


def unbalanced_without(name: str, number: int) -> bool:
    """Whether the honest run does not balance when this message is deleted."""
    here = segment(name)
    bus = next(f for f in here.filled if f.chip.name == name).chip.messages[number].bus
    lacking = []
    for f in here.filled:
        kept = [m for k, m in enumerate(f.chip.messages) if m.bus == bus and (f.chip.name != name or k != number)]
        lacking.append(Filled(replace(f.chip, messages=kept, requirements=[]), f.fixed, f.main))
    return bool(unbalanced_messages(lacking, here.public, 1))


def broken_alone(f: Filled, k: int) -> bool:
    """Whether a change of one column in one row, or from a row on, or of all words that follow, breaks this requirement and no other."""
    roots = [r.expression.number for r in f.chip.requirements]
    own = sorted({node.index for n in needed(f.chip.graph, [roots[k]]) for node in [f.chip.graph.nodes[n]]
                  if isinstance(node, Input) and node.kind == "main"})
    if not own:
        return statement_broken(f, k)
    if not any(r.rows == "next" for r in f.chip.requirements):
        return followed(f, k)
    if f.chip.name == "program":
        return miscounted(f, k)
    return any(alone(f, k, start, changed) for start in windows(f) for changed in page_changes(f, own, start))


def statement_broken(f: Filled, k: int) -> bool:
    """A requirement about the statement alone."""
    number = f.chip.requirements[k].expression.number
    return any(Rows.at(f, [0]).evaluate(f.chip, [number], [int(j == place) for j in range(STATEMENT)]).any() for place in range(STATEMENT))


def miscounted(f: Filled, k: int) -> bool:
    """Tables of the program that begin to count with one step, count one too many in a row, or state one too many."""
    chip, place = f.chip, f.chip.main_names.index("steps before")
    for begin, stated in ((0, 0), (5, 0), (f.height, 1)):
        main, public = f.main.copy(), [0] * STATEMENT
        main[place, begin:] += 1
        public[STEPS] = int(main[place, -1]) + stated
        rows = Rows.at(Filled(chip, f.fixed, main), range(f.height))
        broken = rows.evaluate(chip, [r.expression.number for r in chip.requirements], public).any(axis=1)
        if broken[k] and not np.delete(broken, k).any():
            return True
    return False


WINDOW = 48             # rows of three pages


def windows(f: Filled) -> list[int]:
    """Where used pages begin, where a new one does, and where padding does."""
    real, new = (np.flatnonzero(f.main[f.chip.main_names.index(name)]) for name in ("real", "new"))
    return [0, int(new[0]) - 16, int(real[-1]) + 1 - 16]


def page_changes(f: Filled, own: Sequence[int], start: int) -> Iterator[Words]:
    """Tables of three pages in which one or all rows of the second one are changed."""
    honest, names = f.main[:, start:start + WINDOW].astype(np.uint64), f.chip.main_names
    for column in own:
        for value in (0, 1, 5, P - 1):
            for rows in (slice(16, 17), slice(20, 21), slice(31, 32), slice(16, 32), slice(24, 32)):
                main = honest.copy()
                main[column, rows] = value
                yield main
    for everywhere, at_first in PAGE_HINTS:
        for rows in (slice(16, 32), slice(24, 32)):
            main = honest.copy()
            for name, value in everywhere.items():
                main[names.index(name), slice(16, 32) if name == "since" else rows] = value
            for name, value in at_first.items():
                main[names.index(name), 16] = value
            yield main
    newness = honest.copy()
    newness[names.index("since"), 16:32], newness[names.index("new"), 24:32] = 0, 0
    yield newness


def alone(f: Filled, k: int, start: int, main: Words) -> bool:
    chip = f.chip
    changed = Rows.at(Filled(chip, f.fixed[:, start:start + WINDOW], main.astype(np.uint32)), range(WINDOW - 1))
    broken = changed.evaluate(chip, [r.expression.number for r in chip.requirements], (0,) * STATEMENT).any(axis=1)
    return bool(broken[k]) and not np.delete(broken, k).any()


def followed(f: Filled, k: int) -> bool:
    """The same in a chip whose every requirement defines a column from those before it: what follows is computed again."""
    chip = f.chip
    roots = [r.expression.number for r in chip.requirements]
    defines = [max(node.index for n in needed(chip.graph, [root]) for node in [chip.graph.nodes[n]]
                   if isinstance(node, Input) and node.kind == "main") for root in roots]
    if len(set(defines)) != len(defines):
        return False
    main = f.main[:, :3].astype(np.uint64)
    main[defines[k], 0] = (main[defines[k], 0] + np.uint64(1)) % np.uint64(P)
    nothing, selectors = np.zeros((len(f.fixed), 3), np.uint64), np.zeros((3, 3), np.uint64)
    for j in np.argsort(defines).tolist():
        if j == k:
            continue
        main[:, 1:] = main[:, :1]
        main[defines[j]] = (0, 1, 2)
        at = Rows(main, main, nothing, nothing, selectors).evaluate(chip, [roots[j]], ())[0].astype(np.int64)
        slope = int(at[1] - at[0]) % P
        if not slope:
            return False
        main[defines[j], 0] = -int(at[0]) * pow(slope, -1, P) % P
    values = Rows(main, main, nothing, nothing, selectors).evaluate(chip, roots, ())[:, 0]
    return bool(values[k]) and not np.delete(values, k).any()
