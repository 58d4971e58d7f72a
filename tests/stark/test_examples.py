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
def test_an_example_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) < {"memory": 55}.get(path.stem, 40)


def test_there_are_three_examples() -> None:
    assert [path.stem for path in EXAMPLES] == ["fibonacci", "memory", "squares"]


def test_the_page_on_the_toolkit_runs_from_top_to_bottom(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "toolkit.md").read_text()
    exec("".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL)), {})       # noqa: S102
    said = capsys.readouterr().out
    wrong_sum, wrong_cell, no_counts, size, *printed = said.splitlines()
    assert all(line in page for line in (wrong_sum, wrong_cell, no_counts)) and size.endswith("KiB")
    cells, worth, header, check = printed[-4:]
    assert printed[0] == "# ledger" and cells.endswith("cells a row") and float(worth.removesuffix(" provable bits")) > 100
    assert header.startswith("the header announces") and f"# {check}\n" in page
