"""`make bench`: measures every stage in one run, prints JSON lines and a table, and keeps the figures."""
from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import bundles, continuation, execution, pipeline, plonky3, segments, stark  # noqa: E402
from benchmarks.report import Figures  # noqa: E402

PARTS: dict[str, Callable[[Figures, argparse.Namespace], None]] = {
    "stark": lambda figures, options: stark.measure(figures, threads=options.threads),
    "plonky3": lambda figures, options: plonky3.measure(figures, threads=options.threads),
    "execution": lambda figures, options: execution.measure(figures),
    "segments": lambda figures, options: segments.measure(figures, options.threads),
    "continuation": lambda figures, options: continuation.measure(figures, options.profile, options.threads),
    "pipeline": lambda figures, options: pipeline.measure(figures, options.profile, options.threads),
    "bundles": lambda figures, options: bundles.measure(figures, options.profile, options.threads),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--profile", default="p100", help="the profile of the pipeline figures")
    parser.add_argument("parts", nargs="*", help="only these parts, and nothing is kept: " + ", ".join(PARTS))
    options = parser.parse_args()
    if set(options.parts) - set(PARTS):
        parser.error(f"the parts are {', '.join(PARTS)}")
    figures = Figures()
    for name, measure in PARTS.items():
        if not options.parts or name in options.parts:
            measure(figures, options)
    if not options.parts:
        figures.save()


if __name__ == "__main__":
    main()
