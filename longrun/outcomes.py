"""What `run` and `call` say of what a program did: its output, what it wrote to standard error, where it trapped."""
from __future__ import annotations

import errno
import json as json_text
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bundles.proof_files import among
from longrun.failures import USAGE, Stop, Told
from longrun.telling import complain, say, shown

if TYPE_CHECKING:
    from bundles.terms import Recorded
    from wasm_exec.locate import Place

TRAP = "trapped("
TIED = ("page", "node", "hash")
DEAR, USUAL, LONG = 400, 110, 1 << 20           # cells a step; steps


def check_output(file: Path | None, bundle: Path, *given: Path | None) -> None:
    """Says before any work that the output cannot be written there. `given`: files and bundles that the command reads."""
    from bundles.store import check_folder
    if file is None:
        return
    if file.is_dir():
        raise IsADirectoryError(errno.EISDIR, "this is a directory, the output is one file", str(file))
    check_folder(file)
    bundles = [bundle, *[place for place in given if place is not None and place.is_dir()]]
    if any(file.resolve().is_relative_to(place.resolve()) for place in bundles):
        raise FileExistsError(errno.EEXIST, "a bundle has only files of its own", str(file))
    check_spared(file, *given)


def check_spared(file: Path, *given: Path | None) -> None:
    """Says before any work that what is written there would take the place of a file that is read."""
    if same(file, *given):
        raise Stop(USAGE, f"{file} is read here, and what is written would take its place", "choose another place")


def same(file: Path, *others: Path | None) -> bool:
    """Whether a file is one of these, however they are named. What is written to a pipe or a device takes the place of nothing."""
    return (file.is_file() or not file.exists()) and among(file, [other for other in others if other is not None])


def tell_price(recorded: Recorded) -> None:
    """Of a long run that will be proved slowly, and why."""
    price = recorded.cells_per_step or 0
    if price > DEAR and recorded.steps > LONG and recorded.profile != "toy":
        full = "pages of memory that it touches" if recorded.filled_by in TIED else f"what the chip {recorded.filled_by} proves"
        say(f"this run is dear to prove: {price:,.0f} cells a step, where most take about {USUAL}; its segments are full of {full}",
            err=True)


def tell_output(output: bytes, file: Path | None) -> None:
    say(f"output: {shown(output)}{f', in {file}' if file else ''}")


def tell_errors(errors: bytes) -> None:
    """What the program itself wrote to standard error; nothing in it moves the cursor."""
    if errors:
        say(errors.decode("utf-8", "replace").removesuffix("\n"), err=True)


def kind_of(outcome: str) -> str:
    """`divide_by_zero` of `trapped(divide_by_zero, 3342)`."""
    return outcome.removeprefix(TRAP).partition(",")[0]


def tell_trap(outcome: str, trace: Sequence[Place], hint: str) -> None:
    """Where and why, a line for each function, and what to do now."""
    from wasm_exec.locate import counted
    first, *callers = counted(trace)
    lines = [f"longrun: the program trapped in {first}: {kind_of(outcome).replace('_', ' ')}", *(f"called by {place}" for place in callers),
             f"({hint})"]
    say("\n  ".join(lines), err=True)


def trap_facts(outcome: str, trace: Sequence[Place]) -> dict[str, object]:
    """For one JSON object; nothing if it was no trap."""
    if not outcome.startswith(TRAP):
        return {}
    places = [{"function": place.plain_name, "index": place.index, "byte": place.offset, "line": place.line} for place in trace]
    return {"trap": {"kind": kind_of(outcome), "places": places}}


def give_up(failure: Told, facts: Mapping[str, object], as_json: bool) -> None:
    """Ends the command; the facts and the failure are one object."""
    if as_json:
        say(json_text.dumps({**facts, "error": failure.message, "hint": failure.hint, "exit code": failure.code}))
    complain(failure, False)
    raise typer.Exit(failure.code)
