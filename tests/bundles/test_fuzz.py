"""The short version of `make fuzz`: some hundred damages of every kind of file."""
from __future__ import annotations

from pathlib import Path

from tests.bundles.fuzz import fuzz

MUTATIONS = 400


def test_damaged_files_are_refused_in_words(tmp_path: Path) -> None:
    refused = fuzz(tmp_path, MUTATIONS, seed=2)
    for name in ("proof file", "rollup file", "manifest", "snapshot", "state file", "state difference", "result of segment 0",
                 "result of leaf 0", "result of join 0-2"):
        assert refused[name] > MUTATIONS // 4, refused
    assert refused["proof file, verified"] == MUTATIONS // 20 and refused["journal"] > 0 and refused["session"] > 0 and refused["lock"] == 0
