"""The commands on the state of an application: `diff` and `state`."""
from __future__ import annotations

import csv
import json as json_text
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from longrun.failures import USAGE, Stop
from longrun.options import Json, module
from longrun.telling import say, show
from longrun.words import Words

if TYPE_CHECKING:
    from continuation.digests import Digest
    from wasm_exec.state import StateMap

StateFile = Annotated[Path | None, typer.Option(metavar="FILE", help="a state file, or a bundle directory whose state goes on; the empty "
                                                "state if left out")]
Root = Annotated[str | None, typer.Option(metavar="ROOT", help="64 hexadecimal digits, or a state file")]
COLUMNS = ("key", "old", "new")


def state_named(text: str) -> Digest | StateMap:
    from bundles.states import state_named as named
    return named(text)


def diff(file: Annotated[Path, typer.Argument(metavar="FILE", help="a proof file or a bundle directory")],
         form: Annotated[str | None, typer.Option("--format", metavar="NAME", help="json, if it is left out, or csv")] = None,
         program: Annotated[Path | None, typer.Option(metavar="APP.wasm", help="the .wasm whose state is meant, if the file has several "
                                                                   "programs")] = None,
         apply: Annotated[Path | None, typer.Option(metavar="STATE", help="apply the difference to this state file")] = None,
         output: Annotated[Path | None, typer.Option(metavar="NEW", help="where the state afterwards is written")] = None,
         json: Json = False) -> None:
    """Show which keys of an application's state changed. Or apply that to a state file: the roots must be those of the claim."""
    if form not in (None, "json", "csv"):
        raise Stop(USAGE, f"there is no format {form}", "choose json or csv")
    if form == "csv" and json:
        raise Stop(USAGE, "a table cannot be one JSON object", "choose --format csv or --json")
    if form is not None and apply is not None:
        raise Stop(USAGE, "what is applied is not printed", "leave out --format or --apply")
    if (apply is None) != (output is None):
        raise Stop(USAGE, "a difference is applied to a state and written to another file",
                   f"longrun diff {file} --apply STATE --output NEW")
    from bundles import states
    step = states.step_of(file, None if program is None else module(program))
    if apply is not None and output is not None:
        show(states.apply(step, apply, output), json, "the difference leads from the one root of the claim to the other",
             "(the proof was not checked: longrun verify does that)")
    elif form == "csv":
        say("(not checked: longrun verify does that)", err=True)
        table = csv.writer(sys.stdout, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows([change["key"], change["old"] or "", change["new"]] for change in step.rows)
    else:
        say(json_text.dumps({"checked": False, **step.facts}, indent=None if json else 1))


def state(bundle: Annotated[Path | None, typer.Argument(metavar="DIR", help="a bundle directory; the empty state if left out")] = None,
          out: Annotated[Path | None, typer.Option("-o", "--out", metavar="FILE", help="where the state file is written; required")] = None,
          json: Json = False) -> None:
    """Write the state that a bundle leaves into a state file. Without a bundle: the empty one."""
    if out is None:
        raise Stop(USAGE, "the state needs a place", "longrun state DIR -o FILE")
    from bundles import states
    show(states.save(bundle, out), json)


COMMANDS: dict[Callable[..., None], str] = {
    diff: "Example: longrun diff both.proof --apply before.state --output after.state",
    state: "Example: longrun state run -o after.state",
}


def register(app: typer.Typer) -> None:
    for command, example in COMMANDS.items():
        app.command(cls=Words, epilog=example)(command)
