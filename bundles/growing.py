"""The recording of an open session as its proof needs it: whole segments, which stay as they are whatever events follow.

It stands in a manifest beside the session's log, as that of a run that is not at its end, and grows by the segments that calls have
filled. Closing the session goes on from here.
"""
from __future__ import annotations

import contextlib
from pathlib import Path

from bundles.bundle import APP_LIMIT, FILES, GROWING, SESSION_LOG, Bundle, is_open, open_growing
from bundles.manifest import BoundaryEntry, Manifest
from bundles.recording import cutting, sizes_for
from bundles.session_log import Header, SessionLog
from bundles.snapshot import encode_pages
from bundles.state_files import STATE_FILE_LIMIT, decode_state
from bundles.store import Store, write_whole
from bundles.stored import going_on, require_place
from segments.choosing import begun, resumed
from stark import profiles
from stark.errors import Malformed
from wasm_exec.program import Program
from wasm_exec.recording import Outcome, Recording, Status
from wasm_exec.state import StateMap

SOONER = 5 / 4              # a session is looked at again when what is behind the last whole segment has grown by this factor


class Growth:
    """Follows an open session; one process does at a time. Its segments are the largest that are proved in so many bytes."""

    def __init__(self, directory: Path, header: Header, program: Program, memory_limit: int | None = None) -> None:
        self.directory, self.header, self.program, self.memory_limit = directory, header, program, memory_limit
        self.store = Store(directory / FILES)
        self.recording: Recording | None = None
        self.size = ""
        self.snapshots: list[bytes] = []
        self.looked = self.calls = 0                    # the steps of the session at the last look that found more, and its calls now
        if (found := open_growing(directory)) is not None:
            self.recording, self.size = found.recording(program), found.manifest.size
            self.snapshots = [entry.snapshot for entry in found.manifest.boundaries]

    @property
    def segments(self) -> int:
        """Whole ones."""
        return max(0, len(self.snapshots) - 1)

    def before(self) -> StateMap:
        return decode_state(self.store.get(self.header.state, "the state before", STATE_FILE_LIMIT))

    def look(self) -> bool:
        """Records what has come since the last look, if it may be a segment; whether there are more whole segments than before."""
        with contextlib.closing(SessionLog(self.directory / SESSION_LOG, writing=False)) as log:
            state = log.state()
            steps, self.calls = state.steps, state.calls
            last = self.recording.segments[-1].steps if self.recording and self.recording.segments else 0
            if steps - last < SOONER * (self.looked - last) or steps == self.looked:
                return False
            content = log.input()
        self.looked = steps
        before = self.segments
        with cutting(self.header.profile):
            self.record(content)
        if self.recording is not None:
            self.write(self.recording, content)
        return self.segments > before

    def record(self, content: bytes) -> None:
        if self.recording is None:
            size = sizes_for(self.program, profiles.get(self.header.profile), self.header.size, self.memory_limit)[-1]
            self.recording, self.size = begun(self.program, content, size, self.before()), size
        elif self.recording.final.status in (Status.RUNNING, Status.PAUSED):
            self.recording = continued(self.recording, content, self.size)

    def write(self, recording: Recording, content: bytes) -> None:
        """Puts the whole segments into the manifest, if there are more of them."""
        whole = recording.segments
        if len(whole) < 2 or len(whole) <= len(self.snapshots):
            return
        self.snapshots += [self.store.put(encode_pages(boundary.snapshot)) for boundary in whole[len(self.snapshots):]]
        boundaries = tuple(BoundaryEntry(boundary.pc, boundary.fp, boundary.status, boundary.steps, snapshot)
                           for boundary, snapshot in zip(whole, self.snapshots, strict=True))
        last = boundaries[-1]
        budgets = tuple(recording.budget(index) for index in range(len(boundaries) - 1))
        manifest = Manifest(self.header.profile, self.size, self.header.program, self.store.put(content), self.store.put(b""),
                            budgets, Outcome(last.status, last.pc), boundaries, (self.header.state, self.header.state))
        if is_open(self.directory):
            write_whole(self.directory / GROWING, manifest.encode())


def more_of(recording: Recording, content: bytes) -> bytes:
    """What has come behind the input of a recording; Malformed if it is another input."""
    if not content.startswith(recording.input):
        raise Malformed("the session has another input than the segments that were recorded of it: its files were damaged")
    return content[len(recording.input):]


def grown(directory: Path, program: Program, content: bytes) -> tuple[Recording, str] | None:
    """The whole run of a session on this input, going on from what was recorded while it was open; None if nothing was."""
    found = open_growing(directory)
    if found is None:
        return None
    return continued(found.recording(program), content, found.manifest.size), found.manifest.size


def continued(recording: Recording, content: bytes, size: str) -> Recording:
    """The recording with what has come since. What it goes on from may come from files."""
    what, more = "the segments of the session", more_of(recording, content)
    last = recording.segments[-1] if recording.final.status == Status.PAUSED else recording.final
    require_place(recording.program, last.pc, last.fp, what)
    with going_on(what):
        return resumed(recording, more, size)


def application(directory: Path, header: Header) -> bytes:
    return Store(directory / FILES).get(header.program, "the program", APP_LIMIT)


def named_files(directory: Path) -> list[bytes]:
    """The digests of the files that the recording needs."""
    found: Bundle | None = open_growing(directory)
    if found is None:
        return []
    manifest = found.manifest
    return [manifest.input, manifest.output, *(entry.snapshot for entry in manifest.boundaries)]
