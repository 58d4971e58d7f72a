"""`make bench`: measures every stage in one run, prints JSON lines and a table, and keeps the figures."""
from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import bundles, execution, pipeline, plonky3, segments, stark  # noqa: E402
from benchmarks.report import Figures  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--profile", default="p100", help="the profile of the pipeline figures")
    options = parser.parse_args()
    figures = Figures()
    stark.measure(figures, threads=options.threads)
    plonky3.measure(figures, threads=options.threads)
    execution.measure(figures)
    segments.measure(figures, options.threads)
    pipeline.measure(figures, options.profile, options.threads)
    bundles.measure(figures, options.profile, options.threads)
    figures.save()


if __name__ == "__main__":
    main()
