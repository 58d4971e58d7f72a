"""Verifying the proof of a run or of a batch of runs. Needs numbers only: no recording, no prover, no native code."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from continuation.allowed import KeyList, digest_of_cap, place
from continuation.batches import BatchClaim
from continuation.claims import RunClaim, SpanClaim
from continuation.digests import Digest
from continuation.kinds import ROLLUP, Kind, Sort, kinds
from continuation.layout import FORMS, Form
from continuation.proofs import Permute, Proof
from stark.errors import Malformed, Rejected
from stark.key import Key

if TYPE_CHECKING:
    from continuation.shape import RecursionShape

U32 = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Trusted:
    """What setup publishes: the shape of every layer, the digests of the keys of all kinds, and the caps of those that are handed out."""

    segments: tuple[str, ...]                   # the shapes of segments that have a leaf
    shapes: Mapping[str, RecursionShape]        # by layer
    digests: Mapping[str, Digest]               # by name of the kind
    caps: Mapping[str, U32]                     # of the kinds of the last layer
    wide: tuple[str, ...] = ()                  # those of the shapes of segments whose leaves are wide
    root: Digest | None = None                  # of the list of keys, where it was computed before

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        return kinds(self.segments, self.wide)

    @property
    def form(self) -> Form:
        """Of statements and claims: all layers hash alike."""
        (width,) = {shape.parameters.hash_width for shape in self.shapes.values()}
        return FORMS[width]

    def leaf(self, segment: str) -> Kind:
        """The kind of leaf for segments of this shape."""
        return next(kind for kind in self.kinds.values() if kind.segment == segment)

    @cached_property
    def list(self) -> KeyList:
        return KeyList({place(kind): self.digests[name] for name, kind in self.kinds.items() if kind is not ROLLUP})

    @property
    def keys(self) -> Digest:
        """What every claim carries."""
        return self.list.root if self.root is None else self.root

    @cached_property
    def layers(self) -> dict[str, Key]:
        return {layer: self.layer(layer) for layer in self.shapes}

    def layer(self, name: str) -> Key:
        """The shape of all keys of a layer."""
        if name not in self._layers:
            self._layers[name] = self.shapes[name].key()
        return self._layers[name]

    @cached_property
    def _layers(self) -> dict[str, Key]:
        return {}

    def key(self, name: str, cap: U32 | None = None) -> Key:
        """The key of a kind, with the cap that was published or is given; of those that are given only the right one is taken."""
        if cap is not None and digest_of_cap(cap) != self.digests[name]:
            raise ValueError(f"the key of the {name} is not the one that was published")
        shape = self.layer(self.kinds[name].sort.layer)
        if cap is None:
            _ = shape.digest, shape.point               # once for all keys of the layer that proofs are verified under
        return shape.with_cap(self.caps[name] if cap is None else cap)


def verify_run(proof: Proof, claim: RunClaim, trusted: Trusted, permute: Permute) -> None:
    """Malformed or Rejected unless the proof shows this run."""
    check(proof, (Sort.RUN,), claim, trusted, permute)


def verify_rollup(proof: Proof, claim: BatchClaim, trusted: Trusted, permute: Permute) -> None:
    check(proof, (Sort.ROLLUP,), claim, trusted, permute)


def verify_part(proof: Proof, claim: SpanClaim | BatchClaim, trusted: Trusted, cap: U32, permute: Permute) -> None:
    """A part of a run or of a batch: what provers check of each other's work before they go on with it. The cap is that of its kind."""
    sorts = (Sort.LEAF, Sort.WIDE, Sort.JOIN) if isinstance(claim, SpanClaim) else (Sort.BATCH,)
    check(proof, sorts, claim, trusted, permute, cap)


def check(proof: Proof, sorts: tuple[Sort, ...], claim: SpanClaim | RunClaim | BatchClaim, trusted: Trusted,
          permute: Permute, cap: U32 | None = None) -> None:
    wanted = " or ".join(sort.label for sort in sorts)
    if proof.kind not in trusted.kinds or trusted.kinds[proof.kind].sort not in sorts:
        raise Rejected("the proof is of the kind that its claim needs", wanted, proof.kind)
    if claim.keys != trusted.keys:
        raise Rejected("the claim is made with the keys of this setup", trusted.keys, claim.keys)
    if len(proof.claim) != trusted.form.claim:
        raise Malformed(f"a claim has {trusted.form.claim} words, not {len(proof.claim)}")
    if (proof.claim != claim.words).any():
        raise Rejected("the proof is of this claim", claim.words.tolist(), proof.claim.tolist())
    proof.check(trusted.key(proof.kind, cap), permute)
