"""Runs and sessions from Python:

    import longrun

    recorded = longrun.run("app.wasm", "bundle", input=b"12 30", arguments=["-v"])
    print(recorded.outcome, recorded.output, recorded.errors)
    longrun.prove("bundle", "app.proof")

    with longrun.open("app.wasm", "bundle") as bundle:
        print(bundle.call("add", 5).results)
    longrun.prove("bundle", "app.proof")

The rest of what the command does is in `bundles.api`.
"""
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bundles.api import Recorded
    from bundles.session import Session
    from wasm_exec.cutting import Limits

__all__ = ["open", "prove", "resume", "run"]


def run(app: str | Path | bytes, directory: str | Path, input: bytes = b"", arguments: Sequence[str] = (), profile: str = "p100",
        size: str | None = None, state: str | Path | None = None, limits: Limits | None = None) -> Recorded:
    """Records a run of a module (bytes, or a .wasm or .wat file) into a new directory, to be proved. `arguments`: those of a WASI program,
    for which the input is then standard input. A trap is an outcome; a run that reaches one of the limits says `given_up`."""
    from bundles import api
    from wasm_exec.text import from_text
    from wasm_exec.wasi_input import WasiInput, pack
    content = pack(WasiInput(["program", *arguments], stdin=input)) if arguments else input
    return api.record(from_text(app if isinstance(app, bytes) else Path(app)), content, Path(directory), profile, limits, size,
                      state=None if state is None else Path(state))


def open(app: str | Path | bytes, directory: str | Path, profile: str = "p100", size: str | None = None, container: bytes = b"",
         state: str | Path | None = None) -> Session:
    """Opens a session of a module (bytes, or a .wasm or .wat file) in a new directory; `state`: a state file, or a bundle directory whose
    state goes on. `with` closes it at the end of the block, and leaves
    it open after an error."""
    from bundles.session import Session
    from bundles.state_files import read_state
    from wasm_exec.state import EMPTY
    from wasm_exec.text import from_text
    return Session.begin(Path(directory), from_text(app if isinstance(app, bytes) else Path(app)), profile, size, container,
                         EMPTY if state is None else read_state(Path(state)))


def resume(directory: str | Path) -> Session:
    """Goes on with a session that was left open. `leave()` leaves it open again, the end of a `with` block closes it."""
    from bundles.session import Session
    return Session(Path(directory))


def prove(directory: str | Path, file: str | Path, follow: bool = False) -> Mapping[str, object]:
    """Proves a bundle into a file, and says what the proof claims. Of an open session: as it stands, or, with `follow`, while calls come
    from elsewhere, until it is closed."""
    from bundles import api
    return api.prove(Path(directory), Path(file), lambda *_: None, follow=follow)
