"""Computes the keys of the continuation that ship with the package (continuation/keys). To be run when a chip or a circuit changes."""
from __future__ import annotations

import time

from bundles.keys import LeafKeys, layers_of
from continuation.published import FOLDER, publish
from continuation.setup import build
from stark.kernels import load
from stark.profiles import PROFILES


def main() -> None:
    kernels = load("best", 2)
    for path in FOLDER.glob("*.json"):
        path.unlink()
    for name, profile in PROFILES.items():
        started = time.perf_counter()
        path = publish(name, build(LeafKeys(profile, kernels), layers_of(profile), kernels))
        print(f"{path.name}: {path.stat().st_size} bytes, {time.perf_counter() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
