"""Computes the keys of the continuation that ship with the package (continuation/keys). To be run when a chip or a circuit changes."""
from __future__ import annotations

from bundles.api import SIZES
from bundles.keys import RunKeys
from continuation.published import FOLDER, publish
from continuation.setup import build
from segments.setup import shape_key
from segments.shape import SMALLEST_PROGRAM, Shape
from stark import profiles
from stark.kernels import load

PROGRAMS = range(SMALLEST_PROGRAM, 17)


def main() -> None:
    kernels = load("best", 2)
    for path in FOLDER.glob("*.json"):
        path.unlink()
    for name, sizes in SIZES.items():
        for size in sizes:
            for log_program in PROGRAMS:
                keys = RunKeys(profiles.get(name), Shape(size, log_program))
                segment = shape_key(keys.shape, keys.profile.segment)
                setup = build(segment, keys.profile.recursion, kernels)
                path = publish(segment, keys.profile.recursion, setup.shape, setup.trusted)
                print(f"{name} {size} 2^{log_program} instructions: {path.name}", flush=True)


if __name__ == "__main__":
    main()
