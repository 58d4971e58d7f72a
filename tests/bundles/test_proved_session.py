"""The short version of `make session`: an editor and a sorting service through some events, proved, gone on with after an interruption."""
from __future__ import annotations

from pathlib import Path

import pytest

from bundles import api
from bundles.bundle import open_bundle
from bundles.session import Session
from stark.errors import Rejected
from tests.bundles import proved_session
from tests.bundles.jobs import rows

INLINE = api.Means(workers=1)


def test_an_editor_is_proved_after_two_interruptions(tmp_path: Path) -> None:
    """One between two events, one in the middle of the proof. Nothing that was done is done again."""
    calls, _ = proved_session.edited(20, 1)
    session = Session.begin(tmp_path / "editor", (proved_session.SAMPLES / "editor.wasm").read_bytes(), "toy")
    session.calls(calls[:7])
    session.leave()

    def stopping(stage: str, done: int, total: int) -> None:
        if (stage, done) == ("leaves", 1):
            raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        proved_session.proved(tmp_path, "editor", 20, "toy", INLINE, on_progress=stopping)
    facts = proved_session.proved(tmp_path, "editor", 20, "toy", INLINE)
    manifest = open_bundle(tmp_path / "editor").manifest
    assert (facts["outcome"], facts["steps"], facts["segments"]) == ("exited(0)", manifest.steps, manifest.segments)
    assert {row.starts for row in rows(tmp_path / "editor")} == {1}


def test_a_sorting_service_is_proved(tmp_path: Path) -> None:
    facts = proved_session.proved(tmp_path, "sorter", 2, "toy", INLINE)
    assert facts["outcome"] == "exited(0)"
    app, bundle = (proved_session.SAMPLES / "sorter.wasm").read_bytes(), open_bundle(tmp_path / "sorter")
    with pytest.raises(Rejected, match="the output is the one given"):
        api.verify(tmp_path / "sorter.proof", [app], bundle.input(), bundle.output()[::-1], allow_toy=True)


def test_a_wrong_answer_is_not_proved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls, _ = proved_session.sorted_lines(2, 1)
    monkeypatch.setitem(proved_session.KINDS, "sorter", lambda count, seed: (calls, [((0,), b"")] * count))
    with pytest.raises(AssertionError, match="otherwise"):
        proved_session.proved(tmp_path, "sorter", 2, "toy", INLINE)
