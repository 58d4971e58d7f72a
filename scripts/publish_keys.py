"""Computes the keys of the continuation that ship with the package (continuation/keys) and prints the pages of all chips (docs/chips).
To be run when a chip or a circuit changes.

    python -m scripts.publish_keys [--extend] [PROFILE …]

With names of profiles only their keys are computed, and nothing else changes. With --extend the keys that are there are believed and only
what new shapes of segments, behind all others, bring is computed, which is right while no chip and no circuit has changed.
"""
from __future__ import annotations

import sys
import time
from pathlib import Path

import continuation.pages
import segments.pages
from bundles.keys import LeafKeys, layers_of
from continuation.published import FOLDER, publish, published
from continuation.setup import build
from continuation.verify import Trusted
from stark.kernels import load
from stark.profiles import PROFILES

PAGES = Path(__file__).parent.parent / "docs" / "chips"


def main(names: list[str], extend: bool) -> None:
    unknown = [name for name in names if name not in PROFILES]
    if unknown:
        sys.exit(f"there is no profile {' and none '.join(unknown)}; there are {', '.join(PROFILES)}")
    known = {name: published(name) for name in names or PROFILES} if extend else {}
    for path in [FOLDER / f"{name}.json" for name in names] if names else FOLDER.glob("*.json"):
        path.unlink(missing_ok=True)
    for name in names or PROFILES:
        keys_of(name, known.get(name))
    if names:
        return
    for folder, pages in ((PAGES, segments.pages.printed()), (PAGES / "recursion", continuation.pages.printed())):
        for name, text in pages.items():
            (folder / name).write_text(text)


def keys_of(name: str, known: Trusted | None) -> None:
    started, profile, kernels = time.perf_counter(), PROFILES[name], load("best", 2)
    path = publish(name, build(LeafKeys(profile, kernels), layers_of(profile), kernels, known=known))
    print(f"{path.name}: {path.stat().st_size} bytes, {time.perf_counter() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main([name for name in sys.argv[1:] if name != "--extend"], "--extend" in sys.argv)
