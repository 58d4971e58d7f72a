"""The command line. A mistake of the user is one line with a hint, never a traceback.

Exit codes: 0 done, 1 a proof was rejected, 2 wrong usage, 3 a file is malformed or a module cannot be used, 4 a file cannot be read or
written, 5 the recorded program trapped, 6 another process uses this bundle, 7 some task failed again and again, 8 the session has ended,
9 the run was given up, 70 a fault of longrun, 130 stopped.
"""
from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bundles import api
from bundles.errors import REACHED, several
from longrun import sessions
from longrun.certificates import certificates
from longrun.failures import GIVEN_UP, TRAPPED, USAGE, Stop, Told, larger, told
from longrun.options import (
    INPUT_LIMIT,
    MEGABYTE,
    App,
    Arguments,
    Bundle,
    Json,
    MaxDepth,
    MaxMemory,
    MaxSeconds,
    MaxSteps,
    NewBundle,
    Out,
    OutputFile,
    Profile,
    Programs,
    SegmentMemory,
    Segments,
    Strength,
    chosen,
    entered,
    in_bytes,
    known,
    module,
    read,
)
from longrun.outcomes import check_output, give_up, tell_errors, tell_output, tell_price, tell_trap, trap_facts
from longrun.preparing import setup
from longrun.profile import profile
from longrun.proving import prove, resume
from longrun.state_commands import Root, StateFile, register, state_named
from longrun.stopping import batching, file_at, heard, recording, spelled, stoppable
from longrun.telling import complain, progress, say, show, tell_slowness
from longrun.words import MISTAKE, Separated, Words, complain_of_words

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False,
                  context_settings={"help_option_names": ["-h", "--help"]},
                  help="Runs WebAssembly programs and proves what they did. Proofs are not zero-knowledge.")


app.command(cls=Words, epilog="Example: longrun setup app.wasm")(setup)


@app.command(cls=Words, epilog="Example: longrun run app.wasm -o run --input in.txt -- -v 7")
def run(program: App, out: NewBundle, arguments: Arguments = None,
        input: Annotated[Path | None, typer.Option(metavar="FILE", help="the file that the program reads; nothing if left out")] = None,
        profile: Profile = None,
        state: StateFile = None,
        max_steps: MaxSteps = None, max_memory: MaxMemory = None, max_depth: MaxDepth = None, max_seconds: MaxSeconds = None,
        segments: Segments = None,
        memory_limit: SegmentMemory = None,
        output: OutputFile = None,
        json: Json = False) -> None:
    """Record a run of APP.wasm into a bundle directory. It ends with 0 also where the program exits with another code, which is told as
    the outcome. Limits are looked at between blocks of the run, so that it goes a little beyond them. What the program writes to standard
    error is shown there and kept nowhere."""
    from wasm_exec.cutting import Limits
    limits = Limits.of(max_steps, in_bytes(max_memory, MEGABYTE), max_depth, max_seconds)
    content = module(program)
    given = entered(content, input, arguments) or b""
    check_output(output, out, program, input, state)
    with stoppable(lambda: recording(out)), progress() as on_progress:
        recorded = api.record(content, given, out, chosen(profile, state), limits, segments, on_progress, state, in_bytes(memory_limit),
                              lambda note: say(note, err=True))
    if output is not None:
        output.write_bytes(recorded.output)
    tell_errors(recorded.errors)
    facts = {"steps": recorded.steps, "segments": recorded.segments, "outcome": recorded.outcome, "profile": recorded.profile,
             **({} if recorded.cells_per_step is None else {"cells a step": round(recorded.cells_per_step, 1)}),
             "output bytes": len(recorded.output), "output": recorded.output.hex(), **trap_facts(recorded.outcome, recorded.trace)}
    if not json:
        say(f"{several(recorded.steps, 'step')} in {several(recorded.segments, 'segment')}, {recorded.outcome}, profile {recorded.profile}")
        tell_output(recorded.output, output)
        tell_price(recorded)
    elif not recorded.given_up:
        show(facts, json)
    if recorded.given_up:
        spent = several(recorded.steps, "step")
        give_up(Told(GIVEN_UP, f"the run was given up after {spent}: {REACHED[recorded.given_up]}; "
                     "it has not ended, so that nothing can be proved",
                     f"run it into another directory, {larger(recorded.given_up)}"), facts, json)
    if recorded.trapped:
        tell_trap(recorded.outcome, recorded.trace, f"that is an outcome like others: longrun prove {spelled(out)} -o FILE proves it")
        raise typer.Exit(TRAPPED)


for command, example in sessions.COMMANDS.items():
    # a word that is no option of ours is an argument of the call: numbers can be negative
    app.command(cls=Words, epilog=example, context_settings={"ignore_unknown_options": True} if command is sessions.call else None)(command)

