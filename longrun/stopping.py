"""Being stopped, by an interruption or by SIGTERM: a sentence says what is there then, and how one goes on."""
from __future__ import annotations

import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from longrun.failures import INTERRUPTED, Interrupted, Stop

SIGNALS = (signal.SIGINT, signal.SIGTERM)
A_MOMENT = 0.01                     # seconds until a signal is sent again that came where nothing can be raised
Sentence = tuple[str, str]          # what is there, and a hint


@contextmanager
def heard() -> Iterator[None]:
    """Within it a signal that is not ignored ends what is being done by `Interrupted`; where that cannot be raised, which is while an
    object is being finalised, a moment later."""
    def stop(number: int, _: object) -> NoReturn:
        raise Interrupted(number)

    def unraisable(told: sys.UnraisableHookArgs) -> None:
        if isinstance(told.exc_value, Interrupted):
            threading.Timer(A_MOMENT, again, told.exc_value.args).start()
        else:
            hook(told)

    def again(number: int) -> None:
        if sys.unraisablehook is unraisable:            # nobody has stopped hearing meanwhile
            os.kill(os.getpid(), number)
    mine = SIGNALS if threading.current_thread() is threading.main_thread() else ()
    before, hook = {number: signal.getsignal(number) for number in mine}, sys.unraisablehook
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, stop)
    sys.unraisablehook = unraisable if mine else hook
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def stoppable(sentence: Callable[[], Sentence]) -> Iterator[None]:
    """What is said of the block when it is stopped; it is asked for then."""
    try:
        yield
    except Interrupted:
        raise Stop(INTERRUPTED, *sentence()) from None


def recording(bundle: Path) -> Sentence:
    from bundles.bundle import MANIFEST
    if (bundle / MANIFEST).is_file():
        return "stopped; the run is recorded", f"longrun prove {spelled(bundle)} -o FILE proves it"
    return "stopped; nothing was recorded", "the same command begins again"


def calling(bundle: Path) -> Sentence:
    return "stopped; a call is whole or has not happened", f"longrun status {spelled(bundle)} shows how many there are"


def closing(bundle: Path) -> Sentence:
    from bundles.bundle import is_open
    if is_open(bundle):
        return "stopped; the session is open as before", f"longrun close {spelled(bundle)} closes it"
    return "stopped; the session is closed", f"longrun prove {spelled(bundle)} -o FILE proves it"


def proving(bundle: Path, out: Path | None, follow: bool = False) -> Sentence:
    from bundles.bundle import JOURNAL, WORK, is_open
    if not is_open(bundle) and (bundle / WORK / JOURNAL).is_file():
        return "stopped; what is done is kept", f"longrun resume {spelled(bundle)} goes on"
    again = f"longrun prove {spelled(bundle)} -o {'FILE' if out is None else spelled(out)}{' --follow' if follow else ''} goes on"
    return "stopped; what is done is kept", again


def batching(out: Path, before: tuple[int, int] | None) -> Sentence:
    """`before`: which file stood there then."""
    if file_at(out) != before:
        return "stopped; the proof is written", f"longrun inspect {spelled(out)} shows it"
    return "stopped; nothing was written", "the same command begins again"


def file_at(path: Path) -> tuple[int, int] | None:
    """Tells one file from another that takes its place."""
    return (path.stat().st_ino, path.stat().st_mtime_ns) if path.is_file() else None


def spelled(path: Path) -> str:
    """As one types it."""
    return shlex.quote(str(path))
