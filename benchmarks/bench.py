"""`make bench`: measures every stage in one run, prints JSON lines and a table, and keeps the figures. With names of parts, these alone."""
from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import bundles, continuation, execution, host, hosts, pipeline, plonky3, segments, stark  # noqa: E402
from benchmarks.report import Figures  # noqa: E402


def toolkit(figures: Figures, options: argparse.Namespace) -> None:
    stark.measure(figures, threads=options.threads)
    plonky3.measure(figures, threads=options.threads)


PARTS: dict[str, Callable[[Figures, argparse.Namespace], None]] = {
    "stark": toolkit,
    "execution": lambda figures, _: execution.measure(figures),
    "segments": lambda figures, options: segments.measure(figures, options.threads),
    "hosts": lambda figures, _: hosts.measure(figures),
    "continuation": lambda figures, options: continuation.measure(figures, options.profile, options.threads),
    "pipeline": lambda figures, options: pipeline.measure(figures, options.profile, options.threads),
    "bundles": lambda figures, options: bundles.measure(figures, options.profile, options.threads),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all of them if none is named")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--profile", default="p100", help="the profile of the pipeline figures")
    options = parser.parse_args()
    for part in options.parts:
        if part not in PARTS:
            parser.error(f"there is no part {part}")
    figures = Figures()
    host.measure(figures)
    for part in options.parts or PARTS:
        PARTS[part](figures, options)
    figures.save(whole=not options.parts)


if __name__ == "__main__":
    main()
