"""Errors as people read them: one line, a hint where there is one, and an exit code."""
from __future__ import annotations

import shlex
import traceback
from dataclasses import dataclass

from bundles.errors import BadCall, Busy, GivenUp, Misuse, Over, Stuck, Unsupported
from bundles.programs import why_not
from stark.errors import Malformed, Rejected
from wasm_exec import errors

REJECTED, USAGE, UNUSABLE, FILES, TRAPPED, BUSY, STUCK, OVER, GIVEN_UP, INTERNAL, INTERRUPTED = 1, 2, 3, 4, 5, 6, 7, 8, 9, 70, 130
ASKED = ("the program is the one given", "the input is the one given", "the output is the one given", "the exit code is the one given",
         "the state before is the one given", "the state after is the one given",
         "every program given has run", "the profile is the one given")

KEYS = ("the keys in the package", "the key of ")
# how checks end that compare the runs of a batch
BATCHED = ("a batch has every claim once", "a rollup has every claim once", "begins in the state that the application was left in",
           "has the profile of run 1, as a batch is of one profile", "is proved with the keys of this setup")
LIMITED_BY = {"steps": "--max-steps", "memory": "--max-memory", "depth": "--max-depth", "time": "--max-seconds"}
DIFFERENCE = ("the state given is the one before the run", "the difference begins with the values of this state",
              "the difference leads to a state", "the difference leads to the state after the run")


@dataclass(frozen=True)
class Told:
    """What is said of a failure."""

    code: int
    message: str
    hint: str = ""

    @property
    def line(self) -> str:
        return f"longrun: {self.message}" + (f" ({self.hint})" if self.hint else "")


class Interrupted(BaseException):
    """A signal has stopped the command."""


class Stop(Exception):
    """A failure that a command has found itself."""

    def __init__(self, code: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.told = Told(code, message, hint)


def told(error: BaseException) -> Told:
    """Whatever a command ended in. A fault of our own prints where it happened."""
    match error:
        case Stop():
            return error.told
        case Rejected():
            return rejected(error)
        case errors.Malformed():
            return Told(UNUSABLE, why_not(error), "WebAssembly text is read from files named .wat")
        case errors.Invalid():
            return Told(UNUSABLE, why_not(error))
        case BadCall():
            return Told(USAGE, str(error), error.hint)
        case Over():
            return Told(OVER, str(error), f"longrun status {shlex.quote(str(error.directory))} shows how it stands")
        case GivenUp():
            return Told(GIVEN_UP, str(error), larger(error.limit))
        case Misuse():
            return Told(USAGE, str(error))
        case Malformed() | Unsupported():
            return Told(UNUSABLE, str(error))
        case Busy():
            return Told(BUSY, str(error), f"longrun status {shlex.quote(str(error.directory))} shows how far it is")
        case Stuck():
            directory = shlex.quote(str(error.directory))
            hint = f"longrun prove {directory} --only '{error.name}' shows the error, longrun resume {directory} tries again"
            return Told(STUCK, str(error), f"everything else is done and kept; {hint}")
        case OSError():
            hint = "choose another place or remove it" if isinstance(error, FileExistsError) else ""
            return Told(FILES, f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error), hint)
        case MemoryError():
            return Told(FILES, "there is not enough memory", "fewer --workers need less; what is done is kept")
        case Interrupted() | KeyboardInterrupt():
            return Told(INTERRUPTED, "stopped")
        case _:
            traceback.print_exception(error)
            return Told(INTERNAL, "this is a fault of longrun's own; please report what is printed above")


def larger(limit: str) -> str:
    """What helps when a run has reached this limit."""
    return f"again with a larger {LIMITED_BY[limit]}, or without it"


def rejected(error: Rejected) -> Told:
    """A refused proof: what does not hold, what was expected, what came."""
    if error.check == "the profile is for real proofs":
        return Told(REJECTED, "this is a toy proof, which proves nothing", "--allow-toy accepts it all the same")
    compared = f", expected {error.expected}, got {error.got}" if str(error.expected) or str(error.got) else ""
    if error.check.startswith(KEYS):
        return Told(REJECTED, f"these keys are not to be trusted. This does not hold: {error.check}")
    if error.check in ASKED:
        return Told(REJECTED, f"the proof is not of what was asked for. This does not hold: {error.check}{compared}")
    if error.check in DIFFERENCE:
        return Told(REJECTED, f"the difference cannot be applied. This does not hold: {error.check}{compared}")
    if error.check.endswith(BATCHED):
        return Told(REJECTED, f"these runs make no batch. This does not hold: {error.check}{compared}")
    return Told(REJECTED, f"the proof is not valid. This does not hold: {error.check}{compared}")
