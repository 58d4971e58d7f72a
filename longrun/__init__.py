"""Sessions from Python:

    import longrun

    with longrun.open("app.wasm", "bundle") as bundle:
        print(bundle.call("add", 5).results)
    longrun.prove("bundle", "app.proof")

The rest of what the command does is in `bundles.api`.
"""
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bundles.session import Session

__all__ = ["open", "prove", "resume"]


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
