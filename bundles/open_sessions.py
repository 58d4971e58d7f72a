"""Looking at open sessions without holding them: how they stand, a bundle of what they have done up to now."""
from __future__ import annotations

import contextlib
from pathlib import Path

from bundles.bundle import APP_LIMIT, FILES, GROWING_LOCK, MANIFEST, SESSION_LOG, is_open, open_growing, write_bundle
from bundles.bundle import LOCK as PROVING
from bundles.growing import named_files
from bundles.journal import DONE
from bundles.lock import held, writer
from bundles.programs import remembered
from bundles.recording import chosen
from bundles.session_folder import DOING, LOCK, PAUSED, fresh, not_open, without_paused
from bundles.session_log import Header, SessionLog, State
from bundles.signature import kind_name, signatures
from bundles.state_files import STATE_FILE_LIMIT, decode_state
from bundles.status import told_by_journal
from bundles.store import Store
from bundles.terms import Facts, Progress
from stark import profiles
from wasm_exec.cutting import Limits


def stand(directory: Path) -> tuple[Header, State, str | None]:
    """How an open session stands now, and where it trapped, if it did."""
    if fresh(directory) or not is_open(directory):
        raise not_open(directory)
    with contextlib.closing(SessionLog(directory / SESSION_LOG, writing=False)) as log:
        header = log.header()
        if header is None:
            raise not_open(directory)
        return header, log.state(), log.trapped()


def facts(directory: Path) -> Facts:
    """An open session, for people to read."""
    header, state, place = stand(directory)
    return {"kind": "session", "state": "open" if state.outcome.paused else "ended, not closed", "owner": held(directory / LOCK),
            "profile": header.profile, "calls": state.calls, "events": state.events, "steps": state.steps,
            "input bytes": state.input_length, "output bytes": state.output_length, "outcome": str(state.outcome),
            "trapped in": place, **followed(directory)}


def functions(directory: Path) -> list[str]:
    """What can be called, with the types of the arguments."""
    header, _, _ = stand(directory)
    app = Store(directory / FILES).get(header.program, "the program", APP_LIMIT)
    return [f"{name}({', '.join(map(kind_name, kinds.parameters))})" for name, kinds in signatures(app).items()]


def followed(directory: Path) -> Facts:
    """How far its proof is, if somebody has begun it (`prove --follow`)."""
    growing = open_growing(directory)
    if growing is None:
        return {}
    proved = sum(row.task.kind == "leaf" and row.state == DONE for row in told_by_journal(growing)[0])
    return {"whole segments": growing.manifest.segments, "segments proved": proved, "proved by": held(growing.work / PROVING)}


def up_to_now(directory: Path, on_progress: Progress | None = None, memory_limit: int | None = None) -> Path:
    """A bundle of what the session has done, in a folder below its own. It serves until the next call. Its segments are proved in so many
    bytes."""
    with contextlib.closing(SessionLog(directory / SESSION_LOG, writing=False)) as log:
        header, state, content = log.header(), log.state(), log.input()
    if header is None:
        raise not_open(directory)
    place = directory / PAUSED / str(state.calls)
    with writer(directory / f"{PAUSED}.lock", DOING):
        if not (place / MANIFEST).is_file():
            without_paused(directory)
            store = Store(directory / FILES)
            app = store.get(header.program, "the program", APP_LIMIT)
            before = decode_state(store.get(header.state, "the state before", STATE_FILE_LIMIT))
            recording, size = chosen(remembered(app), content[:state.input_length], profiles.get(header.profile), header.size, Limits(),
                                     on_progress, before, memory_limit, directory / FILES)
            write_bundle(place, app, recording, header.profile, size)
    return place


def collected(directory: Path) -> Facts:
    """Removes what proofs of earlier moments left, and files that no call will ask for."""
    locks = (directory / LOCK, directory / f"{PAUSED}.lock", directory / GROWING_LOCK)
    with contextlib.ExitStack() as stack:
        for lock in locks:
            stack.enter_context(writer(lock, DOING))
        with contextlib.closing(SessionLog(directory / SESSION_LOG, writing=False)) as log:
            header, places = log.header(), log.places()
        files, size = without_paused(directory)
        kept = [row.pages for row in places] + ([header.program, header.state] if header else []) + named_files(directory)
        more, more_size = Store(directory / FILES).remove_others(kept)
    return {"files removed": files + more, "bytes removed": size + more_size}
