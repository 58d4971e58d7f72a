"""The circuits, as texts on the machine. Each says of its claim (CLAIM words) what continuation/claims.py says in plain Python.

leaf: a segment proof is a span. join: two spans are one. lift: the span of a wide leaf in the shape of joins. run: a span is a whole run.
batch: runs, or batches of runs, are one batch. rollup: a batch once more, in the shape that is handed out.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from continuation.allowed import NUMBER_BITS, sides
from continuation.claims import (
    EXIT_LIMBS,
    INPUT,
    LOW_LIMB,
    OUTPUT,
    PAGE_LEVELS,
    PAGE_LIMBS,
    RUN_BITS,
    SPACES,
    STATE,
    STEP_BITS,
    STEPS,
    SYSTEM,
)
from continuation.kinds import LIFT, Kind, Sort
from continuation.layout import CLAIM, POWER_WORDS
from segments.claim import ENTRY, RUNNING, STATEMENT
from segments.claim import STEPS as SEGMENT_STEPS
from segments.setup import program_level
from stark.formulas import zero
from stark.key import DIGEST, Key
from stark.machine import Machine, Value, concat
from stark.transcript import compress, sponge
from stark.verifier import key_cap, verify

PROGRAM, KEYS, BEFORE, AFTER, SPAN_WORDS = slice(0, 8), slice(8, 16), slice(16, 26), slice(26, 36), 36
RUN_INPUT, RUN_OUTPUT, RUN_STATUS, RUN_PC, RUN_EXIT = slice(16, 24), slice(24, 32), 32, 33, slice(34, 38)
STATE_BEFORE, STATE_AFTER, RUN_WORDS = slice(38, 46), slice(46, 54), 54
RUNS_DIGEST, COUNT, SINGLE, FIRST, LAST, BATCH_WORDS = slice(0, 8), 16, 17, slice(18, 34), slice(34, 50), 50


@dataclass(frozen=True)
class Part:
    """A child that a circuit takes in: what it claims, and the key of its layer."""

    sort: Sort
    key: Key


def leaf(m: Machine, segment: Key, claim: Value) -> None:
    cap, statement = m.read(1 << segment.log_cap("program"), DIGEST), m.read(STATEMENT)
    caps = [cap if tree.name == "program" else m.constant(key_cap(segment, tree.name)) for tree in segment.fixed_trees]
    verify(m, segment, caps, statement)
    with m.phase("leaf"):
        words = concat([cap.reshape(1, -1), m.constant([[program_level(segment)]])], 1)
        m.require_equal("the program is the digest of the commitment to its table", claim[PROGRAM], sponge(m, words)[0])
        m.require_equal("the span is the segment's", claim[BEFORE.start:AFTER.stop], statement[:SEGMENT_STEPS])
        m.require_equal("the steps are the segment's", claim[STEPS], concat([statement[SEGMENT_STEPS:], m.constant([0])]))
        countable(m, claim)
        nothing_more(m, claim, SPAN_WORDS)


def join(m: Machine, parts: Sequence[Part], claim: Value) -> None:
    left, right = (child(m, part, claim) for part in parts)
    with m.phase("join"):
        m.require_equal("both spans are of one program", left[PROGRAM], right[PROGRAM])
        m.require_equal("the right span starts where the left one ends", left[AFTER], right[BEFORE])
        m.require_equal("nothing goes on after the end", left[AFTER][1], m.constant(RUNNING))
        m.require_equal("the program is that of the spans", claim[PROGRAM], left[PROGRAM])
        m.require_equal("the span starts with the left one", claim[BEFORE], left[BEFORE])
        m.require_equal("the span ends with the right one", claim[AFTER], right[AFTER])
        countable(m, claim)
        carry = m.read(1)
        m.require_equal("what is carried is 0 or 1", carry * carry, carry)
        m.require_equal("the steps are those of both spans", claim[STEPS],
                        left[STEPS] + right[STEPS] + concat([carry * (-LOW_LIMB), carry]))
        nothing_more(m, claim, SPAN_WORDS)


def lift(m: Machine, parts: Sequence[Part], claim: Value) -> None:
    span = child(m, parts[0], claim)
    with m.phase("lift"):
        m.require_equal("the span is the wide leaf's", claim, span)


def run(m: Machine, parts: Sequence[Part], claim: Value) -> None:
    span = child(m, parts[0], claim)
    with m.phase("run"):
        first, last = span[BEFORE], span[AFTER]
        before, after = m.read(SPACES, DIGEST), m.read(SPACES, DIGEST)
        page, path = m.read(1, PAGE_LIMBS), m.read(PAGE_LEVELS, DIGEST)
        m.require_equal("a run starts at its entry", first[0:2], m.constant([ENTRY, RUNNING]))
        status = zero(m) + last[1]
        m.require_equal("a run is complete", status * m.hint_inverse(status), m.constant_extension([1, 0, 0, 0, 0]))
        m.require_equal("the spaces before are those of the first boundary", tree_root(m, before), first[2:])
        m.require_equal("the spaces after are those of the last boundary", tree_root(m, after), last[2:])
        digest = sponge(m, page)[0]
        for level in range(PAGE_LEVELS):
            digest = compress(m, digest, path[level])
        m.require_equal("the exit code stands in the system space", digest, after[SYSTEM])
        nothing = m.constant(np.zeros((1, DIGEST), np.int64))
        image = concat([nothing if space == STATE else before[space:space + 1] for space in range(SPACES)])
        program = compress(m, span[PROGRAM], sponge(m, image.reshape(1, -1))[0])
        m.require_equal("the program stands for its code and its first memory", claim[PROGRAM], program)
        m.require_equal("the input is the input space after", claim[RUN_INPUT], after[INPUT])
        m.require_equal("the output is the output space after", claim[RUN_OUTPUT], after[OUTPUT])
        m.require_equal("the status is the last one", claim[RUN_STATUS], last[1])
        m.require_equal("the place is the last one", claim[RUN_PC], last[0])
        m.require_equal("the exit code is the one in the system space", claim[RUN_EXIT], page[0][EXIT_LIMBS])
        m.require_equal("the state before is the state space before", claim[STATE_BEFORE], before[STATE])
        m.require_equal("the state after is the state space after", claim[STATE_AFTER], after[STATE])
        m.require_equal("the steps are those of the span", claim[STEPS], span[STEPS])
        nothing_more(m, claim, RUN_WORDS)


def batch(m: Machine, parts: Sequence[Part], claim: Value) -> None:
    left, right = (runs(m, part, child(m, part, claim)) for part in parts)
    with m.phase("batch"):
        m.require_equal("the runs are those of the left and then of the right", claim[RUNS_DIGEST], compress(m, left.runs, right.runs))
        m.require_equal("all runs are counted", claim[COUNT], left.count + right.count)
        same, weights = m.read(1), m.read(DIGEST)
        bits = m.read(RUN_BITS)                                     # a batch joined with itself again and again comes to an end
        m.require_equal("a bit of the number of runs is 0 or 1", bits * bits, bits)
        m.require_equal("the runs can be counted", claim[COUNT], m.spell(bits))
        differences = right.first[:DIGEST] - left.last[:DIGEST]
        m.require_equal("runs of two programs differ somewhere, or are said to be of one", dot(weights, differences) + same,
                        m.constant([1]))
        m.require_equal("runs that are said to be of one program are", differences * same, m.constant([0] * DIGEST))
        m.require_equal("neighbouring runs of one application chain", (right.first[DIGEST:] - left.last[DIGEST:]) * same,
                        m.constant([0] * DIGEST))
        m.require_equal("a single application is that of both and where they meet", claim[SINGLE], (left.single * right.single * same)[0])
        m.require_equal("the batch begins with the left one", claim[FIRST], left.first)
        m.require_equal("the batch ends with the right one", claim[LAST], right.last)
        nothing_more(m, claim, BATCH_WORDS, CLAIM)


def rollup(m: Machine, parts: Sequence[Part], claim: Value) -> None:
    batched = child(m, parts[0], claim)
    with m.phase("rollup"):
        m.require_equal("the rollup claims what the batch claims", claim, batched)


@dataclass(frozen=True)
class Runs:
    """What a batch takes from a child: one run, or several. `first` and `last` are a program and a state."""

    runs: Value
    count: Value
    single: Value
    first: Value
    last: Value


def runs(m: Machine, part: Part, claim: Value) -> Runs:
    with m.phase("batch"):
        if part.sort is not Sort.RUN:
            return Runs(claim[RUNS_DIGEST], claim[COUNT], claim[SINGLE], claim[FIRST], claim[LAST])
        first, last = (concat([claim[PROGRAM], claim[state]]) for state in (STATE_BEFORE, STATE_AFTER))
        return Runs(sponge(m, claim.reshape(1, -1))[0], m.constant(1), m.constant(1), first, last)


def dot(left: Value, right: Value) -> Value:
    """The sum of the products, as one word in an array."""
    products = left * right
    total = products[0:1]
    for k in range(1, len(products)):
        total = total + products[k:k + 1]
    return total


def child(m: Machine, part: Part, claim: Value) -> Value:
    """The claim of a proof under a key of the list; it stands in the part of its sort, so its shape is the one verified."""
    cap, statement = m.read(1 << part.key.log_cap("fixed"), DIGEST), m.read(part.key.statement)
    verify(m, part.key, [cap], statement)
    with m.phase("allowed keys"):
        digest = sponge(m, cap.reshape(1, -1))[0]
        for _ in range(NUMBER_BITS):
            bit, sibling = m.read(1), m.read(DIGEST)
            m.require_equal("a bit of a place is 0 or 1", bit * bit, bit)
            digest = compress(m, *m.swap(bit, digest, sibling))
        for side in sides(part.sort):
            digest = compress(m, *((m.read(DIGEST), digest) if side else (digest, m.read(DIGEST))))
        m.require_equal("the key is allowed here", digest, claim[KEYS])
        inner = statement[POWER_WORDS:]
        m.require_equal("the keys are those that the child was made with", claim[KEYS], inner[KEYS])
    return inner


def tree_root(m: Machine, digests: Value) -> Value:
    while len(digests) > 1:
        digests = compress(m, digests[0::2], digests[1::2])
    return digests[0]


def countable(m: Machine, claim: Value) -> None:
    """Both limbs of the number of steps are as short as STEP_BITS says, so that sums of two do not wrap around p."""
    for limb, count in enumerate(STEP_BITS):
        bits = m.read(count)
        m.require_equal("a bit of a number of steps is 0 or 1", bits * bits, bits)
        m.require_equal("the steps can be counted", claim[STEPS][limb], m.spell(bits))


def nothing_more(m: Machine, claim: Value, words: int, end: int = STEPS.start) -> None:
    """The claim has so many words of its own; the number of steps stands behind `end`."""
    if words < end:
        m.require_equal("the rest of a claim is empty", claim[words:end], m.constant([0] * (end - words)))


Text = Callable[[Machine, Sequence[Part], Value], None]
TEXTS: Mapping[Sort, Text] = {Sort.JOIN: join, Sort.RUN: run, Sort.BATCH: batch, Sort.ROLLUP: rollup}


def text_of(kind: Kind) -> Text:
    return lift if kind == LIFT else TEXTS[kind.sort]
