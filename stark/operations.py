"""What the first reading computes with (stark/numbers.py): a permutation, and what is frequent in a verifier. The text here is the meaning;
a kernel set may be faster."""
from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from stark.field import U64, ext_inverse, ext_mul, ext_powers_of, residue
from stark.poseidon2 import of_digest, of_width

U32 = npt.NDArray[np.uint32]
Indices = npt.NDArray[np.int64]
Permute = Callable[[U32], U32]


class Operations:
    """Everything by way of a permutation of each row of (n, 16) or (n, 24), and of numpy. Words of 64 bits are residues."""

    def __init__(self, permute: Permute) -> None:
        self._permute = permute
        self._point, self._powers = b"", np.zeros((0, 5), np.uint64)

    def __call__(self, states: U32) -> U32:
        return self._permute(states)

    def absorb(self, states: U32, words: U32, rate: int) -> U32:
        """States (n, width) after words (n, whole blocks): so many at a time take the place of the rate."""
        return self.absorbed(states, words, rate)[-1] if words.shape[1] else states

    def absorbed(self, states: U32, words: U32, rate: int) -> U32:
        """The states behind every block: (blocks, n, width)."""
        kept = np.zeros((words.shape[1] // rate, *states.shape), np.uint32)
        for block, state in enumerate(kept):
            state[:] = kept[block - 1] if block else states
            state[:, :rate] = words[:, block * rate:(block + 1) * rate]
            state[:] = self(state)
        return kept

    def sponge(self, rows: U32, width: int = 16) -> U32:
        """Digests (n, digest) of rows (n, row length), as stark/poseidon2.py states them."""
        kind, (count, length) = of_width(width), rows.shape
        padded = np.zeros((count, -(-length // kind.rate) * kind.rate), np.uint32)
        padded[:, :length] = rows
        states = np.zeros((count, width), np.uint32)
        states[:, kind.rate] = length
        return self.absorb(states, padded, kind.rate)[:, :kind.digest]

    def climb(self, digests: U32, siblings: U32, bits: U32) -> U32:
        """Digests (n, digest) at the upper ends of paths with siblings (levels, n, digest); bits (n, levels) that are 1 say that a node is
        the right one."""
        kind, size = of_digest(digests.shape[1]), digests.shape[1]
        states = np.zeros((len(digests), kind.width), np.uint32)
        for level, beside in enumerate(siblings):
            right = bits[:, level, None].astype(bool)
            states[:, :size], states[:, size:2 * size] = np.where(right, beside, digests), np.where(right, digests, beside)
            digests = self(states)[:, :size]
        return digests

    def multiply(self, a: U64, b: U64) -> U64:
        """Products of extension values, the shapes broadcast."""
        return ext_mul(a, b)

    def invert(self, values: U64) -> U64:
        """Inverses of extension values; that of zero is zero."""
        return ext_inverse(values)

    def horner(self, start: U64, point: U64, values: U64, extension: bool) -> U64:
        """start * point^k + values . (point^(k-1), …, 1), of base or extension values (…, k) or (…, k, 5)."""
        count = values.shape[-2 if extension else -1]
        if count > 1 and point.size and not any(point.strides[:-1]):                                    # one point for all rows
            powers = self.powers(point.reshape(-1, 5)[0], count + 1)
            weights = powers[count - 1::-1]
            terms = ext_mul(values, weights) if extension else residue(values[..., None] * weights)
            return residue(ext_mul(start, np.broadcast_to(powers[count], start.shape)) + terms.sum(axis=-2))
        total = start
        for j in range(count):
            total = ext_mul(total, point)
            if extension:
                total = residue(total + values[..., j, :])
            else:
                low = residue(total[..., :1] + values[..., j, None])
                total = np.concatenate([low, np.broadcast_to(total[..., 1:], (*low.shape[:-1], 4))], -1)
        return total

    def powers(self, point: U64, count: int) -> U64:
        """So many powers of a point; kept, because one challenge sums up all columns."""
        if self._point != point.tobytes() or len(self._powers) < count:
            self._point, self._powers = point.tobytes(), ext_powers_of(point, count)
        return self._powers

    def steps(self, values: U64, code: U32, operands: U32, outputs: U32) -> U64 | None:
        """What `carried_out` in stark/machine.py gives (the rest is `PointChip.flat`), where there is a faster way; else None."""
        return None

    def restore(self, leaves: Indices, levels: int, segments: Sequence[int], digest: int, pruned: U32) -> U32 | None:
        """What `restored` in stark/pruning.py gives, where there is a faster way; else None."""
        return None


def operations_of(permute: Permute) -> Operations:
    """A kernel set's permutation brings its own."""
    return permute if isinstance(permute, Operations) else Operations(permute)
