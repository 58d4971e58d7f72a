"""The circuits, as texts on the machine. Each says of its claim (CLAIM words) what continuation/claims.py says in plain Python.

leaf: a segment proof is a span. join: two spans are one. run: a span is a whole run. batch: runs, or batches of runs, are one batch.
rollup: a batch once more, in the shape that is handed out.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from continuation.allowed import DEPTH, sides
from continuation.claims import BOUNDARY, EXIT_LIMBS, INPUT, OUTPUT, PAGE_LEVELS, PAGE_LIMBS, SPACES, SYSTEM
from continuation.kinds import Sort
from continuation.layout import POWER_WORDS
from segments.claim import ENTRY, RUNNING
from segments.setup import program_level
from stark.key import DIGEST, Key
from stark.machine import Machine, Value, concat
from stark.transcript import compress, sponge
from stark.verifier import key_cap, verify, zero

PROGRAM, KEYS, BEFORE, AFTER, SPAN_WORDS = slice(0, 8), slice(8, 16), slice(16, 26), slice(26, 36), 36
RUN_INPUT, RUN_OUTPUT, RUN_STATUS, RUN_PC, RUN_EXIT, RUN_WORDS = slice(16, 24), slice(24, 32), 32, 33, slice(34, 38), 38
RUNS_DIGEST, COUNT, BATCH_WORDS = slice(0, 8), 16, 17


@dataclass(frozen=True)
class Part:
    """A child that a circuit takes in: what it claims, and the key of its layer."""

    sort: Sort
    key: Key


def leaf(m: Machine, segment: Key, claim: Value) -> None:
    cap, statement = m.read(1 << segment.parameters.log_cap, DIGEST), m.read(2 * BOUNDARY)
    caps = [cap if tree.name == "program" else m.constant(key_cap(segment, tree.name)) for tree in segment.fixed_trees]
    verify(m, segment, caps, statement)
    with m.phase("leaf"):
        words = concat([cap.reshape(1, -1), m.constant([[program_level(segment)]])], 1)
        m.require_equal("the program is the digest of the commitment to its table", claim[PROGRAM], sponge(m, words)[0])
        m.require_equal("the span is the segment's", claim[BEFORE.start:AFTER.stop], statement)
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
        nothing_more(m, claim, SPAN_WORDS)


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
        image = concat([before[:INPUT], m.constant(np.zeros((1, DIGEST), np.int64)), before[INPUT + 1:]])
        program = compress(m, span[PROGRAM], sponge(m, image.reshape(1, -1))[0])
        m.require_equal("the program stands for its code and its first memory", claim[PROGRAM], program)
        m.require_equal("the input is the input space before", claim[RUN_INPUT], before[INPUT])
        m.require_equal("the output is the output space after", claim[RUN_OUTPUT], after[OUTPUT])
        m.require_equal("the status is the last one", claim[RUN_STATUS], last[1])
        m.require_equal("the place is the last one", claim[RUN_PC], last[0])
        m.require_equal("the exit code is the one in the system space", claim[RUN_EXIT], page[0][EXIT_LIMBS])
        nothing_more(m, claim, RUN_WORDS)


def batch(m: Machine, parts: Sequence[Part], claim: Value) -> None:
    (left_runs, left_count), (right_runs, right_count) = (runs(m, part, child(m, part, claim)) for part in parts)
    with m.phase("batch"):
        m.require_equal("the runs are those of the left and then of the right", claim[RUNS_DIGEST], compress(m, left_runs, right_runs))
        m.require_equal("all runs are counted", claim[COUNT], left_count + right_count)
        nothing_more(m, claim[COUNT - 1:], BATCH_WORDS - COUNT + 1)


def rollup(m: Machine, parts: Sequence[Part], claim: Value) -> None:
    batched = child(m, parts[0], claim)
    with m.phase("rollup"):
        m.require_equal("the rollup claims what the batch claims", claim, batched)


def runs(m: Machine, part: Part, claim: Value) -> tuple[Value, Value]:
    """Digest and number of the runs of a child: it is one run or has several."""
    with m.phase("batch"):
        return (sponge(m, claim.reshape(1, -1))[0], m.constant(1)) if part.sort is Sort.RUN else (claim[RUNS_DIGEST], claim[COUNT])


def child(m: Machine, part: Part, claim: Value) -> Value:
    """The claim of a proof under a key of the list; it stands in the quarter of its sort, so its shape is the one verified."""
    cap, statement = m.read(1 << part.key.parameters.log_cap, DIGEST), m.read(part.key.statement)
    verify(m, part.key, [cap], statement)
    with m.phase("allowed keys"):
        digest = sponge(m, cap.reshape(1, -1))[0]
        for _ in range(DEPTH - 2):
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


def nothing_more(m: Machine, claim: Value, words: int) -> None:
    count = len(claim) - words
    m.require_equal("the rest of a claim is empty", claim[words:], m.constant([0] * count))


TEXTS: Mapping[Sort, Callable[[Machine, Sequence[Part], Value], None]] = {
    Sort.JOIN: join, Sort.RUN: run, Sort.BATCH: batch, Sort.ROLLUP: rollup}
