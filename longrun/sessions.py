"""The commands of sessions: open, call, close."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from bundles.errors import several
from longrun.failures import TRAPPED, USAGE, Stop
from longrun.options import (
    INPUT_LIMIT,
    MEGABYTE,
    App,
    Bundle,
    Json,
    MaxDepth,
    MaxMemory,
    MaxSeconds,
    MaxSteps,
    OutputFile,
    Profile,
    Segments,
    chosen,
    module,
    read,
)
from longrun.outcomes import check_output, same, tell_errors, tell_output, tell_trap, trap_facts
from longrun.state_commands import StateFile
from longrun.stopping import calling, closing, spelled, stoppable
from longrun.telling import clean, progress, say, show


def open(program: App,
         out: Annotated[Path | None, typer.Option("-o", "--out", metavar="DIR", help="the bundle; APP.bundle if left out")] = None,
         input: Annotated[Path | None, typer.Option(metavar="FILE", help="a WASI container that comes before all events "
                                                                 "(docs/programs.md)")] = None,
         profile: Profile = None, segments: Segments = None, state: StateFile = None, json: Json = False) -> None:
    """Open a session of APP.wasm. Its exports are then called one by one."""
    from bundles.session import Session
    from bundles.signature import kind_name
    from bundles.state_files import read_state
    from wasm_exec.state import EMPTY
    place = out or Path(f"{program.stem}.bundle")
    under = chosen(profile, state)
    session = Session.begin(place, module(program), under, segments, read(input, INPUT_LIMIT) if input else b"",
                            EMPTY if state is None else read_state(state))
    events = {name: ", ".join(map(kind_name, kinds.parameters)) for name, kinds in session.signatures.items()}
    session.leave()
    if json:
        show({"bundle": str(place), "profile": under, "events": events}, json)
        return
    say(f"{place} is open, profile {under}; its events: " + ", ".join(clean(f"{name}({kinds})") for name, kinds in events.items()))


def call(bundle: Bundle, name: Annotated[str | None, typer.Argument(metavar="NAME", help="an exported function; if left out, those that "
                                                                    "there are are told")] = None,
         arguments: Annotated[list[str] | None, typer.Argument(metavar="ARGS", help="its arguments, numbers")] = None,
         payload: Annotated[Path | None, typer.Option(metavar="FILE", help="a file with the bytes that the function can read")] = None,
         max_steps: MaxSteps = None, max_memory: MaxMemory = None, max_depth: MaxDepth = None, max_seconds: MaxSeconds = None,
         output: OutputFile = None, json: Json = False) -> None:
    """Call a function of an open session. When the command ends, what it did is on the disk; if it is killed before, or given up, it never
    was. What it writes to standard error is shown there and kept nowhere."""
    from bundles.session import Session
    if name is None:
        from bundles.open_sessions import functions
        raise Stop(USAGE, "no function is named", f"the session has {', '.join(functions(bundle))}")
    content = read(payload, INPUT_LIMIT) if payload else b""
    check_output(output, bundle, payload)
    session = Session(bundle)
    try:
        before = session.state.steps
        with stoppable(lambda: calling(bundle)):
            most = None if max_memory is None else int(max_memory * MEGABYTE)
            answer = session.call(name, *arguments or (), payload=content, max_steps=max_steps, max_memory=most, max_depth=max_depth,
                                  max_seconds=max_seconds)
        steps = session.state.steps - before
    finally:
        session.leave()
    if output is not None:
        output.write_bytes(answer.output)
    tell_errors(answer.errors)
    if json:
        show({"results": list(answer.results), "output": answer.output.hex(), "steps": steps, "outcome": answer.outcome,
              "ended": answer.ended, **trap_facts(answer.outcome, answer.trace)}, json)
    else:
        say(f"results: {answer.outcome if answer.ended else ', '.join(map(str, answer.results)) or 'none'}")
        if answer.output:
            tell_output(answer.output, output)
    if answer.ended:
        hint = f"longrun close {spelled(bundle)} makes a bundle of it"
        if not answer.outcome.startswith("trapped"):
            say(f"longrun: the session has ended, {answer.outcome} ({hint})", err=True)
            return
        tell_trap(answer.outcome, answer.trace, f"the session has ended, {answer.outcome}: {hint}")
        raise typer.Exit(TRAPPED)


def close(bundle: Bundle,
          events: Annotated[Path | None, typer.Option(metavar="FILE", help="write all calls into this file, which `verify --input` "
                                                      "takes")] = None,
          output: Annotated[Path | None, typer.Option(metavar="FILE", help="write all answers into this file, which `verify --output` "
                                                      "takes")] = None, json: Json = False) -> None:
    """Close a session; then it can be proved."""
    from bundles.bundle import open_bundle
    from bundles.session import Session
    check_output(events, bundle)
    check_output(output, bundle)
    if events is not None and output is not None and same(events, output):
        raise Stop(USAGE, f"calls and answers cannot both be written into {output}", "choose two places")
    session = Session(bundle)
    try:
        total = session.state.steps
        say(f"the session runs once more, {several(total, 'step')}, to be cut into segments", err=True)
        with stoppable(lambda: closing(bundle)), progress() as on_progress:
            recorded = session.close(lambda stage, done, _: on_progress(stage, min(done, total), total))
    finally:
        session.leave()
    if events is not None:
        events.write_bytes(open_bundle(bundle).input())
    if output is not None:
        output.write_bytes(recorded.output)
    if json:
        show({"steps": recorded.steps, "segments": recorded.segments, "outcome": recorded.outcome, "profile": recorded.profile,
              "output bytes": len(recorded.output), **trap_facts(recorded.outcome, recorded.trace)}, json)
        return
    say(f"{several(recorded.steps, 'step')} in {several(recorded.segments, 'segment')}, {recorded.outcome}, profile {recorded.profile}")
    if recorded.trapped:
        tell_trap(recorded.outcome, recorded.trace, f"that is an outcome like others: longrun prove {spelled(bundle)} -o FILE proves it")


COMMANDS: dict[Callable[..., None], str] = {
    open: "Example: longrun open counter.wasm -o counter",
    call: "Example: longrun call counter add 5",
    close: "Example: longrun close counter",
}
