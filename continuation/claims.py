"""What the proofs of the continuation say, in plain Python. The circuits (continuation/circuits.py) assert exactly this.

Every claim of one hash has as many words (continuation/layout.py says where what stands), and carries, in one place, the root of the
list of keys that it was made with.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from continuation.layout import STEP_LIMBS, Form, of_claim, of_digest
from segments.claim import BLOCK_LIMBS, CELL_LIMBS, ENTRY, EXIT_WORDS, LOG_PAGES, LOG_SPACES, RUNNING, Boundary, filled_up
from stark import poseidon2
from stark.errors import Rejected
from stark.field import P
from stark.poseidon2 import HASHES, Hash, Permute
from wasm_exec.spaces import PAGE_CELLS, Space, SystemCell

U32 = npt.NDArray[np.uint32]
Digest = tuple[int, ...]
Words = Sequence[int] | U32
SPACES, PAGE_LEVELS, PAGE_LIMBS = 1 << LOG_SPACES, LOG_PAGES, PAGE_CELLS * CELL_LIMBS
SYSTEM, INPUT, OUTPUT, STATE = int(Space.SYSTEM), int(Space.INPUT), int(Space.OUTPUT), int(Space.STATE)
EXIT_LIMBS = slice(CELL_LIMBS * SystemCell.EXIT_CODE, CELL_LIMBS * SystemCell.EXIT_CODE + EXIT_WORDS)    # in the system space's first page
STEPS = slice(-STEP_LIMBS, None)                # of a claim of a span and of a run: the number of steps, its lower and its higher limb
STEP_BITS = (24, 16)                            # of the limbs
LOW_LIMB, MOST_STEPS = 1 << STEP_BITS[0], 1 << sum(STEP_BITS)
RUN_BITS = 20                                   # of the number of runs in a batch


def nothing(digest: int) -> Digest:
    """What stands in the place of a digest of so many words where there is none."""
    return (0,) * digest


def sponge(words: Sequence[int], kind: Hash = HASHES[16], permute: Permute = poseidon2.permute) -> Digest:
    return digest_of(poseidon2.sponge(np.array([words], np.uint64), kind.width, permute))


def compress(left: Digest, right: Digest, permute: Permute = poseidon2.permute) -> Digest:
    width = poseidon2.of_digest(len(left)).width
    return digest_of(poseidon2.compress(np.array([left], np.uint64), np.array([right], np.uint64), width, permute))


def page_digest(page: Sequence[int], kind: Hash) -> Digest:
    """Of the limbs of a page."""
    return sponge(filled_up(np.array(page, np.uint64).reshape(-1, BLOCK_LIMBS), kind).reshape(-1).tolist(), kind)


def digest_of(words: npt.NDArray[np.unsignedinteger]) -> Digest:
    return tuple(int(word) for word in words.reshape(-1))


def tree_root(digests: Sequence[Digest]) -> Digest:
    while len(digests) > 1:
        digests = [compress(left, right) for left, right in zip(digests[::2], digests[1::2], strict=True)]
    return digests[0]


def demand(sentence: str, holds: bool) -> None:
    if not holds:
        raise Rejected(sentence)


def filled(form: Form, *words: int) -> U32:
    return np.array([*words, *[0] * (form.claim - len(words))], np.uint32)


def taken(words: Words, *parts: slice) -> tuple[Digest, ...]:
    """Parts of a claim."""
    return tuple(tuple(map(int, words[part])) for part in parts)


def counted(words: U32, steps: int) -> U32:
    """A claim with its number of steps."""
    words[STEPS] = steps % LOW_LIMB, steps // LOW_LIMB
    return words


def steps_of(words: Words) -> int:
    low, high = (int(word) for word in words[STEPS])
    return low + high * LOW_LIMB


def counting(steps: int) -> U32:
    """What a circuit reads to see that a number of steps can be counted: the bits of its limbs, lowest first."""
    return bits_of(steps, sum(STEP_BITS))


def bits_of(number: int, count: int) -> U32:
    """So many of them, the lowest first."""
    return np.array([number >> k & 1 for k in range(count)], np.uint32)


def carry(left: Words, right: Words) -> int:
    """What a join reads of the claims of its children: whether their lower limbs together are more than one."""
    return int(int(left[STEPS][0]) + int(right[STEPS][0]) >= LOW_LIMB)


@dataclass(frozen=True)
class SpanClaim:
    """The program leads from one boundary to another in so many steps."""

    program: Digest
    keys: Digest
    before: Boundary
    after: Boundary
    steps: int

    @property
    def words(self) -> U32:
        form = of_digest(len(self.program))
        return counted(filled(form, *self.program, *self.keys, *self.before.words, *self.after.words), self.steps)

    @staticmethod
    def of(words: Words) -> SpanClaim:
        form = of_claim(len(words))
        program, keys, before, after = taken(words, form.program, form.keys, form.before, form.after)
        return SpanClaim(program, keys, Boundary.of(before), Boundary.of(after), steps_of(words))

    def join(self, right: SpanClaim) -> SpanClaim:
        demand("both spans are of one program", self.program == right.program)
        demand("both spans were made with the same keys", self.keys == right.keys)
        demand("the right span starts where the left one ends", self.after == right.before)
        demand("nothing goes on after the end", self.after.status == RUNNING)
        demand("the steps of both can be counted", self.steps + right.steps < MOST_STEPS)
        return SpanClaim(self.program, self.keys, self.before, right.after, self.steps + right.steps)


@dataclass(frozen=True)
class Ends:
    """What a root opens of the memory at both ends: the digests of all spaces, and the first page of the system space with its path."""

    before: tuple[Digest, ...]
    after: tuple[Digest, ...]
    page: tuple[int, ...]
    path: tuple[Digest, ...]

    @property
    def words(self) -> U32:
        return np.array([*sum(self.before, ()), *sum(self.after, ()), *self.page, *sum(self.path, ())], np.uint32)


@dataclass(frozen=True)
class RunClaim:
    """The program, started on the input and in a state of the application, ended so after so many steps, wrote the output and left a state.
    `program` also stands for the memory image that it starts with."""

    program: Digest
    keys: Digest
    input: Digest
    output: Digest
    status: int
    pc: int
    exit_code: tuple[int, ...]          # limbs
    before: Digest                      # roots of the application's state
    after: Digest
    steps: int

    @property
    def words(self) -> U32:
        words = filled(self.form, *self.program, *self.keys, *self.input, *self.output, self.status, self.pc, *self.exit_code,
                       *self.before, *self.after)
        return counted(words, self.steps)

    @property
    def form(self) -> Form:
        return of_digest(len(self.program))

    @staticmethod
    def of(words: Words) -> RunClaim:
        form = of_claim(len(words))
        program, keys, entered, written, code = taken(words, form.program, form.keys, form.input, form.output, form.exit)
        before, after = taken(words, form.state_before, form.state_after)
        return RunClaim(program, keys, entered, written, int(words[form.status]), int(words[form.pc]), code, before, after, steps_of(words))

    @property
    def digest(self) -> Digest:
        return sponge(self.words.tolist(), self.form.hash)


def close(span: SpanClaim, ends: Ends) -> RunClaim:
    """A span that is a whole run, from the entry to the end."""
    demand("a run starts at its entry", span.before.pc == ENTRY and span.before.status == RUNNING)
    demand("a run is complete", span.after.status != RUNNING)
    demand("the spaces before are those of the first boundary", tree_root(ends.before) == span.before.root)
    demand("the spaces after are those of the last boundary", tree_root(ends.after) == span.after.root)
    digest = page_digest(ends.page, of_digest(len(span.program)).hash)
    for sibling in ends.path:
        digest = compress(digest, sibling)
    demand("the exit code stands in the system space", digest == ends.after[SYSTEM])
    return RunClaim(program_with_image(span.program, ends.before), span.keys, ends.after[INPUT], ends.after[OUTPUT], span.after.status,
                    span.after.pc, ends.page[EXIT_LIMBS], ends.before[STATE], ends.after[STATE], span.steps)


def program_with_image(program: Digest, spaces: Sequence[Digest], permute: Permute = poseidon2.permute) -> Digest:
    """A program with the memory that it starts with, whatever the application's state. That of the input is empty."""
    image = [nothing(len(program)) if space == STATE else digest for space, digest in enumerate(spaces)]
    return compress(program, sponge(sum(image, ()), of_digest(len(program)).hash, permute), permute)


