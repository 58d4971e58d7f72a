"""A recorded program as bytes: read back it does the same, on honest and on changed proofs."""
from __future__ import annotations

import numpy as np
import pytest

from continuation.artefact import NAMES, decode, digest, encode
from continuation.replay import replay
from stark.errors import Malformed
from stark.expression import P
from tests.continuation.world import NARROW as world

KIND = "leaf of 2^7"


def test_what_is_read_back_replays_alike() -> None:
    program = world.made(KIND).circuit.program
    content = encode(program)
    again = decode(content)
    assert encode(again) == content and again.digest == program.digest and digest(again) == digest(program)
    tape, claim = np.concatenate([part.reshape(-1) for part in world.leaf_parts()]), world.leaf(0).claim
    rng = np.random.default_rng(1)
    for count in (0, 1, 40):
        changed = tape.copy()
        places = rng.integers(0, len(tape), count)
        changed[places] = (changed[places].astype(np.int64) + 1) % P
        left, right = (replay(one, changed, claim, world.KERNELS.permute) for one in (program, again))
        assert left.failed == right.failed and bool(left.failed) == bool(count) and (left.memory == right.memory).all()


def test_the_numbers_of_instructions_do_not_move() -> None:
    """They are in the format (docs/recursion-program.md)."""
    assert NAMES == ("read", "statement", "constant", "add", "sub", "mul", "mul_add", "horner", "permute", "bits", "inverse", "select",
                     "take", "require")


def test_bytes_that_are_no_program_are_refused() -> None:
    content = encode(world.made(KIND).circuit.program)
    for other in (content[:-1], content + b"\0", b"", content[1:], content[:30]):
        with pytest.raises(Malformed):
            decode(other)


def test_another_shape_is_another_program() -> None:
    assert digest(world.made(KIND).circuit.program) != digest(world.made("leaf of 2^9").circuit.program)
