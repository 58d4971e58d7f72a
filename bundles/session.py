"""A session in a bundle directory: opened, called by one process after the other, closed. Then it is a bundle like others.

Between two calls everything is on disk. A call goes on from the last place inside an event and runs the steps since then again, which
are at most about as many as one piece of the run has; so it costs its own steps, however long the session is already.
"""
from __future__ import annotations

import contextlib
import errno
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from pathlib import Path
from types import TracebackType
from typing import Self

from bundles.bundle import APP_LIMIT, FILES, SESSION_LOG, is_open, write_bundle
from bundles.errors import BadCall, Over, Unsupported
from bundles.growing import grown
from bundles.lock import writer
from bundles.programs import remembered
from bundles.recording import chosen, sizes_of, summary
from bundles.session_folder import DOING, LOCK, forgotten, fresh, not_open
from bundles.session_log import Header, PlaceRow, SessionLog, State
from bundles.signature import Value, bits_of, signatures, values_of
from bundles.sitting import Reached, Sitting
from bundles.snapshot import SNAPSHOT_LIMIT, decode_pages, encode_pages
from bundles.state_files import STATE_FILE_LIMIT, decode_state, encode_state
from bundles.store import Store
from bundles.stored import going_on, is_place, take_pages
from bundles.terms import Progress, Recorded
from stark import profiles
from stark.errors import Malformed
from wasm_exec import errors, locate
from wasm_exec.changes import Changes
from wasm_exec.cutting import Limits
from wasm_exec.decode import decode
from wasm_exec.events import Event, encode, filled
from wasm_exec.events import close as end_of_session
from wasm_exec.image import MemoryImage
from wasm_exec.kept_files import own_folder
from wasm_exec.recording import Outcome, Status
from wasm_exec.session_driver import SIZE_BYTES, VALUE_BYTES
from wasm_exec.standard_error import joined
from wasm_exec.state import EMPTY, StateMap
from wasm_exec.wasi_input import unpack
from wasm_exec.wasi_source import MODULE as WASI

PLACE = "a place of the session"
SMALL = 1 << 16             # bytes of pages that are kept place by place before all pages are written together


@dataclass(frozen=True)
class Answer:
    """What an event gave: the results of the function, and the bytes that it wrote. `outcome` is how the session stands after the call;
    where an event halts or traps there are no results, and the session has ended. `trace`: of a trap, the functions of the module that
    were at work, the innermost first; `errors`: what the event wrote to standard error, which is kept nowhere."""

    results: tuple[Value, ...]
    output: bytes
    outcome: str
    ended: bool = False
    trace: tuple[locate.Place, ...] = ()
    errors: bytes = b""


Call = tuple[str, Sequence[Value | str], bytes]         # an event: its name, its arguments, its payload


