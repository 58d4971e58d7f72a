"""The command line. A mistake of the user is one line with a hint, never a traceback.

Exit codes: 0 done, 1 a proof was rejected, 2 wrong usage, 3 a file is malformed or a module cannot be used, 4 a file cannot be read or
written, 5 the recorded program trapped, 70 a fault of longrun, 130 interrupted.
"""
from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from bundles import api
from bundles.errors import Unsupported
from stark import profiles
from stark.errors import Malformed, Rejected

REJECTED, USAGE, UNUSABLE, FILES, TRAPPED, INTERNAL = 1, 2, 3, 4, 5, 70
OUTPUT_SHOWN = 200
PROGRAM_LIMIT = INPUT_LIMIT = 1 << 24

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False,
                  help="Runs WebAssembly programs and proves what they did. Proofs are not zero-knowledge.")
App = Annotated[Path, typer.Argument(metavar="APP.wasm", help="a WebAssembly module (.wasm, or .wat as text)")]
Programs = Annotated[list[Path], typer.Option(help="the .wasm that must have run; for a rollup of several programs, one option each")]
Out = Annotated[Path, typer.Option("-o", "--out", help="where the result is written")]


@app.command()
def run(program: App, out: Out,
        input: Annotated[Path | None, typer.Option(help="the file that the program reads; nothing if left out")] = None,
        profile: Annotated[str, typer.Option(help=f"how strong the proofs will be: {', '.join(profiles.PROFILES)}")] = "p100",
        max_steps: Annotated[int, typer.Option(min=1, help="give up after about so many steps")] = 1 << 40,
        segments: Annotated[str | None, typer.Option(metavar="SIZE", help="2^16 or 2^20 steps a segment (p100); chosen by the run's length "
                                                     "if left out. Runs of one batch need the same")] = None) -> None:
    """Record a run of APP.wasm into a bundle directory."""
    if profile not in profiles.PROFILES:
        fail(USAGE, f"there is no profile {profile}", f"choose one of {', '.join(profiles.PROFILES)}")
    recorded = api.record(module(program), read(input, INPUT_LIMIT) if input else b"", out, profile, max_steps, segments)
    typer.echo(f"{recorded.steps:,} steps in {recorded.segments:,} segments, {recorded.outcome}, profile {recorded.profile}")
    typer.echo(f"output: {shown(recorded.output)}")
    if recorded.trapped:
        fail(TRAPPED, f"the program trapped in {recorded.location}",
             f"that is an outcome like others: longrun prove {out} -o FILE proves it")


@app.command()
def prove(bundle: Annotated[Path, typer.Argument(metavar="DIR", help="a bundle directory made by longrun run")], out: Out) -> None:
    """Prove a recorded run; the result is one file."""
    show(working(lambda on_progress: api.prove(bundle, out, on_progress)))


@app.command()
def batch(proofs: Annotated[list[Path], typer.Argument(metavar="FILE FILE", help="run proofs, in their order")], out: Out) -> None:
    """Join run proofs to one rollup proof."""
    if len(proofs) < 2:
        fail(USAGE, "a batch needs at least two proofs", "longrun batch FIRST SECOND -o FILE")
    show(working(lambda on_progress: api.batch(proofs, out, on_progress)))


@app.command()
def verify(proof: Annotated[Path, typer.Argument(metavar="FILE", help="a proof file")],
           program: Programs,
           input: Annotated[Path | None, typer.Option(help="require that this was the input")] = None,
           output: Annotated[Path | None, typer.Option(help="require that this was the output")] = None,
           exit_code: Annotated[int | None, typer.Option(min=0, max=2**32 - 1, help="require that it exited with this code")] = None,
           allow_toy: Annotated[bool, typer.Option("--allow-toy", help="accept the toy profile, which proves nothing")] = False) -> None:
    """Check a proof. Exit code 0 only if it holds."""
    facts = api.verify(proof, [module(path) for path in program], read(input, INPUT_LIMIT) if input else None,
                       read(output, INPUT_LIMIT) if output else None, exit_code, allow_toy)
    typer.echo("verified" + (" (a toy proof, which proves nothing)" if facts["profile"] == "toy" else ""))
    show(facts)


@app.command()
def inspect(file: Annotated[Path, typer.Argument(metavar="FILE", help="a proof file or a bundle directory")]) -> None:
    """Show what a file claims, without checking it."""
    show(api.inspect(file))
    typer.echo("(not checked)")


def print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"longrun {version_of('longrun')}")
        raise typer.Exit


@app.callback()
def options(version: Annotated[bool, typer.Option("--version", callback=print_version, is_eager=True,
                                                  help="print the version")] = False) -> None:
    pass


def report(code: int, message: str, hint: str = "") -> int:
    typer.echo(f"longrun: {message}" + (f" ({hint})" if hint else ""), err=True)
    return code


def fail(code: int, message: str, hint: str = "") -> NoReturn:
    raise typer.Exit(report(code, message, hint))


def read(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        fail(UNUSABLE, f"{path} has more than {limit:,} bytes")
    return content


def module(path: Path) -> bytes:
    """A .wasm file, or a .wat file assembled."""
    content = read(path, PROGRAM_LIMIT)
    if path.suffix != ".wat":
        return content
    from wasm_exec import errors
    from wasm_exec.text import from_text
    try:
        return from_text(content)
    except errors.Malformed as error:
        fail(UNUSABLE, f"{path} is not WebAssembly text: {error.message.splitlines()[0]}")


def shown(output: bytes) -> str:
    """A short picture of some bytes."""
    text = output[:OUTPUT_SHOWN].decode("ascii", "replace")
    picture = repr(text) if text.isascii() and all(c.isprintable() or c in "\n\t" for c in text) else output[:OUTPUT_SHOWN // 4].hex()
    return f"{len(output):,} bytes, {picture}{'…' if len(output) > OUTPUT_SHOWN else ''}" if output else "nothing"


def show(facts: api.Facts) -> None:
    width = max(map(len, facts), default=0)
    for name, value in facts.items():
        typer.echo(f"{name:<{width}}  {shown(value) if isinstance(value, bytes) else value}")


def working(task: Callable[[api.Progress], api.Facts]) -> api.Facts:
    """Runs a task with a progress bar on the error stream."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bars: dict[str, TaskID] = {}

        def on_progress(stage: str, done: int, total: int) -> None:
            if stage not in bars:
                bars[stage] = progress.add_task(stage, total=total)
            progress.update(bars[stage], completed=done, total=total)
        return task(on_progress)


def main(arguments: list[str] | None = None) -> NoReturn:
    """The entry point: runs one command and ends the process with its exit code."""
    from wasm_exec import errors
    try:
        app(arguments, prog_name="longrun")
        code = 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else USAGE
    except Rejected as error:
        code = report(REJECTED, f"rejected: {error}", "--allow-toy accepts it all the same" if error.got == "toy" else "")
    except Malformed as error:
        code = report(UNUSABLE, str(error))
    except errors.Malformed as error:
        code = report(UNUSABLE, f"this is not a WebAssembly module: {error}", "WebAssembly text is read from files named .wat")
    except errors.Invalid as error:
        code = report(UNUSABLE, f"this module cannot be run: {error}")
    except Unsupported as error:
        code = report(UNUSABLE, str(error))
    except OSError as error:
        hint = "choose another place or remove it" if isinstance(error, FileExistsError) else ""
        code = report(FILES, f"{error.filename}: {error.strerror}" if error.filename else str(error), hint)
    except Exception:
        traceback.print_exc()
        code = report(INTERNAL, "this is a fault of longrun's own; please report what is printed above")
    sys.exit(code)
