"""The sessions among the samples do what they say: an editor through ten thousand events, a sorting service, a counter."""
from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from bundles.bundle import open_bundle
from bundles.session import Answer, Call, Session
from wasm_exec.text import from_text

SAMPLES = Path(__file__).parents[2] / "samples" / "session"
WORDS = [b"segment", b"claim", b"draw", b"\n", b" and ", b"the ", b"x"]
UNDO, ERASED = 1 << 12, 64


class Editor:
    """The text editor of the samples in plain Python."""

    def __init__(self) -> None:
        self.text, self.cursor, self.edits = b"", 0, list[tuple[bytes, int]]()

    def answer(self, name: str, number: int, payload: bytes) -> tuple[tuple[int, ...], bytes]:
        text, cursor = self.text, self.cursor
        match name:
            case "move":
                self.cursor = min(number, len(text))
            case "insert":
                self.edit(text[:cursor] + payload + text[cursor:], cursor + len(payload))
            case "erase":
                start = cursor - min(number, ERASED, cursor)
                self.edit(text[:start] + text[cursor:], start)
            case "undo":
                if not self.edits:
                    return (0,), b""
                self.text, self.cursor = self.edits.pop()
                return (1,), b""
            case "find":
                found = text.find(payload, cursor)
                self.cursor = cursor if found < 0 else found + len(payload)
                return (found,), b""
            case "line":
                lines = text.split(b"\n")
                line = lines[number] if number < len(lines) else b""
                return (len(line),), line
            case "length":
                return (len(text),), b""
            case "show":
                return (), text
        return (self.cursor,), b""

    def edit(self, text: bytes, cursor: int) -> None:
        self.edits = [*self.edits, (self.text, self.cursor)][-UNDO:]
        self.text, self.cursor = text, cursor


def events(generator: random.Random, editor: Editor, count: int) -> list[Call]:
    """What somebody might do."""
    kinds = generator.choices(("insert", "move", "erase", "undo", "find", "line", "length", "show"), (60, 10, 6, 5, 5, 5, 4, 0.1), k=count)
    made: list[Call] = []
    for kind in kinds:
        number = {"move": generator.randrange(max(1, len(editor.text) + 9)), "erase": generator.choice((1, 2, 3, 8)),
                  "line": generator.randrange(30)}
        payload = generator.choice(WORDS) * generator.choice((1, 1, 1, 2)) if kind in ("insert", "find") else b""
        made.append((kind, [number[kind]] if kind in number else [], payload))
    return made


def test_an_editor_through_ten_thousand_events(tmp_path: Path) -> None:
    """In some sittings, one event at a time or many; all answers are those of the editor in Python, and what is closed is the same run."""
    generator, editor, done = random.Random(4), Editor(), 0
    Session.begin(tmp_path / "editor", (SAMPLES / "editor.wasm").read_bytes(), "p100").leave()
    while done < 10_000:
        session = Session(tmp_path / "editor")
        for count in (generator.randrange(1000, 2500), 1, generator.randrange(20), 1):
            calls = events(generator, editor, count)
            wanted = [editor.answer(name, int((*numbers, 0)[0]), payload) for name, numbers, payload in calls]
            assert [(answer.results, answer.output) for answer in session.calls(calls)] == wanted
            done += count
        session.leave()
    with Session(tmp_path / "editor") as session:
        assert session.call("show") == Answer((), editor.text, "paused")
        assert session.state.events == done + 1 and len(editor.text) > 10_000
    manifest = open_bundle(tmp_path / "editor").manifest
    assert manifest.steps > 1_000_000 and str(manifest.outcome) == "exited(0)"


@pytest.mark.parametrize("size", [0, 1, 2, 7, 200])
def test_a_sorting_service(tmp_path: Path, size: int) -> None:
    generator = random.Random(size)
    lines = [bytes(generator.choices(b"ab z\xff", k=generator.randrange(4))) + b"\n" for _ in range(size)]
    with Session.begin(tmp_path / "sorter", (SAMPLES / "sorter.wasm").read_bytes(), "toy") as session:
        assert session.call("sort", payload=b"".join(lines)) == Answer((size,), b"".join(sorted(lines)), "paused")
        assert session.call("sort", payload=b"b\na") == Answer((2,), b"a\nb\n", "paused")
        assert session.call("served").results == (size + 2,)


def test_a_counter(tmp_path: Path) -> None:
    with Session.begin(tmp_path / "counter", from_text(SAMPLES / "counter.wat"), "toy") as session:
        for amount, said in ((0, b"0\n"), (-2**31, b"-2147483648\n"), (-1, b"2147483647\n")):
            session.call("add", amount)
            assert session.call("say").output == said
        session.call("reset")
        assert session.call("add", 1).results == (1,)


@pytest.mark.skipif(find_spec("ziglang") is None, reason="the Python package ziglang is not installed")
def test_the_modules_are_what_the_build_script_makes(tmp_path: Path) -> None:
    assert shutil.which("bash")
    subprocess.run([SAMPLES / "build.sh", tmp_path], check=True, env=os.environ | {"PYTHON": sys.executable})
    for path in SAMPLES.glob("*.wasm"):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()
