"""Plonky3 as a yardstick: its kernels and its prover on our tasks, in turn with ours, in one run on the same cores.

The crate in benchmarks/plonky3 is built on demand. Its program `kernels` compiles the sources of native/ beside Plonky3's crates, so both
sides have the same flags and no border to cross. Both permutations get and give the words of sixteen states side by side in vectors, so
that entering and leaving our own form of a word is in the figure. The transform is compared with the fastest of Plonky3's three. Its
program `prove` is p3-batch-stark on the machine of benchmarks/machines.py: the same constraints, look-ups, heights, field and extension,
hash, blow-up, queries, folding and both grindings. What a driver asks for, one line at a time, is done once; so the two sides alternate,
and a figure is the median of the ratios of neighbours. On one thread the times are the processor's, so that others on the same cores
disturb little; on more they are the wall's.
"""
from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import median
from types import TracebackType

import numpy as np

from benchmarks.machines import machine
from benchmarks.report import Figures
from stark import profiles
from stark.kernels import load
from stark.prover import prove
from stark.setup import commit_fixed

CRATE = Path(__file__).parent / "plonky3"
KERNELS = ("transform", "merkle", "permutation")


class Missing(Exception):
    """The yardstick cannot be had here."""


def build(program: str, threads: int) -> Path:
    """Compiles a program of the crate, a minute or two the first time."""
    command = ["cargo", "build", "--release", "--locked", "--message-format=json", "--bin", program]
    try:
        done = subprocess.run([*command, *(["--features", "parallel"] if threads > 1 else [])], cwd=CRATE, capture_output=True, text=True,
                              check=False)
    except FileNotFoundError:
        raise Missing("there is no cargo") from None
    messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode:
        errors = [message["message"]["message"] for message in messages if message.get("message", {}).get("level") == "error"]
        raise Missing(f"the program {program} does not build: {(errors or done.stderr.strip().splitlines() or ['no message'])[0]}")
    return next(Path(message["executable"]) for message in messages if message.get("executable"))


class Program:
    """A program of the crate, running: it answers a line with a line."""

    def __init__(self, name: str, numbers: Sequence[int], threads: int) -> None:
        command = [str(build(name, threads)), *map(str, numbers)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=os.environ | {"RAYON_NUM_THREADS": str(threads)})
        self.read()

    def read(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise Missing(f"a program of the crate ended with status {self.process.wait()}")
        return line.strip()

    def ask(self, line: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.read()

    def __enter__(self) -> Program:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.process.communicate()


def add(figures: Figures, name: str, ours: Sequence[float], theirs: Sequence[float], what: str) -> None:
    ratios = sorted(a / b for a, b in zip(ours, theirs, strict=True))
    times = f"{median(ours):.3f} s over {median(theirs):.3f} s"
    figures.add(name, median(ratios), f"{what}: {times}, {len(ratios)} pairs, {ratios[0]:.2f} to {ratios[-1]:.2f}")


def kernels(figures: Figures, log_rows: int, width: int, threads: int, repetitions: int) -> None:
    with Program("kernels", (threads, log_rows, width), threads) as program:
        times: dict[str, list[dict[str, float]]] = {task: [] for task in KERNELS}
        for repetition in range(-1, repetitions):
            for task in KERNELS:
                words = program.ask(task).split()
                if repetition >= 0:                                  # the first round warms up
                    times[task].append({side: float(value) for side, value in zip(words[::2], words[1::2], strict=True)})
    for task, rounds in times.items():
        best = min((side for side in rounds[0] if side != "ours"), key=lambda side: median(one[side] for one in rounds))
        size = "" if task == "permutation" else f" of {width} columns of 2^{log_rows} rows, blow-up 2"
        what = f"{task}{size} over {best}, {threads} thread"
        add(figures, f"stark.kernel_vs_plonky3.{task}", [one["ours"] for one in rounds], [one[best] for one in rounds], what)


def proving(figures: Figures, log_rows: int, chips: int, triples: int, threads: int, repetitions: int) -> None:
    parameters = profiles.get("p100").segment
    if parameters.lookup_grinding:
        raise Missing("Plonky3 has no grinding before its look-ups")
    key, fixed, mains = machine(log_rows, chips, triples, parameters)
    ours, statement = load("native", threads), np.zeros(0, np.uint32)
    key_with_fixed = commit_fixed(key, fixed, ours)
    log_final = key.fri_rounds[-1] - parameters.log_blowup
    numbers = (threads, log_rows, chips, triples, parameters.log_blowup, parameters.queries, parameters.log_arity, parameters.log_cap,
               parameters.grinding, parameters.batch_grinding, log_final)
    pairs: list[tuple[float, float]] = []
    clock = time.process_time if threads == 1 else time.perf_counter
    with Program("prove", numbers, threads) as program:
        for repetition in range(-1, repetitions):
            started = clock()
            prove(key_with_fixed, dict(mains), statement, ours)
            pair = clock() - started, float(program.ask("prove"))
            if repetition >= 0:
                pairs.append(pair)
    what = f"proving {chips} chips of up to 2^{log_rows} rows, p100, degree 5, {threads} thread"
    add(figures, "stark.vs_plonky3", [pair[0] for pair in pairs], [pair[1] for pair in pairs], what)


def measure(figures: Figures, threads: int = 1) -> None:
    """Each part on its own: kernels whose sources have moved do not keep the provers from being compared."""
    for part in (partial(kernels, figures, 18, 64, threads, 11), partial(proving, figures, 16, 12, 12, threads, 5)):
        try:
            part()
        except (Missing, ImportError) as why:
            print(f"plonky3: skipped, {why}", flush=True)
