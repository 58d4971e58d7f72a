"""Proofs as they are handed out: packed, pruned, with one encoding; whatever else the bytes are, they are refused."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bundles.sent import SentProof
from continuation.claims import RunClaim
from continuation.verify import verify_run
from stark.codec import decode, encode
from stark.errors import Malformed, Rejected
from tests.continuation.world import NARROW as world

PERMUTE = world.KERNELS.permute
MUTATIONS = 60


@pytest.fixture(scope="module")
def sent() -> SentProof:
    return SentProof.of(world.run(), world.trusted(), PERMUTE)


def test_what_is_handed_out_comes_back(sent: SentProof) -> None:
    opened = sent.opened(world.trusted(), PERMUTE)
    assert (opened.words == world.run().words).all() and (sent.claim == world.run().claim).all()
    assert SentProof.of(opened, world.trusted(), PERMUTE).content == sent.content and len(sent.content) < 4 * len(opened.words)
    for proof in (sent, opened):
        verify_run(proof, RunClaim.of(sent.claim), world.trusted(), PERMUTE)


def test_changed_bytes_are_refused(sent: SentProof) -> None:
    """By the decoder, or by the verifier; nothing else comes out. What decodes is the encoding of what it decodes to."""
    rng, key, seen = np.random.default_rng(4), world.trusted().key(sent.kind), set()
    claim = RunClaim.of(sent.claim)
    for number in range(MUTATIONS):
        content = bytearray(sent.content)
        match number % 4:
            case 0:
                content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
            case 1:
                content[len(content) - 1 - int(rng.integers(len(content) // 2))] ^= 1 << int(rng.integers(8))
            case 2:
                content = content[:rng.integers(len(content))]
            case 3:
                content += bytes(int(rng.integers(1, 40)))
        changed = replace(sent, content=bytes(content))
        with pytest.raises((Malformed, Rejected)) as direct:
            verify_run(changed, claim, world.trusted(), PERMUTE)
        try:
            opened = changed.opened(world.trusted(), PERMUTE)
            assert encode(key, sent.statement, opened.words, PERMUTE) == changed.content
            verify_run(opened, claim, world.trusted(), PERMUTE)
        except (Malformed, Rejected) as error:
            seen.add(type(error))
            assert str(error) == str(direct.value)
        else:
            pytest.fail(f"mutation {number} was accepted")
    assert seen == {Malformed, Rejected}


def test_a_packed_proof_is_for_one_kind_and_one_statement(sent: SentProof) -> None:
    for other in (replace(sent, kind="run of leaf"), replace(sent, statement=sent.statement[::-1].copy())):
        with pytest.raises((Malformed, Rejected)):
            verify_run(other.opened(world.trusted(), PERMUTE), RunClaim.of(other.claim), world.trusted(), PERMUTE)
    with pytest.raises(Malformed, match="another key or profile"):
        decode(world.trusted().layers["join"], sent.statement, sent.content, PERMUTE)
