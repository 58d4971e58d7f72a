"""Profiles beside each other in one process: a segment of 2^20 steps, its leaf, a join, then a small run and a rollup from end to end.

    python -m benchmarks.profiles [--guest NAME] [--small] PROFILE …        (--small: without the segment of 2^20 steps)

Seconds are those of the processor, of one thread, the least of several turns where little is measured.
"""
from __future__ import annotations

import argparse
import tempfile
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.bundles import SMALL
from benchmarks.continuation import neighbours, timed
from benchmarks.guests import INPUTS
from bundles import api
from bundles.bundle import open_bundle
from bundles.checking import Expected, check_file
from bundles.files import RollupFile, RunFile
from bundles.keys import LeafKeys, trusted_keys
from bundles.proving import Proved, keys_of, prove_batch, prove_bundle
from continuation.prove import Prover
from continuation.setup import Setup
from continuation.shelf import STANDARD
from stark import profiles
from stark.kernels import load
from stark.kernels.protocol import Kernels
from stark.profiles import Profile
from wasm_exec.program import Program
from wasm_exec.text import from_text

TURNS, INPUT = 3, (b"first", b"Ada", b"Grace")
Found = dict[str, str]


def large(profile: Profile, guest: str, kernels: Kernels) -> Found:
    """Two neighbouring segments from the middle of a run of a guest, their leaves and the join of both; circuits made before."""
    segments, seconds = neighbours(guest, INPUTS[guest](), profile, kernels)
    prover = Prover(Setup(trusted_keys(profile, kernels), LeafKeys(profile, kernels), kernels, STANDARD), kernels)
    left, right = map(prover.leaf, segments)
    prover.join(left, right)
    leaf = min(timed(partial(prover.leaf, segment))[1] for segment in segments * TURNS)
    join = min(timed(lambda: prover.join(left, right))[1] for _ in range(TURNS))
    return {"shape": segments[0].shape, "kind of leaf": prover.trusted.leaf(segments[0].shape).sort.label,
            "segment, s": f"{seconds:.2f}", "segment, bytes kept": f"{4 * segments[0].words.size:,}", "leaf, s": f"{leaf:.2f}",
            "join, s": f"{join:.2f}"}


def small(profile: Profile, kernels: Kernels) -> Found:
    """Runs of one segment, and the rollup of two; circuits made before."""
    app, proved = from_text(SMALL), list[Proved]()
    program = api.translated(app)
    with tempfile.TemporaryDirectory() as folder:
        for number, content in enumerate(INPUT):
            api.record(app, content, Path(folder) / str(number), profile.name)
            bundle = open_bundle(Path(folder) / str(number))
            keys = keys_of(bundle, program)
            proved.append(prove_bundle(bundle, program, keys, kernels, lambda *_: None, api.Means(1)))
    files = [one.file for one in proved]
    prove_batch(files[:2], kernels, lambda *_: None)
    rollup, batching = timed(lambda: prove_batch(files[1:], kernels, lambda *_: None))
    spent = proved[-1].seconds
    root = sum(value for stage, value in spent.items() if stage.startswith("run:") and "circuit" not in stage)
    return {"small run, s": f"{spent['processor']:.2f}", "of that its root, s": f"{root / spent['all'] * spent['processor']:.2f}",
            "rollup of two, s": f"{batching:.2f}", "run, bytes": f"{len(files[-1].encode()):,}",
            "rollup, bytes": f"{len(rollup.encode()):,}", "verifying a run, ms": f"{1000 * verifying(files[-1], program, kernels):.1f}",
            "verifying a rollup, ms": f"{1000 * verifying(rollup, program, kernels):.1f}"}


def verifying(file: RunFile | RollupFile, program: Program, kernels: Kernels) -> float:
    """The least seconds, the program's digest computed anew, keys at hand."""
    return min(timed(lambda: check_file(file, [program], Expected(), kernels))[1] for _ in range(5))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("profiles", nargs="+", metavar="PROFILE", choices=list(profiles.PROFILES))
    parser.add_argument("--guest", default="script", choices=list(INPUTS))
    parser.add_argument("--small", action="store_true")
    options = parser.parse_args()
    kernels, found = load("best", 1), dict[str, Found]()
    for name in options.profiles:
        profile = profiles.get(name)
        found[name] = small(profile, kernels) | ({} if options.small or profile.toy else large(profile, options.guest, kernels))
        print(name, found[name], flush=True)
    table = Table("", *found)
    for what in max(found.values(), key=len):
        table.add_row(what, *(figures.get(what, "") for figures in found.values()))
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
