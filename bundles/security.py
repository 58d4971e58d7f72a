"""How many bits a proof file proves: the weakest layer of all that stand behind it."""
from __future__ import annotations

from bundles.keys import RunKeys
from continuation.published import published
from segments.setup import shape_key
from stark import soundness
from stark.key import Key


def bits(keys: RunKeys, recursion: Key | None = None) -> float | None:
    """Provable bits, computed from the very parameters and shapes that the verifier uses; None if the recursion's shape is not
    known without recording its circuits."""
    segment = shape_key(keys.shape, keys.profile.segment)
    if recursion is None:
        shipped = published(segment, keys.profile.recursion)
        if shipped is None:
            return None
        recursion = shipped.key
    layers = ((keys.profile.segment, segment), (keys.profile.recursion, recursion))
    return min(soundness.bits(parameters, soundness.shape_of(key)) for parameters, key in layers)
