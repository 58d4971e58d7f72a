"""The command line. A mistake of the user is one line with a hint, never a traceback.

Exit codes: 0 done, 1 a proof was rejected, 2 wrong usage, 3 a file is malformed or a module cannot be used, 4 a file cannot be read or
written, 5 the recorded program trapped, 6 another process uses this bundle, 7 some task failed again and again, 8 the session has ended,
70 a fault of longrun, 130 interrupted.
"""
from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bundles import api
from longrun import sessions
from longrun.certificates import certificates
from longrun.failures import GIVEN_UP, INTERRUPTED, TRAPPED, UNUSABLE, USAGE, Stop, told
from longrun.options import (
    INPUT_LIMIT,
    App,
    Bundle,
    EngineName,
    Json,
    Memory,
    Out,
    Profile,
    Programs,
    Scheduler,
    Segments,
    Tls,
    Workers,
    known,
    module,
    read,
)
from longrun.state_commands import Root, StateFile, register, root_named
from longrun.telling import Facts, OnProgress, complain, progress, say, show, shown

GIGABYTE = 10**9

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False,
                  help="Runs WebAssembly programs and proves what they did. Proofs are not zero-knowledge.")
@app.command(epilog="Example: longrun run app.wasm --input in.txt -o run")
def run(program: App, out: Out,
        input: Annotated[Path | None, typer.Option(help="the file that the program reads; nothing if left out")] = None,
        profile: Profile = "p100",
        state: StateFile = None,
        max_steps: Annotated[int, typer.Option(min=1, help="give up after about so many steps")] = 1 << 40,
        segments: Segments = None,
        json: Json = False) -> None:
    """Record a run of APP.wasm into a bundle directory."""
    content, entered = module(program), read(input, INPUT_LIMIT) if input else b""
    with progress() as on_progress:
        recorded = api.record(content, entered, out, known(profile), max_steps, segments, on_progress, state)
    if json:
        show({"steps": recorded.steps, "segments": recorded.segments, "outcome": recorded.outcome, "profile": recorded.profile,
              "output bytes": len(recorded.output), "output": recorded.output.hex()}, json)
    else:
        say(f"{recorded.steps:,} steps in {recorded.segments:,} segments, {recorded.outcome}, profile {recorded.profile}")
        say(f"output: {shown(recorded.output)}")
    if recorded.outcome.startswith("running"):
        raise Stop(GIVEN_UP, f"the run was given up after {recorded.steps:,} steps; it has not ended, so that there is nothing to prove",
                   "a larger --max-steps lets it go on")
    if recorded.trapped:
        say(f"longrun: the program trapped in {recorded.location} "
                   f"(that is an outcome like others: longrun prove {out} -o FILE proves it)", err=True)
        raise typer.Exit(TRAPPED)


for command, example in sessions.COMMANDS.items():
    # a word that is no option of ours is an argument of the call: numbers can be negative
    app.command(epilog=example, context_settings={"ignore_unknown_options": True} if command is sessions.call else None)(command)

app.command(epilog="Example: longrun certificates cluster-keys")(certificates)


@app.command(epilog="Example: longrun prove run -o app.proof")
def prove(bundle: Bundle, out: Annotated[Path | None, typer.Option("-o", "--out", help="where the proof is written")] = None,
          workers: Workers = None, memory_limit: Memory = None, engine: EngineName = None,
          scheduler: Scheduler = None, tls: Tls = None,
          follow: Annotated[bool, typer.Option("--follow", help="prove an open session while calls come, until it is closed")] = False,
          only: Annotated[str | None, typer.Option(metavar="TASK", help="do just one task, say 'segment 7', and show how it ends")] = None,
          json: Json = False) -> None:
    """Prove a recorded run, or an open session as it stands; the result is one file. What an earlier call has done is not done again."""
    if only is not None:
        show(api.prove_only(bundle, only), json)
        return
    if out is None:
        raise Stop(USAGE, "the proof needs a place", f"longrun prove {bundle} -o FILE")
    place, with_what = out, means(workers, memory_limit, engine, scheduler, tls)
    show(stoppable(bundle, lambda on_progress: api.prove(bundle, place, on_progress, with_what, follow)), json)


@app.command(epilog="Example: longrun resume run")
def resume(bundle: Bundle, out: Annotated[Path | None, typer.Option("-o", "--out", help="another place for the proof")] = None,
           workers: Workers = None, memory_limit: Memory = None, engine: EngineName = None,
           scheduler: Scheduler = None, tls: Tls = None, json: Json = False) -> None:
    """Go on with a proof that was begun, after whatever ended it."""
    facts, with_what = api.status(bundle), means(workers, memory_limit, engine, scheduler, tls)
    if "done" not in facts:
        raise Stop(UNUSABLE, f"the session in {bundle} is open", f"longrun prove {bundle} -o FILE proves it as it stands")
    say(f"{facts['done']} of {facts['tasks']} tasks are done, {facts['left']} are left", err=True)
    show(stoppable(bundle, lambda on_progress: api.resume(bundle, on_progress, out, with_what)), json)


