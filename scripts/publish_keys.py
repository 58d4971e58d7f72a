"""Computes the keys of the continuation that ship with the package (continuation/keys) and prints the pages of all chips (docs/chips).
To be run when a chip or a circuit changes."""
from __future__ import annotations

import time
from pathlib import Path

import continuation.pages
import segments.pages
from bundles.keys import LeafKeys, layers_of
from continuation.published import FOLDER, publish
from continuation.setup import build
from stark.kernels import load
from stark.profiles import PROFILES

PAGES = Path(__file__).parent.parent / "docs" / "chips"


def main() -> None:
    kernels = load("best", 2)
    for path in FOLDER.glob("*.json"):
        path.unlink()
    for name, profile in PROFILES.items():
        started = time.perf_counter()
        path = publish(name, build(LeafKeys(profile, kernels), layers_of(profile), kernels))
        print(f"{path.name}: {path.stat().st_size} bytes, {time.perf_counter() - started:.0f} s", flush=True)
    for folder, pages in ((PAGES, segments.pages.printed()), (PAGES / "recursion", continuation.pages.printed())):
        for name, text in pages.items():
            (folder / name).write_text(text)


if __name__ == "__main__":
    main()
