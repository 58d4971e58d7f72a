"""The examples of docs/ run from a prompt and are as short as they are meant to be."""
from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_proves_and_verifies(path: Path) -> None:
    done = subprocess.run([sys.executable, str(path)], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("bytes say so\n")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_has_fewer_than_forty_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 40


def test_there_are_two_examples() -> None:
    assert [path.stem for path in EXAMPLES] == ["fibonacci", "squares"]


def test_the_page_on_the_toolkit_runs_from_top_to_bottom(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "toolkit.md").read_text()
    exec("".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL)), {})       # noqa: S102
    broken, size, *refused = capsys.readouterr().out.splitlines()
    assert broken in page and size.endswith("KiB") and refused[0].startswith("the header announces") and len(refused) == 2
