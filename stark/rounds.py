"""The conversation of the protocol: the text of stark/verifier.py up to the drawing of the queries."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stark.fused import bits_of, ground
from stark.key import Key
from stark.machine import Machine, Value
from stark.transcript import Transcript


@dataclass(frozen=True)
class Rounds:
    """What was sent up to the drawing of the queries, and what was drawn."""

    caps: list[Value]                   # of the trees, in the order of the key
    lookups: list[Value]                # gamma, beta
    sums: Value
    combiner: Value
    zeta: Value
    opened: Value                       # every column at zeta and at the next row
    batching: Value
    second: Value                       # the weight of the quotient at the next row
    fri_caps: list[Value]
    foldings: list[Value]
    final: Value
    bits: Value                         # of the position of every query


def converse(m: Machine, key: Key, fixed_caps: Sequence[Value], statement: Value) -> Rounds:
    """Everything before the openings: each message is absorbed before the challenge that depends on it."""
    p = key.parameters
    with m.phase("transcript"):
        transcript = Transcript(m, key)

        def commitment(log_cap: int) -> Value:
            cap = m.read(1 << log_cap, key.hash.digest)
            transcript.absorb(cap)
            return cap

        def work(bits: int) -> None:
            if bits:
                transcript.absorb(m.read(1))                    # a nonce
                with m.phase("grinding"):
                    ground(m, transcript.draw_words(1), bits)

        caps = list(fixed_caps)
        for cap in caps:
            transcript.absorb(cap)
        transcript.absorb(statement)
        caps.append(commitment(key.log_cap("main")))
        work(p.lookup_grinding)
        lookups = [transcript.draw(), transcript.draw()]
        if key.trees[-2].name == "logup":
            caps.append(commitment(key.log_cap("logup")))
        sums = m.read(len(key.speaking), extension=True)
        transcript.absorb(m.words(sums))
        combiner = transcript.draw()
        caps.append(commitment(key.log_cap("quotient")))        # of all chips together
        zeta = transcript.draw()
        opened = m.read(2, key.opened_count, extension=True)
        transcript.absorb(m.words(opened))
        work(p.batch_grinding)
        batching, second = transcript.draw(), transcript.draw()
        fri_caps, foldings = [], []
        for log_size in key.fri_rounds[1:]:
            fri_caps.append(commitment(key.log_fri_cap(log_size)))
            work(p.folding_grinding)
            foldings.append(transcript.draw())
        final = m.read(1 << (key.fri_rounds[-1] - p.log_blowup), extension=True)
        transcript.absorb(m.words(final))
        work(p.grinding)
    with m.phase("indices"):
        bits = bits_of(m, transcript.draw_words(p.queries))[:, :key.log_domain]
    return Rounds(caps, lookups, sums, combiner, zeta, opened, batching, second, fri_caps, foldings, final, bits)
