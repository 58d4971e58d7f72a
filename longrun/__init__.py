"""Runs and sessions from Python:

    import longrun

    recorded = longrun.run("app.wasm", "bundle", input=b"12 30", arguments=["-v"])
    print(recorded.outcome, recorded.output, recorded.errors)
    longrun.prove("bundle", "app.proof")
    longrun.verify("app.proof", "app.wasm", input=b"12 30", arguments=["-v"], exit_code=0)      # longrun.Rejected if it does not hold

    with longrun.open("app.wasm", "bundle") as bundle:
        print(bundle.call("add", 5).results)
    longrun.prove("bundle", "app.proof")

The rest of what the command does is in `bundles.api`.
"""
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stark.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bundles.api import Recorded
    from bundles.session import Session
    from wasm_exec.cutting import Limits

__all__ = ["Rejected", "batch", "open", "prove", "resume", "run", "verify"]


def run(app: str | Path | bytes, directory: str | Path, input: bytes = b"", arguments: Sequence[str] = (),
        profile: str | None = None, size: str | None = None, state: str | Path | None = None, limits: Limits | None = None) -> Recorded:
    """Records a run of a module (bytes, or a .wasm or .wat file) into a new directory, to be proved. `arguments`: those of a WASI program,
    for which the input is then standard input. A trap is an outcome; a run that reaches one of the limits says `given_up`. The profile is
    that of the bundle whose state goes on, or p100, if left out."""
    from bundles import api
    from bundles.state_files import profile_of
    module = content_of(app)
    return api.record(module, api.with_arguments(module, as_bytes(input), arguments), Path(directory),
                      profile or profile_of(state), limits, size, state=None if state is None else Path(state))


def open(app: str | Path | bytes, directory: str | Path, profile: str | None = None, size: str | None = None, container: bytes = b"",
         state: str | Path | None = None) -> Session:
    """Opens a session of a module (bytes, or a .wasm or .wat file) in a new directory; `state`: a state file, or a bundle directory whose
    state goes on. `with` closes it at the end of the block, and leaves it open after an error."""
    from bundles.session import Session
    from bundles.state_files import profile_of, read_state
    from wasm_exec.state import EMPTY
    return Session.begin(Path(directory), content_of(app), profile or profile_of(state), size, container,
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


def batch(files: Sequence[str | Path], file: str | Path) -> Mapping[str, object]:
    """Joins run proofs, in this order, to one rollup proof, and says what it claims."""
    from bundles import api
    if isinstance(files, str):
        raise TypeError("a batch is made of several files: batch([first, second], file)")
    return api.batch([Path(one) for one in files], Path(file), lambda *_: None)


def verify(file: str | Path, *apps: str | Path | bytes, input: bytes | None = None, arguments: Sequence[str] = (),
           output: bytes | None = None, exit_code: int | None = None, state_before: str | Path | None = None,
           state_after: str | Path | None = None, allow_toy: bool = False, profile: str | None = None) -> Mapping[str, object]:
    """What a proof proves about this program, or about these, in any order, if it is a rollup; `Rejected` if it does not, or not with what
    else is given here, `stark.errors.Malformed` if it is no proof. States are roots in hexadecimal, or state files. `allow_toy` accepts
    toy proofs, which prove nothing; `profile` requires that it is proved under this one."""
    from bundles import api
    from bundles.states import state_named
    if not apps:
        raise TypeError("a proof is verified against a program: verify(file, app)")
    modules = [content_of(app) for app in apps]
    input, output = (None if content is None else as_bytes(content) for content in (input, output))
    entered = api.with_arguments(modules[0], input or b"", arguments) if arguments else input
    before, after = (None if root is None else state_named(str(root)) for root in (state_before, state_after))
    names = [f"program {number}" if isinstance(app, bytes) else str(app) for number, app in enumerate(apps, 1)]
    return api.verify(Path(file), modules, entered, output, exit_code, allow_toy, before, after, profile,
                      names if len(apps) > 1 else ())


def as_bytes(content: bytes) -> bytes:
    """What a program reads or writes."""
    if isinstance(content, bytes | bytearray | memoryview):
        return bytes(content)
    raise TypeError(f"inputs and outputs are bytes, not {type(content).__name__}: a text has .encode()")


def content_of(app: str | Path | bytes) -> bytes:
    """A module, from bytes or a file, of which a text is assembled."""
    content = app if isinstance(app, bytes) else Path(app).read_bytes()
    from wasm_exec.decode import MAGIC
    if content.startswith(MAGIC):
        return content
    from wasm_exec.text import from_text
    return from_text(content)
