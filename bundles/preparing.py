"""What follows from a program before it runs: its identity in claims, the shapes that its segments can take, and the keys."""
from __future__ import annotations

import time
from collections.abc import Callable

from bundles.checking import short
from bundles.keys import SIZES_OF, LeafKeys, claimed_program, layers_of, shipped, trusted_keys
from bundles.programs import prepared
from bundles.terms import Facts, Progress
from continuation.kinds import LAYERS
from continuation.setup import build
from continuation.verify import Trusted
from segments.choosing import calls_hosts
from segments.host.tables import CELLS
from segments.shape import Shape
from stark.errors import Rejected
from stark.kernels.protocol import Kernels
from stark.profiles import Profile
from wasm_exec.instance import compiled


def set_up(app: bytes, profile: Profile, derive: bool, kernels: Kernels, on_progress: Progress, on_note: Callable[[str], None]) -> Facts:
    """Translates and compiles the program, which is kept where that takes long. With `derive` the keys that ship are believed no longer:
    they are computed from the texts of all chips and circuits, and Rejected if they are others."""
    program, began = prepared(app, on_note), time.perf_counter()
    for tracing in (False, True):
        compiled(program).module(tracing)
    seconds = time.perf_counter() - began
    general = Shape.of(SIZES_OF["toy" if profile.toy else "p100"][-1], len(program.instructions), profile.hash.width)
    shapes = [shape.name for shape in general.alike if calls_hosts(program) or CELLS not in shape.log_heights]
    trusted = trusted_keys(profile, kernels)
    origin = "ship with longrun" if shipped(profile.name, tuple(LAYERS)) else "none ship for these chips: computed here"
    if derive:
        origin = derived(profile, trusted, kernels, on_progress)
    return {"program": short(claimed_program(program, profile, kernels)), "profile": profile.name,
            "register instructions": len(program.instructions), "calls host functions": calls_hosts(program),
            "recorder compiled, s": round(seconds, 2), "shapes of its segments": len(shapes), "cells of the largest": general.committed,
            "circuits": len(trusted.kinds), "keys": short(trusted.keys), "keys come from": origin}


def derived(profile: Profile, there: Trusted, kernels: Kernels, on_progress: Progress) -> str:
    """Where the same keys come from, if they do."""
    began = time.perf_counter()
    found = build(LeafKeys(profile, kernels), layers_of(profile), kernels, told=on_progress)
    for name in [name for name in found.digests if found.digests[name] != there.digests.get(name)]:
        raise Rejected(f"the key that ships for {name!r} is the one that follows from the texts", short(found.digests[name]),
                       short(there.digests[name]) if name in there.digests else "none")
    if everything(found) != everything(there):
        raise Rejected("the keys that ship are those that follow from the texts", short(found.keys), "others")
    return f"the texts of chips and circuits: computed in {time.perf_counter() - began:.0f} s, the same as ship"


def everything(keys: Trusted) -> tuple[object, ...]:
    """To be compared."""
    caps = {name: cap.tolist() for name, cap in keys.caps.items()}
    return keys.segments, dict(keys.shapes), dict(keys.digests), caps, keys.wide, keys.keys
