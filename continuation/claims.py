"""What the proofs of the continuation say, in plain Python. The circuits (continuation/circuits.py) assert exactly this.

Every claim of one hash has as many words (continuation/layout.py says where what stands), and carries, in one place, the root of the
list of keys that it was made with.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from continuation.counts import MOST_STEPS, U32, Words, counted, steps_of
from continuation.digests import Digest, compress, nothing, page_digest, sponge, tree_root
from continuation.layout import Form, of_claim, of_digest
from segments.claim import CELL_LIMBS, ENTRY, EXIT_WORDS, LOG_PAGES, LOG_SPACES, RUNNING, Boundary
from stark import poseidon2
from stark.errors import Rejected
from stark.poseidon2 import Permute
from wasm_exec.spaces import PAGE_CELLS, Space, SystemCell

SPACES, PAGE_LEVELS, PAGE_LIMBS = 1 << LOG_SPACES, LOG_PAGES, PAGE_CELLS * CELL_LIMBS
SYSTEM, INPUT, OUTPUT, STATE = int(Space.SYSTEM), int(Space.INPUT), int(Space.OUTPUT), int(Space.STATE)
EXIT_LIMBS = slice(CELL_LIMBS * SystemCell.EXIT_CODE, CELL_LIMBS * SystemCell.EXIT_CODE + EXIT_WORDS)    # in the system space's first page


def demand(sentence: str, holds: bool) -> None:
    if not holds:
        raise Rejected(sentence)


def filled(form: Form, *words: int) -> U32:
    return np.array([*words, *[0] * (form.claim - len(words))], np.uint32)


def taken(words: Words, *parts: slice) -> tuple[Digest, ...]:
    """Parts of a claim."""
    return tuple(tuple(map(int, words[part])) for part in parts)


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