@app.command(epilog="Example: longrun status run --json")
def status(bundle: Bundle, json: Json = False) -> None:
    """Show how far a proof is, while it is made or after it was stopped."""
    show(api.status(bundle), json)


@app.command(epilog="Example: longrun gc run")
def gc(bundle: Bundle, json: Json = False) -> None:
    """Remove from a bundle what no longer serves its proof."""
    show(api.collect(bundle), json)


@app.command(epilog="Example: longrun batch first.proof second.proof -o both.proof")
def batch(proofs: Annotated[list[Path], typer.Argument(metavar="FILE FILE", help="run proofs, in their order")], out: Out,
          json: Json = False) -> None:
    """Join run proofs to one rollup proof."""
    if len(proofs) < 2:
        raise Stop(USAGE, "a batch needs at least two proofs", "longrun batch FIRST SECOND -o FILE")
    with progress() as on_progress:
        facts = api.batch(proofs, out, on_progress)
    show(facts, json)


@app.command(epilog="Example: longrun verify app.proof --program app.wasm --input in.txt")
def verify(proof: Annotated[Path, typer.Argument(metavar="FILE", help="a proof file")],
           program: Programs,
           input: Annotated[Path | None, typer.Option(help="require that this was the input")] = None,
           output: Annotated[Path | None, typer.Option(help="require that this was the output")] = None,
           exit_code: Annotated[int | None, typer.Option(min=0, max=2**32 - 1, help="require that it exited with this code")] = None,
           state_before: Root = None, state_after: Root = None,
           allow_toy: Annotated[bool, typer.Option("--allow-toy", help="accept the toy profile, which proves nothing")] = False,
           json: Json = False) -> None:
    """Check a proof. Exit code 0 only if it holds."""
    facts = api.verify(proof, [module(path) for path in program], read(input, INPUT_LIMIT) if input else None,
                       read(output, INPUT_LIMIT) if output else None, exit_code, allow_toy,
                       *(None if root is None else root_named(root) for root in (state_before, state_after)))
    if json:
        facts = {"verified": True, **facts}
    show(facts, json, "verified" + (" (a toy proof, which proves nothing)" if facts["profile"] == "toy" else ""))


@app.command(epilog="Example: longrun inspect app.proof")
def inspect(file: Annotated[Path, typer.Argument(metavar="FILE", help="a proof file or a bundle directory")], json: Json = False) -> None:
    """Show what a file claims, without checking it."""
    facts = api.inspect(file)
    show({"checked": False, **facts} if json else facts, json, "", "(not checked)")


@app.command(epilog="Example: longrun doctor")
def doctor(json: Json = False) -> None:
    """Show what this machine can do, and how long a billion steps would take. Measures for some seconds."""
    show(api.doctor(Path.cwd()), json)


register(app)


def print_version(wanted: bool) -> None:
    if wanted:
        say(f"longrun {version_of('longrun')}")
        raise typer.Exit


@app.callback()
def options(version: Annotated[bool, typer.Option("--version", callback=print_version, is_eager=True,
                                                  help="print the version")] = False) -> None:
    pass


def means(workers: int | None, gigabytes: float | None, engine: str | None, scheduler: str | None, tls: Path | None) -> api.Means:
    return api.Means(workers, None if gigabytes is None else int(gigabytes * GIGABYTE), engine, scheduler, tls)


def stoppable(bundle: Path, task: Callable[[OnProgress], Facts]) -> Facts:
    """Runs a task that can be ended at any time, by an interruption or by SIGTERM, and gone on with later."""
    def stop(*_: object) -> NoReturn:
        raise KeyboardInterrupt
    before = signal.signal(signal.SIGTERM, stop)
    try:
        with progress() as on_progress:
            return task(on_progress)
    except KeyboardInterrupt:
        raise Stop(INTERRUPTED, "stopped; what is done is kept", f"longrun resume {bundle} goes on") from None
    finally:
        signal.signal(signal.SIGTERM, before)


def main(arguments: list[str] | None = None) -> NoReturn:
    """The entry point: runs one command and ends the process with its exit code."""
    try:
        app(arguments, prog_name="longrun")
        code = 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else USAGE
    except BaseException as error:
        failure = told(error)
        complain(failure, "--json" in (sys.argv[1:] if arguments is None else arguments))
        code = failure.code
    sys.exit(code)