class Session:
    """A session that this process holds. `with` closes it at the end; after an error it is only let go, and can be opened again."""

    def __init__(self, directory: Path) -> None:
        """Goes on with an open session; Busy if another process holds it."""
        self.directory = directory
        self.recorded: Recorded | None = None           # what was recorded when it was closed
        self.held, self.let_go = contextlib.ExitStack(), False
        with contextlib.ExitStack() as stack:
            if is_open(directory):
                stack.enter_context(writer(directory / LOCK, DOING))
            if not is_open(directory):
                raise not_open(directory)
            self.log = SessionLog(directory / SESSION_LOG)
            stack.callback(self.log.close)
            self.store = Store(directory / FILES)
            header = self.log.header()
            if header is None:
                raise not_open(directory)
            self.header = header
            self.app = self.store.get(header.program, "the program", APP_LIMIT)
            self.program, self.signatures = remembered(self.app), signatures(self.app)
            self.before = decode_state(self.store.get(header.state, "the state before", STATE_FILE_LIMIT))
            self.state = self.log.state()
            self.machine: Sitting | None = None
            self.held = stack.pop_all()

    @staticmethod
    def begin(directory: Path, app: bytes, profile: str = "p100", size: str | None = None, container: bytes = b"",
              before: StateMap = EMPTY) -> Session:
        """Opens a session of this module, from this state of its application, in a new directory; Unsupported if it is no session."""
        program = remembered(app)
        if not program.events:
            raise Unsupported("this module has a main function, so that it is no session; longrun run runs it")
        sizes_of(profiles.get(profile), size)
        if container:
            check_container(app, container)
        if not fresh(directory):
            raise FileExistsError(errno.EEXIST, "this is not an empty directory", str(directory))
        own_folder(directory)
        with writer(directory / LOCK, DOING), contextlib.closing(SessionLog(directory / SESSION_LOG)) as log:
            store = Store(directory / FILES)
            digest, state = store.put(app), store.put(encode_state(before))
            with log.whole():
                log.begin(Header(profile, size, digest, state))
                if container:
                    container = filled(container)
                    log.called(State(0, 0, len(container), 0, 0, Outcome(Status.PAUSED, 0)), container)
        return Session(directory)

    def call(self, name: str, *arguments: Value | str, payload: bytes = b"", max_steps: int | None = None,
             max_memory: int | None = None, max_depth: int | None = None, max_seconds: float | None = None) -> Answer:
        """Calls an exported function. What it did is on the disk when this returns; if the process ends before, nothing has happened.
        GivenUp, and nothing has happened, if it takes about so many steps, bytes of memory, slots of the call stack, or seconds."""
        limits = Limits.of(max_steps, max_memory, max_depth, max_seconds)
        return self.calls([(name, arguments, payload)], limits)[0]

    def calls(self, events: Sequence[Call], limits: Limits | None = None) -> list[Answer]:
        """The same for several events, of which all are there afterwards or none. The one that ends the session is the last. The limits are
        those of all together."""
        if self.let_go:
            raise Over("this session was let go or closed here", self.directory)
        if not self.state.outcome.paused:
            raise Over(f"the session has ended, {self.state.outcome}", self.directory)
        content = [self.encoded(*event) for event in events]
        machine, self.machine = self.machine or self.restored(), None       # whatever fails half way begins again from the disk
        with going_on(PLACE):
            reached = machine.go_on(b"".join(content), limits or Limits(), self.app)
        starts = list(accumulate(map(len, content), initial=self.state.input_length))
        begun = max(1, sum(start < reached.cursor for start in starts)) if not reached.outcome.paused else len(events)
        heard = [joined(part for part in reached.errors if (part[0] > start or not number) and (part[0] <= end or number == begun - 1))
                 for number, (start, end) in enumerate(pairwise(starts[:begun + 1]))]
        answers = [replace(answer, errors=errors) for answer, errors in
                   zip(self.answers([name for name, _, _ in events[:begun]], reached), heard, strict=True)]
        if len(answers) < len(events):                                      # the input ends with the event that ended the session
            return self.calls(events[:len(answers)], limits)
        before = self.state
        state = State(before.calls + 1, before.events + len(events), machine.input_length, machine.output_length, reached.steps,
                      reached.outcome)
        needless: list[bytes] = []
        with self.log.whole():
            self.log.called(state, b"".join(content))
            if reached.trace:
                self.log.ended(locate.spelled(reached.trace))
            if reached.place is not None:
                needless = self.placed(machine, reached.pages)
        for digest in needless:
            self.store.path(digest).unlink(missing_ok=True)
        self.state, self.machine = state, machine
        return answers

    def encoded(self, name: str, arguments: Sequence[Value | str], payload: bytes) -> bytes:
        if name not in self.signatures:
            raise BadCall(f"the session has no event {name}", f"it has {', '.join(self.signatures)}")
        return encode(self.program, [Event(name, bits_of(name, self.signatures[name], arguments), payload)])

    def answers(self, names: Sequence[str], reached: Reached) -> list[Answer]:
        """Takes the output apart. Of an event that ended the session the results never came; its record goes to the end of the output."""
        found, written, outcome = list[Answer](), reached.written, reached.outcome
        for number, name in enumerate(names, 1):
            head = SIZE_BYTES + VALUE_BYTES * len(self.signatures[name].results)
            if number == len(names) and not outcome.paused:
                return [*found, Answer((), written[head:], str(outcome), True, reached.trace)]
            bits = [int.from_bytes(written[at:at + VALUE_BYTES], "little") for at in range(SIZE_BYTES, head, VALUE_BYTES)]
            end = SIZE_BYTES + int.from_bytes(written[:SIZE_BYTES], "little")
            found.append(Answer(values_of(self.signatures[name], bits), written[head:end], str(outcome)))
            written = written[end:]
        return found

    def placed(self, machine: Sitting, pages: Changes) -> list[bytes]:
        """Keeps a later place of the machine; returns the digests of files that no longer serve."""
        before, content = self.log.places(), encode_pages(pages)
        whole_size = sum(row.size for row in before if row.whole)
        whole = len(content) + sum(row.size for row in before if not row.whole) > max(SMALL, whole_size)
        if whole:
            keys = {*machine.image.occupied(), *MemoryImage.initial(self.program, b"", self.before).occupied()}
            content = encode_pages(machine.image.taken(keys))
        digest = self.store.put(content)
        self.log.placed(PlaceRow(machine.place, whole, digest, len(content)))
        return [row.pages for row in before if whole and row.pages != digest]

    def restored(self) -> Sitting:
        """The machine at the last place."""
        machine = Sitting.begun(self.program, self.before)
        for row in self.log.places():
            take_pages(self.program, machine.image, decode_pages(self.store.get(row.pages, PLACE, SNAPSHOT_LIMIT), PLACE), PLACE)
            if not is_place(self.program, row.place.pc, row.place.fp):
                raise self.log.damaged("a place is none of the program's")
            machine.place = row.place
        machine.enter(self.log.input())
        if machine.input_length != self.state.input_length:
            raise self.log.damaged("its calls do not have the input that its state names")
        machine.output_length, machine.paused_steps = self.state.output_length, self.state.steps
        return machine

    def close(self, on_progress: Progress | None = None) -> Recorded:
        """Ends the session and makes it a bundle that can be proved. It goes on from the segments of which the proof was begun; where none
        was, the session runs once more, to be cut where segments cost least."""
        content = self.log.input() + (end_of_session() if self.state.outcome.paused else b"")
        profile = profiles.get(self.header.profile)
        recording, size = grown(self.directory, self.program, content) or chosen(
            self.program, content, profile, self.header.size, Limits(), on_progress, self.before, folder=self.directory / FILES)
        wanted = self.state.outcome if not self.state.outcome.paused else Outcome(Status.EXITED, recording.outcome.pc)
        if (recording.outcome, len(recording.output)) != (wanted, self.state.output_length):
            raise Malformed(f"the session runs to {recording.outcome} and not to {wanted}: its files were damaged")
        self.recorded = summary(recording, profile, self.app)
        write_bundle(self.directory, self.app, recording, profile.name, size)
        forgotten(self.directory)
        self.leave()
        return self.recorded

    def leave(self) -> None:
        """Lets the session go; it stays as it is, and any process can go on with it."""
        self.let_go = True
        self.held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if kind is None and is_open(self.directory):
                self.close()
        finally:
            self.leave()


def check_container(app: bytes, container: bytes) -> None:
    """Refuses what a session would take for its first event, and end with."""
    if not any(one.module == WASI for one in decode(app).imports):
        raise Unsupported("this module is none of WASI, so that nothing comes before its events: what they read is their payload")
    try:
        unpack(container)
    except errors.Malformed as error:
        raise Malformed(f"what comes before the events is no WASI container: {error}") from None