app.command(cls=Words, epilog="Example: longrun prove run -o app.proof")(prove)
app.command(cls=Words, epilog="Example: longrun resume run")(resume)


@app.command(cls=Words, epilog="Example: longrun status run --json")
def status(bundle: Bundle, json: Json = False) -> None:
    """Show how far a proof is, or how an open session stands. At any time, also while others work on it."""
    show(api.status(bundle), json)


@app.command(cls=Words, epilog="Example: longrun gc run")
def gc(bundle: Bundle, json: Json = False) -> None:
    """Remove from a bundle what no longer serves its proof."""
    show(api.collect(bundle), json)


@app.command(cls=Words, epilog="Example: longrun batch first.proof second.proof -o both.proof")
def batch(proofs: Annotated[list[Path], typer.Argument(metavar="FILE FILE", help="run proofs, in their order")], out: Out,
          json: Json = False) -> None:
    """Join run proofs to one rollup proof."""
    if len(proofs) < 2:
        raise Stop(USAGE, "a batch needs at least two proofs", "longrun batch FIRST SECOND -o FILE")
    if api.among(out, proofs):
        raise Stop(USAGE, f"{out} is one of the proofs, which the batch would take the place of", "choose another place")
    tell_slowness()
    with stoppable(partial(batching, out, file_at(out))), progress() as on_progress:
        facts = api.batch(proofs, out, on_progress)
    show(facts, json)


@app.command(cls=Separated, epilog="Example: longrun verify app.proof --program app.wasm --input in.txt")
def verify(proof: Annotated[Path, typer.Argument(metavar="FILE", help="a proof file")],
           program: Programs, arguments: Arguments = None,
           input: Annotated[Path | None, typer.Option(metavar="FILE", help="require that this was the input; of every run, "
                                                      "if there are several")] = None,
           output: Annotated[Path | None, typer.Option(metavar="FILE", help="require that this was the output; of every run")] = None,
           exit_code: Annotated[int | None, typer.Option(min=0, max=2**32 - 1, metavar="N",
                                                            help="require that it exited with this code; every run")] = None,
           state_before: Root = None, state_after: Root = None,
           profile: Annotated[str | None, typer.Option(metavar="NAME", help="require that it is proved under this profile")] = None,
           allow_toy: Annotated[bool, typer.Option("--allow-toy", help="accept the toy profile, which proves nothing")] = False,
           json: Json = False) -> None:
    """Check a proof. Exit code 0 only if it holds."""
    before, after = (None if root is None else state_named(root) for root in (state_before, state_after))
    programs = [module(path) for path in program]
    if arguments and len(programs) > 1:
        raise Stop(USAGE, "runs of several programs have no arguments in common", "leave out those behind --")
    given = entered(programs[0], input, arguments)
    facts = api.verify(proof, programs, given, read(output, INPUT_LIMIT) if output else None, exit_code, allow_toy, before, after,
                       None if profile is None else known(profile), [str(path) for path in program] if len(program) > 1 else ())
    if json:
        facts = {"verified": True, **facts}
    show(facts, json, "verified" + (" (a toy proof, which proves nothing)" if facts["profile"] == "toy" else ""))


register(app)


@app.command(cls=Words, epilog="Example: longrun inspect app.proof")
def inspect(file: Annotated[Path, typer.Argument(metavar="FILE", help="a file of longrun's, or a bundle directory")],
            json: Json = False) -> None:
    """Show what any file of ours says of itself. It is not checked."""
    facts = api.inspect(file)
    show({"checked": False, **facts} if json else facts, json, "", "(not checked)")


app.command(cls=Words, epilog="Example: longrun certificates cluster-keys")(certificates)
app.command(cls=Words, epilog="Example: longrun profile app.wasm -o app.cpuprofile --input in.txt -- -v 7")(profile)


@app.command(cls=Words, epilog="Example: longrun doctor")
def doctor(profile: Strength = "p100", json: Json = False) -> None:
    """Show what this machine can do and how long a proof takes. Measures for some seconds."""
    show(api.doctor(Path.cwd(), known(profile)), json)


def print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version
        say(f"longrun {version('longrun')}")
        raise typer.Exit


@app.callback()
def options(version: Annotated[bool, typer.Option("--version", callback=print_version, is_eager=True,
                                                  help="print the version")] = False) -> None:
    pass


def main(arguments: list[str] | None = None) -> NoReturn:
    """The entry point: runs one command and ends the process with its exit code."""
    given = [*(sys.argv[1:] if arguments is None else arguments), "--"]
    as_json = "--json" in given[:given.index("--")]
    try:
        with heard():
            ended = app(arguments, prog_name="longrun", standalone_mode=False)
        code = ended if isinstance(ended, int) else 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else USAGE
    except MISTAKE as error:
        code = complain_of_words(error, as_json)
    except BaseException as error:
        failure = told(error)
        complain(failure, as_json)
        code = failure.code
    sys.exit(code)
