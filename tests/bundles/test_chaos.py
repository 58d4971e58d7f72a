"""The short version of `make chaos`: a dozen kills of a job of four segments."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.bundles.chaos import chaos


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="who is whose child is read from /proc")
def test_a_dozen_kills_change_nothing(tmp_path: Path) -> None:
    counts = chaos(tmp_path, segments=4, kills=12, longest=3.0, seed=7)
    assert counts.kills == 12 and counts.jobs >= 2 and counts.repeated <= counts.in_flight
