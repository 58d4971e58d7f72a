"""How many bits a proof file proves: the weakest layer of all that stand behind it."""
from __future__ import annotations

from bundles.keys import RunKeys
from continuation.published import published
from segments.setup import shape_key
from stark import soundness


def bits(keys: RunKeys) -> float:
    """Provable bits, computed from the very parameters and shapes that the verifier uses."""
    segment = shape_key(keys.shape, keys.profile.segment)
    layers = [soundness.bits(keys.profile.segment, soundness.shape_of(segment))]
    shipped = published(segment, keys.profile.recursion)
    if shipped is not None:
        layers.append(soundness.bits(keys.profile.recursion, soundness.shape_of(shipped.key)))
    return min(layers)
