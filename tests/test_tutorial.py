"""The tutorial does what it says: every command line of every page, in order, in a folder with the samples next to it."""
from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs" / "tutorial").glob("*.md"))
COMMAND = re.compile(r"^    \$ (.*?)(?:   # exit code (\d+))?$", re.MULTILINE)
LINKS = re.compile(r"\]\(([^)#]+\.md)\)")


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "README.md"], ids=lambda page: page.stem)
def test_every_command_of_the_tutorial_works(page: Path, tmp_path: Path) -> None:
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    if page.stem == "cluster":
        pytest.importorskip("distributed")
    path = os.pathsep.join([str(ROOT), *sys.path])
    for name, start in (("longrun", "-m longrun"), ("dask", "-m dask"), ("python", "")):
        (tmp_path / name).write_text(f'#!/bin/sh\nPYTHONPATH="{path}" exec "{sys.executable}" {start} "$@"\n')
        (tmp_path / name).chmod(0o755)
    found = COMMAND.findall(page.read_text())
    assert len(found) >= 5
    for command, code in found:
        done = subprocess.run(["bash", "-c", f'PATH="$PWD:$PATH"; {command}'], cwd=tmp_path, capture_output=True, text=True, check=False)
        ended = done.returncode if done.returncode >= 0 else 128 - done.returncode      # a shell that is killed itself, or its command
        assert ended == int(code or 0), f"{command}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("page", [*PAGES, ROOT / "docs" / "formats.md", ROOT / "docs" / "cluster.md"], ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    assert len(PAGES) >= 4
    links = LINKS.findall(page.read_text())
    assert [link for link in links if not (page.parent / link).is_file()] == []
