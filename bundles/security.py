"""How many bits a proof file proves: the weakest layer of all that stand behind it."""
from __future__ import annotations

from bundles.keys import shapes_of
from continuation.published import published
from continuation.verify import Trusted
from segments.setup import shape_key
from stark import soundness
from stark.profiles import Profile


def bits(profile: Profile, trusted: Trusted | None = None) -> float | None:
    """Provable bits, computed from the very parameters and shapes that the verifier uses; None if the shapes of the recursion are not
    known without recording its circuits."""
    trusted = trusted or published(profile.name)
    if trusted is None:
        return None
    shapes = {(shape.size, max(shape.log_heights.values())): shape for shape in shapes_of(profile).values()}    # short ones may be weaker
    keys = [shape_key(shape, profile.segment) for shape in shapes.values()] + list(trusted.layers.values())
    return min(soundness.bits(key.parameters, soundness.shape_of(key)) for key in keys)
