"""The key: what is fixed before any proof. Every length in a proof follows from it."""
from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from operator import index

import numpy as np
import numpy.typing as npt

from stark.chip import Chip
from stark.expression import P
from stark.field import coset_shift
from stark.flat import FlatChip, flatten
from stark.point import PointChip, compile_point, layout, together
from stark.poseidon2 import Hash, of_width
from stark.profiles import Parameters

MOST_GRINDING = 30
ALONE = ("program", "quotient")     # trees whose columns share nothing
LOG_ROOM = 10   # what shares a column has so many rows at least: FRI tests a degree that is too high by as many as share one
U32 = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Tree:
    """One commitment: words per chip, chips from short to tall; 0 for a chip without columns in it."""

    name: str
    extension: bool
    widths: tuple[int, ...]

    @property
    def unit(self) -> int:
        """Words of an element."""
        return 5 if self.extension else 1


@dataclass(frozen=True)
class Group:
    """Chips of a tree whose columns share committed columns: 2^pack of them each, the last of which may be free."""

    pack: int
    chips: tuple[int, ...]
    elements: int           # columns of all chips together
    unit: int

    @property
    def shared(self) -> int:
        """Committed columns."""
        return -(-self.elements // (1 << self.pack))

    @property
    def words(self) -> int:
        """In an opened row."""
        return self.shared * self.unit


class Key:
    """Chips with their heights, the parameters, the number of words of the statement, and the commitments to the fixed columns.

    The fixed columns of the chips named `apart` have a commitment of their own, the tree "program"; it depends on nothing else in the key.
    """

    def __init__(self, chips: Sequence[tuple[Chip, int]], parameters: Parameters, statement: int = 0, apart: Sequence[str] = (),
                 caps: Mapping[str, U32] | None = None) -> None:
        if not isinstance(parameters, Parameters):
            raise TypeError("a key has the parameters of one layer, such as `profile.segment`")
        if not chips or statement < 0 or min(parameters.queries, parameters.log_blowup, parameters.log_arity) < 1 \
                or parameters.log_lift < 0:
            raise ValueError("a key has a chip, a query, more points than rows, no less rows than chips have, and foldings that fold")
        if not all(0 <= bits <= MOST_GRINDING for bits in parameters.works):
            raise ValueError(f"a word below p can be asked for 0 to {MOST_GRINDING} zeros")
        if any(type(number) is not int for number in vars(parameters).values()):
            raise ValueError("parameters are whole numbers")            # 4.0 or a numpy number would have another digest
        ordered = sorted(chips, key=lambda pair: pair[1])
        self.chips = [chip for chip, _ in ordered]
        self.log_heights = [index(log_height) for _, log_height in ordered]
        self.parameters, self.statement, self.apart, self.caps = parameters, index(statement), tuple(apart), dict(caps or {})
        if min(self.log_heights) < 0 or parameters.log_cap < 1:
            raise ValueError("a chip has at least one row, and a cap at least two digests")
        of_width(parameters.hash_width)             # there is such a hash, or this raises
        if self.log_domain > 24:
            raise ValueError(f"chip {self.chips[-1].name} has 2^{self.log_rows} rows, and the field has no domain of more than 2^24 points")

    def with_caps(self, caps: Mapping[str, U32]) -> Key:
        other = copy(self)                          # with all that was computed of it, which depends on no cap
        other.caps = dict(caps)
        return other

    def with_cap(self, cap: U32) -> Key:
        """For a key that has no chips apart."""
        return self.with_caps({"fixed": cap})

    @property
    def cap(self) -> U32 | None:
        return self.caps.get("fixed")

    @property
    def hash(self) -> Hash:
        return of_width(self.parameters.hash_width)

    @property
    def log_rows(self) -> int:
        """Of the committed columns."""
        return int(self.log_heights[-1]) + self.parameters.log_lift

    @property
    def log_domain(self) -> int:
        return self.log_rows + self.parameters.log_blowup

    def shift(self, done: int) -> int:
        """Of the domain that is left when the lowest `done` bits of an index are folded away."""
        return pow(coset_shift(self.log_rows), 1 << done, P)

    @cached_property
    def fixed_trees(self) -> tuple[Tree, ...]:
        """The trees that belong to the key, not to a proof."""
        def widths(apart: bool) -> tuple[int, ...]:
            return tuple(len(chip.fixed_names) if (chip.name in self.apart) == apart else 0 for chip in self.chips)
        return tuple(tree for tree in (Tree("fixed", False, widths(False)), Tree("program", False, widths(True))) if any(tree.widths))

    @cached_property
    def trees(self) -> tuple[Tree, ...]:
        quotient = [0] * (len(self.chips) - 1) + [10]
        every = (*self.fixed_trees, Tree("main", False, tuple(len(c.main_names) for c in self.chips)),
                 Tree("logup", True, tuple(5 * c.logup_columns for c in self.chips)), Tree("quotient", True, tuple(quotient)))
        return tuple(tree for tree in every if any(tree.widths))

    def pack(self, i: int) -> int:
        """The logarithm of how many columns like those of a chip share one. A chip that is shorter than that needs is lifted so far."""
        return max(0, min(self.log_rows - self.log_heights[i], self.parameters.log_pack, self.log_rows - LOG_ROOM))

    @cached_property
    def packs(self) -> tuple[int, ...]:
        """All there are, rising."""
        return tuple(sorted({group.pack for _, group in self.placed}))

    def groups(self, tree: Tree) -> tuple[Group, ...]:
        """In the order of an opened row, which is that of the chips."""
        if tree not in self._groups:
            self._groups[tree] = self.grouped(tree)
        return self._groups[tree]

    @cached_property
    def _groups(self) -> dict[Tree, tuple[Group, ...]]:
        return {}

    def grouped(self, tree: Tree) -> tuple[Group, ...]:
        out: dict[int, list[int]] = {}
        for i, width in enumerate(tree.widths):
            if width:
                out.setdefault(0 if tree.name in ALONE else self.pack(i), []).append(i)
        return tuple(Group(pack, tuple(chips), sum(tree.widths[i] for i in chips) // tree.unit, tree.unit) for pack, chips in out.items())

    @cached_property
    def placed(self) -> tuple[tuple[Tree, Group], ...]:
        """All groups in the order of the tape."""
        return tuple((tree, group) for tree in self.trees for group in self.groups(tree))

    def segments(self, tree: Tree) -> list[int]:
        """Words of every group in an opened row."""
        return [group.words for group in self.groups(tree)]

    def log_tree(self, tree: Tree) -> int:
        """log2 of the leaves: those of the tallest chip's domain, but the tree of the program stands by itself."""
        tallest = max(log for log, width in zip(self.log_heights, tree.widths, strict=True) if width)
        return self.parameters.log_blowup + (tallest if tree.name == "program" else self.log_rows)

    def log_cap(self, name: str) -> int:
        """A tree's cap lies no lower than its rows."""
        return min(self.parameters.log_cap, self.log_tree(self.tree(name)))

    def tree(self, name: str) -> Tree:
        return next(tree for tree in self.trees if tree.name == name)

    @cached_property
    def opened(self) -> dict[tuple[str, int], slice]:
        """Where the opened values of a chip's columns in a tree stand; extension columns are opened as one value."""
        at, out = 0, {}
        for tree in self.trees:
            for i, width in enumerate(tree.widths):
                count = width // 5 if tree.extension else width
                out[tree.name, i] = slice(at, at + count)
                at += count
        return out

    @cached_property
    def speaking(self) -> list[int]:
        """Chips with messages: they alone have a LogUp sum. A sum for a silent chip would be bound by nothing."""
        return [i for i, chip in enumerate(self.chips) if chip.messages]

    @cached_property
    def opened_count(self) -> int:
        return int(max(place.stop for place in self.opened.values()))

    @cached_property
    def fri_rounds(self) -> tuple[int, ...]:
        """log sizes of the folded domains, from the first to the final one."""
        sizes, p = [self.log_domain], self.parameters
        while sizes[-1] - p.log_arity >= p.log_blowup + p.min_log_final:
            sizes.append(sizes[-1] - p.log_arity)
        return tuple(sizes)

    @property
    def log_first(self) -> int:
        """Binary steps of the first folding; none if nothing is folded."""
        return self.log_domain - self.fri_rounds[1] if len(self.fri_rounds) > 1 else 0

    @property
    def log_span(self) -> int:
        """Of what the denominators of all quotients divide: see stark/quotients.py."""
        return max(*self.packs, self.log_first)

    @cached_property
    def pointed(self) -> tuple[int, ...]:
        """Behind how many binary steps of folding the verifier needs points: none, the first folding, all."""
        return tuple(sorted({0, self.log_first, self.log_domain - self.fri_rounds[-1]}))

    def log_fri_cap(self, log_size: int) -> int:
        """Of the tree over a folded domain, which may be smaller than other caps."""
        return min(self.parameters.log_cap, log_size)

    @cached_property
    def head_words(self) -> int:
        """Words of a proof before the openings: caps, sums, opened values, nonces and the final polynomial (stark/rounds.py)."""
        p = self.parameters
        digests = sum(1 << self.log_cap(tree.name) for tree in self.trees if tree not in self.fixed_trees)
        digests += sum(1 << self.log_fri_cap(size) for size in self.fri_rounds[1:])
        values = len(self.speaking) + 2 * self.opened_count + (1 << (self.fri_rounds[-1] - p.log_blowup))
        nonces = sum(map(bool, (p.lookup_grinding, p.batch_grinding, p.grinding))) + bool(p.folding_grinding) * (len(self.fri_rounds) - 1)
        return self.hash.digest * digests + 5 * values + nonces

    @cached_property
    def openings(self) -> list[tuple[int, tuple[int, ...], int]]:
        """(log of the leaves, words of every group in a row, log of the cap) of every tree that is opened, in the order of the tape."""
        trees = [(self.log_tree(tree), tuple(self.segments(tree)), self.log_cap(tree.name)) for tree in self.trees]
        foldings = zip(self.fri_rounds, self.fri_rounds[1:], strict=False)
        return trees + [(after, (5 << (before - after),), self.log_fri_cap(after)) for before, after in foldings]

    @cached_property
    def words(self) -> int:
        """Of a proof: behind the head, for every query and tree, rows and a path."""
        opened = sum(sum(words) + self.hash.digest * (log_leaves - log_cap) for log_leaves, words, log_cap in self.openings)
        return self.head_words + self.parameters.queries * opened

    @cached_property
    def flat(self) -> list[FlatChip]:
        return [flatten(chip) for chip in self.chips]

    @cached_property
    def point(self) -> PointChip:
        """The constraints of all chips."""
        return together([(compile_point(chip, self.statement), len(layout(chip, self.statement))) for chip in self.chips])

    @cached_property
    def digest(self) -> U32:
        """A digest of the whole shape: every chip's columns and constraints, all heights, how many columns share one, all parameters.
        (Not the fixed caps.)"""
        hasher = hashlib.shake_256(b"longrun key 4")
        for i, (chip, log_height, flat) in enumerate(zip(self.chips, self.log_heights, self.flat, strict=True)):
            text = repr((chip.name, log_height, self.pack(i), chip.fixed_names, chip.main_names, flat.slots, flat.messages))
            for part in (text.encode(), flat.code.tobytes(), flat.constants.tobytes(), flat.requirements.tobytes()):
                hasher.update(len(part).to_bytes(8, "little") + part)
        hasher.update(f"({self.parameters.text}, {self.statement!r}, {self.apart!r})".encode())
        words: U32 = (np.frombuffer(hasher.digest(8 * self.hash.digest), "<u8") % P).astype(np.uint32)
        return words
