"""Numbers of steps, as claims and circuits have them: a lower limb and a higher one."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from continuation.layout import STEP_LIMBS

U32 = npt.NDArray[np.uint32]
Words = Sequence[int] | U32
STEPS = slice(-STEP_LIMBS, None)                # of a claim of a span and of a run: the number of steps, its lower and its higher limb
STEP_BITS = (24, 16)                            # of the limbs
LOW_LIMB, MOST_STEPS = 1 << STEP_BITS[0], 1 << sum(STEP_BITS)


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
