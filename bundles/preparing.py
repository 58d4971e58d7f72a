"""What follows from a program before it runs: its identity in claims, the shapes that its segments can take, and the keys."""
from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bundles.checking import short
from bundles.keys import SIZES_OF, LeafKeys, RunKeys, claimed_program, layers_of, shipped, trusted_keys
from bundles.machine import worker_bytes
from bundles.programs import prepared
from bundles.terms import Facts, Progress
from continuation.kinds import LAYERS
from continuation.published import contents, file_of
from continuation.setup import build
from continuation.verify import Trusted
from segments.choosing import calls_hosts
from segments.host.tables import CELLS
from segments.shape import Shape
from stark.errors import Malformed, Rejected
from stark.kernels.protocol import Kernels
from stark.profiles import Profile
from wasm_exec.instance import compiled

Note = Callable[[str], None]
TEXTS = "the texts of chips and circuits"


def set_up(app: bytes, profile: Profile, derive: bool, kernels: Kernels, on_progress: Progress, on_note: Note) -> Facts:
    """Translates and compiles the program, which is kept where that takes long. With `derive` the keys that come with longrun are believed
    no longer: all are computed from the texts of chips and circuits, and Rejected if the file has others."""
    program = prepared(app, on_note)
    for tracing in (False, True):
        compiled(program).module(tracing)
    general = Shape.of(SIZES_OF["toy" if profile.toy else "p100"][-1], len(program.instructions), profile.hash.width)
    shapes = [shape.name for shape in general.alike if calls_hosts(program) or CELLS not in shape.log_heights]
    trusted, origin = derived(profile, kernels, on_progress) if derive else known(profile, kernels, on_note)
    return {"program": short(claimed_program(program, profile, kernels)), "profile": profile.name,
            "register instructions": len(program.instructions), "host functions": "called" if calls_hosts(program) else "none called",
            "shapes of its segments": len(shapes),
            "memory of a worker, GB": round(worker_bytes(RunKeys(profile, general)) / 1e9, 1),
            "kinds of proofs": len(trusted.kinds), "keys": short(trusted.keys), "where the keys come from": origin}


def known(profile: Profile, kernels: Kernels, on_note: Note) -> tuple[Trusted, str]:
    """The keys that everybody uses, and where they come from."""
    there = shipped(profile.name, tuple(LAYERS))
    if there is not None:
        if there.list.root != there.root:
            raise Malformed(f"the file of keys is damaged: {file_of(profile.name)} has another root than that of its list")
        return there, "they are in the package"
    why = "those in the package are of other chips" if file_of(profile.name).is_file() else "there are none in the package"
    on_note(f"all keys are computed now, which takes some minutes: {why}")
    return trusted_keys(profile, kernels), f"{TEXTS}: {why}"


def said(file: Path) -> dict[str, Any]:
    """What is in a file of keys, whatever it is; nothing if it is no object."""
    try:
        found = json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def derived(profile: Profile, kernels: Kernels, on_progress: Progress) -> tuple[Trusted, str]:
    """The keys that follow from the texts; Rejected unless the file in the package says just these."""
    began, file = time.perf_counter(), file_of(profile.name)
    found = build(LeafKeys(profile, kernels), layers_of(profile), kernels, told=on_progress)
    origin = f"{TEXTS}, in {time.perf_counter() - began:.0f} s"
    if not file.is_file():
        return found, f"{origin}; there are none in the package"
    wanted, there = contents(found), said(file)
    if wanted != there:
        digests = there.get("digests")
        known_digests = digests if isinstance(digests, dict) else {}
        other = next((name for name, digest in wanted["digests"].items() if digest != known_digests.get(name)), None)
        what = "the keys in the package are" if other is None else f"the key of {other!r} in the package is"
        raise Rejected(f"{what} what follows from {TEXTS}", "", "")
    return found, f"{origin}; those in the package are the same"
