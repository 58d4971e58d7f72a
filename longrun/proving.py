"""`longrun prove` and `longrun resume`: a recorded run becomes one file."""
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from bundles import api
from longrun.failures import UNUSABLE, USAGE, Stop
from longrun.options import Bundle, EngineName, Json, Memory, Scheduler, Tls, Workers, in_bytes
from longrun.stopping import proving, spelled, stoppable
from longrun.telling import progress, say, show, tell_slowness


def prove(bundle: Bundle, out: Annotated[Path | None, typer.Option("-o", "--out", metavar="FILE", help="where the proof is written; "
                                                                   "required, unless one task is done alone")] = None,
          workers: Workers = None, memory_limit: Memory = None, engine: EngineName = None,
          scheduler: Scheduler = None, tls: Tls = None,
          follow: Annotated[bool, typer.Option("--follow", help="prove an open session while calls come, until it is closed")] = False,
          only: Annotated[str | None, typer.Option(metavar="TASK", help="do just one task, say 'leaf 7', and show how it ends")] = None,
          segment: Annotated[int | None, typer.Option(metavar="K", min=0, help="prove just segment K, into FILE if there is one")] = None,
          json: Json = False) -> None:
    """Prove a recorded run; the result is one file. An open session is proved as it stands. What was done before is kept."""
    if only is not None or segment is not None:
        show(one_task(bundle, only, segment, out, {"--workers": workers, "--memory-limit": memory_limit, "--engine": engine,
                                                   "--scheduler": scheduler, "--tls": tls, "--follow": follow or None}), json)
        return
    if out is None:
        raise Stop(USAGE, "the proof needs a place", f"longrun prove {spelled(bundle)} -o FILE")
    if api.session_at(bundle) and not follow:
        say(f"the session in {bundle} is open: what it has done up to now is run once more, to be cut into segments", err=True)
    tell_slowness()
    with stoppable(lambda: proving(bundle, out, follow)), progress() as on_progress:
        facts = api.prove(bundle, out, on_progress, means(workers, memory_limit, engine, scheduler, tls), follow)
    show(facts, json)


def one_task(bundle: Path, only: str | None, segment: int | None, out: Path | None, given: Mapping[str, object]) -> api.Facts:
    """One task alone, in this process. `given`: options that make no difference to it."""
    option, task = ("--only", str(only)) if segment is None else ("--segment", f"segment {segment}")
    without = {"-o": out if segment is None else None, "--only": None if segment is None else only, **given}
    unused = [name for name, value in without.items() if value is not None]
    if unused:
        place = "" if out is None else f" -o {spelled(out)}"
        again = f"{task.replace('segment', '--segment')}{place}" if task.startswith("segment ") else f"--only '{task}'"
        raise Stop(USAGE, f"one task alone is done here: {' and '.join(unused)} cannot be used with {option}",
                   f"longrun prove {spelled(bundle)} {again}")
    with stoppable(lambda: ("stopped", "the same command begins again")):
        return api.prove_only(bundle, task, out)


def resume(bundle: Bundle, out: Annotated[Path | None, typer.Option("-o", "--out", metavar="FILE",
                                                                    help="another place for the proof")] = None,
           workers: Workers = None, memory_limit: Memory = None, engine: EngineName = None,
           scheduler: Scheduler = None, tls: Tls = None, json: Json = False) -> None:
    """Go on with a proof that was begun, whatever has ended it."""
    facts, with_what = api.status(bundle), means(workers, memory_limit, engine, scheduler, tls)
    if facts.get("kind") == "session":
        raise Stop(UNUSABLE, f"the session in {bundle} is open", f"longrun prove {spelled(bundle)} -o FILE proves it as it stands")
    if facts.get("attempts"):
        say(f"tasks done: {facts['done']} of {facts['tasks']}, {facts['left']} left", err=True)
    tell_slowness()
    with stoppable(lambda: proving(bundle, out)), progress() as on_progress:
        facts = api.resume(bundle, on_progress, out, with_what)
    show(facts, json)


def means(workers: int | None, gigabytes: float | None, engine: str | None, scheduler: str | None, tls: Path | None) -> api.Means:
    return api.Means(workers, in_bytes(gigabytes), engine, scheduler, tls)