@dataclass(frozen=True)
class Application:
    """A program with a state that it is in."""

    program: Digest
    state: Digest

    @property
    def words(self) -> Digest:
        return (*self.program, *self.state)

    @staticmethod
    def of(words: Words) -> Application:
        digest = len(words) // 2
        return Application(*taken(words, slice(0, digest), slice(digest, 2 * digest)))


@dataclass(frozen=True)
class BatchClaim:
    """Some runs, in an order. Neighbours of one application chain: the state after one is the state before the next. If `single` is 1,
    all are of one application, so that together they lead it from the first state to the last."""

    runs: Digest
    keys: Digest
    count: int
    single: int
    first: Application                  # of the first run, in the state before it
    last: Application                   # of the last run, in the state after it

    @property
    def words(self) -> U32:
        return filled(of_digest(len(self.runs)), *self.runs, *self.keys, self.count, self.single, *self.first.words, *self.last.words)

    @staticmethod
    def of(words: Words) -> BatchClaim:
        form = of_claim(len(words))
        runs, keys, first, last = taken(words, form.runs, form.keys, form.first, form.last)
        return BatchClaim(runs, keys, int(words[form.count]), int(words[form.single]), Application.of(first), Application.of(last))

    @staticmethod
    def one(run: RunClaim) -> BatchClaim:
        return BatchClaim(run.digest, run.keys, 1, 1, Application(run.program, run.before), Application(run.program, run.after))

    def join(self, right: BatchClaim) -> BatchClaim:
        demand("both batches were made with the same keys", self.keys == right.keys)
        same = self.last.program == right.first.program
        demand("neighbouring runs of one application chain", not same or self.last.state == right.first.state)
        demand("the runs of both can be counted", self.count + right.count < 1 << RUN_BITS)
        return BatchClaim(compress(self.runs, right.runs), self.keys, self.count + right.count, self.single * right.single * same,
                          self.first, right.last)


def meeting(left: BatchClaim, right: BatchClaim) -> U32:
    """What a join of batches reads beside its children: whether the runs that meet are of one application and, if they are not, weights
    under which the differences of their programs sum to 1. (Behind it stand the bits of the number of runs.)"""
    differences = [(there - here) % P for here, there in zip(left.last.program, right.first.program, strict=True)]
    place = next((k for k, difference in enumerate(differences) if difference), None)
    weights = [pow(difference, -1, P) if k == place else 0 for k, difference in enumerate(differences)]
    return np.array([place is None, *weights], np.uint32)


def chained(runs: Sequence[RunClaim]) -> None:
    """Rejected unless every run finds its application in the state in which the run of it before left it, neighbours or not."""
    states: dict[Digest, Digest] = {}
    for number, run in enumerate(runs, 1):
        known = states.get(run.program, run.before)
        if run.before != known:
            raise Rejected(f"run {number} begins in the state that the application was left in", spelled(known), spelled(run.before))
        states[run.program] = run.after


def spelled(digest: Digest) -> str:
    return "".join(f"{word:08x}" for word in digest)
