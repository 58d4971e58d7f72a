"""The recording of an open session as its proof needs it: whole segments, which stay as they are whatever events follow.

It stands in a manifest beside the session's log, as that of a run that is not at its end, and grows by the segments that calls have
filled. Closing the session goes on from here.
"""
from __future__ import annotations

import contextlib
from pathlib import Path

from bundles.bundle import APP_LIMIT, FILES, GROWING, SESSION_LOG, Bundle, entries, is_open, open_growing
from bundles.manifest import Manifest
from bundles.recording import cutting, sizes_for
from bundles.session_log import Header, SessionLog
from bundles.state_files import STATE_FILE_LIMIT, decode_state
from bundles.store import Store, write_whole
from bundles.stored import going_on, require_place
from segments.choosing import begun, resumed
from stark import profiles
from stark.errors import Malformed
from wasm_exec.image import MemoryImage
from wasm_exec.program import Program
from wasm_exec.recording import Outcome, Recording, Status
from wasm_exec.state import StateMap

SOONER = 5 / 4              # a session is looked at again when what is behind the last whole segment has grown by this factor


class Growth:
    """Follows an open session; one process does at a time. Its segments are the largest that are proved in so many bytes.

    `recording` has the whole segments, whose pages stay in their files, and `image` all cells at their end: a look costs what has come
    since, and the memory of the guest, however long the session is."""

    def __init__(self, directory: Path, header: Header, program: Program, memory_limit: int | None = None) -> None:
        self.directory, self.header, self.program, self.memory_limit = directory, header, program, memory_limit
        self.profile, self.store = profiles.get(header.profile), Store(directory / FILES)
        self.looked = self.calls = 0                    # the steps of the session at the last look that found more, and its calls now
        self.recording: Recording | None = None
        self.image: MemoryImage | None = None           # as soon as it is needed
        self.bundle, self.size = open_growing(directory), ""
        if self.bundle is not None:
            self.recording, self.size = self.bundle.recording(program), self.bundle.manifest.size

    @property
    def segments(self) -> int:
        """Whole ones."""
        return self.bundle.manifest.segments if self.bundle is not None else 0

    def before(self) -> StateMap:
        return decode_state(self.store.get(self.header.state, "the state before", STATE_FILE_LIMIT))

    def look(self) -> bool:
        """Records what has come since the last look, if it may be a segment; whether there are more whole segments than before."""
        with contextlib.closing(SessionLog(self.directory / SESSION_LOG, writing=False)) as log:
            state = log.state()
            steps, self.calls = state.steps, state.calls
            last = self.recording.final.steps if self.recording is not None else 0
            if steps - last < SOONER * (self.looked - last) or steps == self.looked:
                return False
            content = log.input()
        self.looked = steps
        before = self.segments
        with cutting(self.header.profile):
            longer = self.longer(content)
        if longer is not None and len(longer.segments) > before + 1:
            self.take(longer, content)
        return self.segments > before

    def longer(self, content: bytes) -> Recording | None:
        """The run of the session up to now."""
        if self.recording is None:
            self.size = sizes_for(self.program, self.profile, self.header.size, self.memory_limit)[-1]
            return begun(self.program, content, self.size, self.before(), self.store.folder, self.profile.hash.width)
        if self.image is None:
            self.image = self.recording.image(self.segments)
        return continued(self.recording, content, self.size, self.store.folder, self.image, self.profile.hash.width)

    def take(self, longer: Recording, content: bytes) -> None:
        """Puts the whole segments, of which there are more, into the manifest."""
        known = self.bundle.manifest.boundaries if self.bundle is not None else ()
        more = longer.segments[len(known):]
        boundaries = (*known, *entries(self.store, more))
        last = boundaries[-1]
        budgets = tuple(longer.budget(index) for index in range(len(boundaries) - 1))
        manifest = Manifest(self.header.profile, self.size, self.header.program, self.store.put(content), self.store.put(b""),
                            budgets, Outcome(last.status, last.pc), boundaries, (self.header.state, self.header.state))
        if is_open(self.directory):
            write_whole(self.directory / GROWING, manifest.encode())
        self.bundle = Bundle(self.directory, manifest)
        self.recording = self.bundle.recording(self.program)
        if self.image is not None:
            for boundary in more:
                self.image.apply(boundary.snapshot)


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
    profile, size = profiles.get(found.manifest.profile), found.manifest.size
    return continued(found.recording(program), content, size, directory / FILES, width=profile.hash.width), size


def continued(recording: Recording, content: bytes, size: str, folder: Path | None = None, image: MemoryImage | None = None,
              width: int = 16) -> Recording:
    """The recording with what has come since. What it goes on from may come from files. `folder`: for changed pages that are too many
    for the memory; `image`: all cells where it goes on, if they are known."""
    what, more = "the segments of the session", more_of(recording, content)
    last = recording.segments[-1] if recording.final.status == Status.PAUSED else recording.final
    require_place(recording.program, last.pc, last.fp, what)
    with going_on(what):
        return resumed(recording, more, size, folder, image, width)


def application(directory: Path, header: Header) -> bytes:
    return Store(directory / FILES).get(header.program, "the program", APP_LIMIT)


def named_files(directory: Path) -> list[bytes]:
    """The digests of the files that the recording needs."""
    found: Bundle | None = open_growing(directory)
    if found is None:
        return []
    manifest = found.manifest
    return [manifest.input, manifest.output, *(entry.snapshot for entry in manifest.boundaries)]
