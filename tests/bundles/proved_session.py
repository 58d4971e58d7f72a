"""`make session`: a session among the samples is taken through many events, closed, proved and verified, in a bounded memory.

What it has reached stays in the folder that is named: begun again, it goes on with the events that are missing, then with the proof.
"""
from __future__ import annotations

import argparse
import json
import random
import resource
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from bundles import api
from bundles.bundle import open_bundle
from bundles.session import Call, Session
from tests.bundles.jobs import ROOT
from tests.bundles.test_session_samples import Editor, events

SAMPLES = ROOT / "samples" / "session"
SITTING = 1000              # events that are called together
Expected = list[tuple[tuple[int, ...], bytes]]


def edited(count: int, seed: int) -> tuple[list[Call], Expected]:
    """Events of the editor, with the answers of the editor in Python."""
    generator, editor = random.Random(seed), Editor()
    calls = events(generator, editor, count)
    return calls, [editor.answer(name, int((*numbers, 0)[0]), payload) for name, numbers, payload in calls]


def sorted_lines(count: int, seed: int) -> tuple[list[Call], Expected]:
    """So many texts for the sorting service, of some lines each."""
    generator, calls, wanted = random.Random(seed), list[Call](), Expected()
    for _ in range(count):
        lines = [bytes(generator.choices(b"abcxyz", k=generator.randrange(1, 8))) + b"\n" for _ in range(generator.randrange(1, 6))]
        calls.append(("sort", [], b"".join(lines)))
        wanted.append(((len(lines),), b"".join(sorted(lines))))
    return calls, wanted


KINDS: dict[str, Callable[[int, int], tuple[list[Call], Expected]]] = {"editor": edited, "sorter": sorted_lines}


def called(directory: Path, name: str, count: int, profile: str, seed: int) -> None:
    """AssertionError unless every answer is the right one. The session is closed at its end."""
    calls, wanted = KINDS[name](count, seed)
    app = (SAMPLES / f"{name}.wasm").read_bytes()
    session = Session(directory) if api.session_at(directory) else Session.begin(directory, app, profile)
    with ExitStack() as held:
        held.callback(session.leave)
        for at in range(session.state.events, count, SITTING):
            answers = session.calls(calls[at:at + SITTING])
            if [(answer.results, answer.output) for answer in answers] != wanted[at:at + SITTING]:
                raise AssertionError("the session answers otherwise than its copy in Python")
        session.close()


def proved(folder: Path, name: str, count: int, profile: str, means: api.Means, seed: int = 1,
           on_progress: api.Progress = lambda *_: None) -> dict[str, object]:
    """The facts of the verified proof, with what it took here."""
    started, directory, file = time.perf_counter(), folder / name, folder / f"{name}.proof"
    if not directory.exists() or api.session_at(directory):
        called(directory, name, count, profile, seed)
    closed, manifest = time.perf_counter(), open_bundle(directory).manifest
    api.prove(directory, file, on_progress, means)
    made = time.perf_counter()
    app, bundle = (SAMPLES / f"{name}.wasm").read_bytes(), open_bundle(directory)
    facts = api.verify(file, [app], bundle.input(), bundle.output(), 0, allow_toy=True)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {**facts, "events": count, "segments": manifest.segments, "size": manifest.size, "seconds of calls": round(closed - started, 1),
            "seconds of proving": round(made - closed, 1), "processor seconds": round(sum(one.ru_utime + one.ru_stime for one in used), 1),
            "peak GB of a process": round(max(one.ru_maxrss for one in used) / 1e6, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", default="editor", choices=sorted(KINDS))
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--profile", default="toy")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="where it stays, so that it can be gone on with")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        print(json.dumps(proved(folder, options.sample, options.events, options.profile, api.Means(options.workers))))


if __name__ == "__main__":
    main()
