"""`longrun profile`: where the steps of a run went, for speedscope, or as .cpuprofile for speedscope and the profiler of Firefox, and a
summary."""
from __future__ import annotations

import errno
import json as json_text
from pathlib import Path
from typing import Annotated

import typer

from longrun.failures import GIVEN_UP, Told, larger
from longrun.options import App, Arguments, Json, MaxSteps, entered, module
from longrun.outcomes import check_spared, give_up, tell_errors
from longrun.telling import clean, progress, say, show

SHOWN = 20
FIREFOX = ".cpuprofile"


def profile(program: App, out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="the profile, for speedscope; named "
                                                            ".cpuprofile also for the profiler of Firefox")],
            arguments: Arguments = None,
            input: Annotated[Path | None, typer.Option(metavar="FILE", help="the file that the program reads")] = None,
            max_steps: MaxSteps = None, json: Json = False) -> None:
    """Run APP.wasm and show where its steps went. Nothing is kept that could be proved."""
    from wasm_exec.cutting import Budget, Limits
    from wasm_exec.execute import run
    from wasm_exec.observe import observe
    from wasm_exec.readable import readable
    from wasm_exec.translate import load
    if out.is_dir() or not out.absolute().parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "no file can be written there", str(out))
    check_spared(out, program, input)
    content = module(program)
    with progress() as on_progress:
        steps = 0

        def count(end: object) -> None:
            nonlocal steps
            steps += getattr(end, "steps", 0)
            on_progress("steps", steps, 0)
        recording = run(load(content), entered(content, input, arguments) or b"", Budget.uniform(1 << 19, 1 << 14),
                        Limits.of(max_steps, None, None, None), observe=count)
    tell_errors(recording.errors)
    observer = observe(recording)
    found = observer.cpu_profile() if out.suffix == FIREFOX else observer.speedscope(program.name)
    out.write_text(json_text.dumps(found))
    tables = {"functions": observer.by_function(), "families": observer.by_family(), "memory": observer.memory()}
    facts: dict[str, object] = {"steps": recording.final.steps, "outcome": str(recording.outcome), "profile": str(out), **tables}
    if recording.given_up:
        give_up(Told(GIVEN_UP, f"the run was given up after {recording.final.steps:,} steps, of which the profile is",
                     larger(recording.given_up)), facts, json)
    if json:
        show(facts, json)
        return
    say(f"{recording.final.steps:,} steps, {recording.outcome}")
    for title, counts in tables.items():
        say(f"\n{title}")
        for name, count_of in list(counts.items())[:SHOWN]:
            say(f"  {count_of:>14,}  {clean(readable(name))}")
    say(f"\n{out} is opened by https://www.speedscope.app{' and https://profiler.firefox.com' if out.suffix == FIREFOX else ''}")
