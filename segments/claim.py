"""What a segment proof says, and what a whole chain of them says about a run: plain values, and the few lines that connect them."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stark.errors import Rejected
from wasm_exec.spaces import Space, SystemCell

Words = tuple[int, ...]
Compress = Callable[[Words, Words], Words]      # two digests to one
Sponge = Callable[[Words], Words]               # the limbs of a page to its digest
RUNNING, EXITED, TRAPPED = 0, 1, 16
ENTRY, LOG_SPACES, LOG_PAGES, CELL_LIMBS = 0, 4, 24, 4


@dataclass(frozen=True)
class Boundary:
    """Everything that crosses from one segment to the next: ten words."""

    pc: int
    status: int
    root: Words

    @property
    def words(self) -> Words:
        return (self.pc, self.status, *self.root)

    @staticmethod
    def of(words: Sequence[int]) -> Boundary:
        return Boundary(int(words[0]), int(words[1]), tuple(int(word) for word in words[2:10]))


@dataclass(frozen=True)
class SegmentClaim:
    """Some number of steps of the program lead from `before` to `after`."""

    program: Words
    before: Boundary
    after: Boundary

    @property
    def words(self) -> Words:
        return (*self.before.words, *self.after.words)

    def join(self, other: SegmentClaim) -> SegmentClaim:
        """Both claims, one after the other."""
        equal("both segments are of one program", self.program, other.program)
        equal("a segment begins where the one before it ends", self.after, other.before)
        return SegmentClaim(self.program, self.before, other.after)


@dataclass(frozen=True)
class ProgramFacts:
    """What a verifier computes from a program: its words, and the roots of the sixteen spaces before a run, where the input is nothing."""

    program: Words
    spaces: tuple[Words, ...]


@dataclass(frozen=True)
class Openings:
    """What connects the roots with a run: the root of the input, those of all spaces at the end, the first page of the system space
    (128 limbs) with its path (24 siblings, from below)."""

    input: Words
    spaces: tuple[Words, ...]
    system_page: Words
    path: tuple[Words, ...]


@dataclass(frozen=True)
class RunClaim:
    """The program ended on this input with this output. `pc` is the instruction that ended it; `exit_code` is 0 unless it exited."""

    program: Words
    input: Words
    output: Words
    status: int
    pc: int
    exit_code: int


def open_run(facts: ProgramFacts, claim: SegmentClaim, openings: Openings, compress: Compress, sponge: Sponge) -> RunClaim:
    """The run that a claim from its first to its last boundary is about."""
    equal("the claim is about this program", claim.program, facts.program)
    equal("a run begins at the entry", (claim.before.pc, claim.before.status), (ENTRY, RUNNING))
    begin = [openings.input if space == Space.INPUT else root for space, root in enumerate(facts.spaces)]
    equal("the first root is that of the program and the input", claim.before.root, root_of(begin, compress))
    if claim.after.status == RUNNING:
        raise Rejected("the run has ended", "a status that is not running", claim.after.status)
    equal("the last root is that of the spaces at the end", claim.after.root, root_of(openings.spaces, compress))
    page = sponge(openings.system_page)
    equal("the path has a sibling for every level", len(openings.path), LOG_PAGES)
    for sibling in openings.path:
        page = compress(page, sibling)          # the first page is always on the left
    equal("the system page is in the system space", page, openings.spaces[Space.SYSTEM])
    cell = openings.system_page[CELL_LIMBS * SystemCell.EXIT_CODE:]
    exit_code = cell[0] + (cell[1] << 16) if claim.after.status == EXITED else 0
    return RunClaim(facts.program, openings.input, openings.spaces[Space.OUTPUT], claim.after.status, claim.after.pc, exit_code)


def root_of(spaces: Sequence[Words], compress: Compress) -> Words:
    equal("there are sixteen spaces", len(spaces), 1 << LOG_SPACES)
    nodes = list(spaces)
    while len(nodes) > 1:
        nodes = [compress(left, right) for left, right in zip(nodes[::2], nodes[1::2], strict=True)]
    return nodes[0]


def equal(check: str, left: object, right: object) -> None:
    if left != right:
        raise Rejected(check, right, left)
