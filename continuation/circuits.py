"""The circuits, as texts on the machine. Each says of its claim what continuation/claims.py says in plain Python.

leaf: a segment proof is a span. join: two spans are one. lift: the span of a wide leaf in the shape of joins. run: a span is a whole run.
batch: runs, or batches of runs, are one batch. rollup: a batch once more, in the shape that is handed out.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from continuation.allowed import NUMBER_BITS, sides
from continuation.batches import RUN_BITS
from continuation.claims import EXIT_LIMBS, INPUT, OUTPUT, PAGE_LEVELS, PAGE_LIMBS, SPACES, STATE, SYSTEM
from continuation.counts import LOW_LIMB, STEP_BITS
from continuation.kinds import LIFT, Kind, Sort
from continuation.layout import Form, of_claim, of_statement
from segments.claim import BLOCK_LIMBS, BOUNDARY_HEAD, ENTRY, RUNNING
from segments.claim import FORMS as SEGMENT_FORMS
from segments.setup import program_level
from stark.formulas import zero
from stark.key import Key
from stark.machine import Machine, Value, concat
from stark.transcript import compress, padded, sponge
from stark.verifier import key_cap, verify


@dataclass(frozen=True)
class Part:
    """A child that a circuit takes in: what it claims, and the key of its layer."""

    sort: Sort
    key: Key


def leaf(m: Machine, segment: Key, claim: Value) -> None:
    form, own = of_claim(len(claim)), SEGMENT_FORMS[segment.hash.digest]
    cap, statement = m.read(1 << segment.log_cap("program"), own.digest), m.read(own.words)
    caps = [cap if tree.name == "program" else m.constant(key_cap(segment, tree.name)) for tree in segment.fixed_trees]
    verify(m, segment, caps, statement)
    with m.phase("leaf"):
        words = concat([cap.reshape(1, -1), m.constant([[program_level(segment)]])], 1)
        m.require_equal("the program is the digest of the commitment to its table", claim[form.program], sponge(m, words, form.digest)[0])
        m.require_equal("the span is the segment's", claim[form.before.start:form.after.stop], statement[:own.steps])
        m.require_equal("the steps are the segment's", claim[form.steps], concat([statement[own.steps:], m.constant([0])]))
        countable(m, form, claim)
        nothing_more(m, claim, form.span_words, form.steps.start)


def join(m: Machine, parts: Sequence[Part], claim: Value) -> None:
    left, right = (child(m, part, claim) for part in parts)
    form = of_claim(len(claim))
    with m.phase("join"):
        m.require_equal("both spans are of one program", left[form.program], right[form.program])
        m.require_equal("the right span starts where the left one ends", left[form.after], right[form.before])
        m.require_equal("nothing goes on after the end", left[form.after][1], m.constant(RUNNING))
        m.require_equal("the program is that of the spans", claim[form.program], left[form.program])
        m.require_equal("the span starts with the left one", claim[form.before], left[form.before])
        m.require_equal("the span ends with the right one", claim[form.after], right[form.after])
        countable(m, form, claim)
        carry = m.read(1)
        m.require_equal("what is carried is 0 or 1", carry * carry, carry)
        m.require_equal("the steps are those of both spans", claim[form.steps],
                        left[form.steps] + right[form.steps] + concat([carry * (-LOW_LIMB), carry]))
        nothing_more(m, claim, form.span_words, form.steps.start)


def lift(m: Machine, parts: Sequence[Part], claim: Value) -> None:
    span = child(m, parts[0], claim)
    with m.phase("lift"):
        m.require_equal("the span is the wide leaf's", claim, span)


def run(m: Machine, parts: Sequence[Part], claim: Value) -> None:
    span, form = child(m, parts[0], claim), of_claim(len(claim))
    with m.phase("run"):
        first, last = span[form.before], span[form.after]
        before, after = m.read(SPACES, form.digest), m.read(SPACES, form.digest)
        page, path = m.read(1, PAGE_LIMBS), m.read(PAGE_LEVELS, form.digest)
        m.require_equal("a run starts at its entry", first[:BOUNDARY_HEAD], m.constant([ENTRY, RUNNING]))
        status = zero(m) + last[1]
        m.require_equal("a run is complete", status * m.hint_inverse(status), m.constant_extension([1, 0, 0, 0, 0]))
        m.require_equal("the spaces before are those of the first boundary", tree_root(m, before), first[BOUNDARY_HEAD:])
        m.require_equal("the spaces after are those of the last boundary", tree_root(m, after), last[BOUNDARY_HEAD:])
        digest = page_digest(m, page[0], form)
        for level in range(PAGE_LEVELS):
            digest = compress(m, digest, path[level])
        m.require_equal("the exit code stands in the system space", digest, after[SYSTEM])
        nothing = m.constant(np.zeros((1, form.digest), np.int64))
        image = concat([nothing if space == STATE else before[space:space + 1] for space in range(SPACES)])
        program = compress(m, span[form.program], sponge(m, image.reshape(1, -1), form.digest)[0])
        m.require_equal("the program stands for its code and its first memory", claim[form.program], program)
        m.require_equal("the input is the input space after", claim[form.input], after[INPUT])
        m.require_equal("the output is the output space after", claim[form.output], after[OUTPUT])
        m.require_equal("the status is the last one", claim[form.status], last[1])
        m.require_equal("the place is the last one", claim[form.pc], last[0])
        m.require_equal("the exit code is the one in the system space", claim[form.exit], page[0][EXIT_LIMBS])
        m.require_equal("the state before is the state space before", claim[form.state_before], before[STATE])
        m.require_equal("the state after is the state space after", claim[form.state_after], after[STATE])
        m.require_equal("the steps are those of the span", claim[form.steps], span[form.steps])
        nothing_more(m, claim, form.run_words, form.steps.start)


def batch(m: Machine, parts: Sequence[Part], claim: Value) -> None:
    left, right = (runs(m, part, child(m, part, claim)) for part in parts)
    form = of_claim(len(claim))
    with m.phase("batch"):
        m.require_equal("the runs are those of the left and then of the right", claim[form.runs], compress(m, left.runs, right.runs))
        m.require_equal("all runs are counted", claim[form.count], left.count + right.count)
        same, weights = m.read(1), m.read(form.digest)
        bits = m.read(RUN_BITS)                                     # a batch joined with itself again and again comes to an end
        m.require_equal("a bit of the number of runs is 0 or 1", bits * bits, bits)
        m.require_equal("the runs can be counted", claim[form.count], m.spell(bits))
        program, state = slice(0, form.digest), slice(form.digest, 2 * form.digest)
        differences = right.first[program] - left.last[program]
        m.require_equal("runs of two programs differ somewhere, or are said to be of one", dot(weights, differences) + same,
                        m.constant([1]))
        m.require_equal("runs that are said to be of one program are", differences * same, m.constant([0] * form.digest))
        m.require_equal("neighbouring runs of one application chain", (right.first[state] - left.last[state]) * same,
                        m.constant([0] * form.digest))
        m.require_equal("a single application is that of both and where they meet", claim[form.single],
                        (left.single * right.single * same)[0])
        m.require_equal("the batch begins with the left one", claim[form.first], left.first)
        m.require_equal("the batch ends with the right one", claim[form.last], right.last)
        nothing_more(m, claim, form.batch_words, form.claim)


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
    form = of_claim(len(claim))
    with m.phase("batch"):
        if part.sort is not Sort.RUN:
            return Runs(claim[form.runs], claim[form.count], claim[form.single], claim[form.first], claim[form.last])
        first, last = (concat([claim[form.program], claim[state]]) for state in (form.state_before, form.state_after))
        return Runs(sponge(m, claim.reshape(1, -1), form.digest)[0], m.constant(1), m.constant(1), first, last)


def dot(left: Value, right: Value) -> Value:
    """The sum of the products, as one word in an array."""
    products = left * right
    total = products[0:1]
    for k in range(1, len(products)):
        total = total + products[k:k + 1]
    return total


def child(m: Machine, part: Part, claim: Value) -> Value:
    """The claim of a proof under a key of the list; it stands in the part of its sort, so its shape is the one verified."""
    form = of_claim(len(claim))
    cap, statement = m.read(1 << part.key.log_cap("fixed"), form.digest), m.read(part.key.statement)
    verify(m, part.key, [cap], statement)
    with m.phase("allowed keys"):
        digest = sponge(m, cap.reshape(1, -1), form.digest)[0]
        for _ in range(NUMBER_BITS):
            bit, sibling = m.read(1), m.read(form.digest)
            m.require_equal("a bit of a place is 0 or 1", bit * bit, bit)
            digest = compress(m, *m.swap(bit, digest, sibling))
        for side in sides(part.sort):
            digest = compress(m, *((m.read(form.digest), digest) if side else (digest, m.read(form.digest))))
        m.require_equal("the key is allowed here", digest, claim[form.keys])
        inner = statement[of_statement(len(statement)).power_words:]
        m.require_equal("the keys are those that the child was made with", claim[form.keys], inner[form.keys])
    return inner


def tree_root(m: Machine, digests: Value) -> Value:
    while len(digests) > 1:
        digests = compress(m, digests[0::2], digests[1::2])
    return digests[0]


def page_digest(m: Machine, page: Value, form: Form) -> Value:
    """Of the limbs of a page: some at a time, with zeros behind them in their block."""
    blocks = padded(m, page.reshape(-1, BLOCK_LIMBS), form.hash.rate)
    return sponge(m, blocks.reshape(1, -1), form.digest)[0]


def countable(m: Machine, form: Form, claim: Value) -> None:
    """Both limbs of the number of steps are as short as STEP_BITS says, so that sums of two do not wrap around p."""
    for limb, count in enumerate(STEP_BITS):
        bits = m.read(count)
        m.require_equal("a bit of a number of steps is 0 or 1", bits * bits, bits)
        m.require_equal("the steps can be counted", claim[form.steps][limb], m.spell(bits))


def nothing_more(m: Machine, claim: Value, words: int, end: int) -> None:
    """The claim has so many words of its own; the number of steps stands behind `end`, if it has one."""
    if words < end:
        m.require_equal("the rest of a claim is empty", claim[words:end], m.constant([0] * (end - words)))


Text = Callable[[Machine, Sequence[Part], Value], None]
TEXTS: Mapping[Sort, Text] = {Sort.JOIN: join, Sort.RUN: run, Sort.BATCH: batch, Sort.ROLLUP: rollup}


def text_of(kind: Kind) -> Text:
    return lift if kind == LIFT else TEXTS[kind.sort]
