"""`longrun setup`: what is done once for a program and all its runs."""
from __future__ import annotations

from typing import Annotated

import typer

from bundles import api
from longrun.options import App, Json, Strength, known, module
from longrun.stopping import stoppable
from longrun.telling import progress, say, show, tell_slowness


def setup(program: App,
          profile: Strength = "p100",
          derive: Annotated[bool, typer.Option("--derive", help="believe no key that ships: compute all from the texts of chips and "
                                               "circuits, which takes some minutes, and compare")] = False,
          json: Json = False) -> None:
    """Prepare APP.wasm and show by what its proofs are known. Nobody has to: whatever needs it does it. Keys follow from the program and
    the texts of longrun alone, so that everybody gets the same ones."""
    content = module(program)
    if derive:
        tell_slowness()
    with stoppable(lambda: ("stopped", "the same command begins again")), progress() as on_progress:
        facts = api.set_up(content, known(profile), derive, on_progress, lambda note: say(note, err=True))
    show(facts, json)
