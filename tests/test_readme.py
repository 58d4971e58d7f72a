"""The README shows the demo as it runs: the same commands in the same order, and they all end as it says."""
from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def commands(text: str) -> list[str]:
    return re.findall(r"^\$ (longrun .*)$", text, re.MULTILINE)


def test_the_demo_runs_as_the_readme_shows_it(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, ROOT / "samples" / "demo.py", "--place", tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    shown = (ROOT / "README.md").read_text().split("<!-- demo -->")[1].split("<!-- /demo -->")[0]
    assert commands(done.stdout) == commands(shown) != []
    said = [line for line in shown.splitlines() if line.startswith(("output:", "outcome", "program", "longrun: this is a toy"))]
    missing = [line for line in said if line not in (done.stdout + done.stderr).splitlines()]
    assert missing == [], "the README's demo is out of date: paste what samples/demo.py prints"


def test_every_command_and_option_of_the_readme_exists() -> None:
    text = (ROOT / "README.md").read_text()
    for name in ("run", "open", "call", "close", "certificates", "prove", "resume", "status", "gc", "batch", "verify", "inspect", "doctor"):
        line = next(line for line in text.splitlines() if line.startswith(f"    longrun {name} "))
        helped = subprocess.run([sys.executable, "-m", "longrun", name, "--help"], capture_output=True, text=True, check=False, cwd=ROOT,
                                env={"COLUMNS": "200", "PATH": "/usr/bin:/bin"})
        assert helped.returncode == 0, helped.stderr
        assert [option for option in re.findall(r"--[a-z-]+", line) if option not in helped.stdout] == []


def test_the_first_steps_say_how_the_command_is_found() -> None:
    """Before anything is said of what it does."""
    first = (ROOT / "README.md").read_text().split("\n## What a proof says\n")[0]
    assert "`make setup`" in first and "`source .venv/bin/activate`" in first


def test_the_session_of_the_readme_works_line_by_line(tmp_path: Path) -> None:
    """In toy, which is soon proved: the commands, then the lines of Python."""
    section = (ROOT / "README.md").read_text().split("\n## Sessions\n")[1].split("\n## ")[0]
    lines, code = re.findall(r"^    longrun (.*)$", section, re.MULTILINE), section.split("```python\n")[1].split("```")[0]
    assert [line.split()[0] for line in lines] == ["open", "call", "call", "close", "prove"]
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    for line in lines:
        toy = ["--profile", "toy"] if line.startswith("open") else []
        command = [sys.executable, "-m", "longrun", *line.split(), *toy]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
    shutil.rmtree(tmp_path / "counter")
    code = code.replace('"counter") as', '"counter", "toy") as')
    assert "toy" in code
    code = code.replace('longrun.prove("counter"', "#").replace("exit_code=0", "exit_code=0, allow_toy=True")       # proved above
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)
    assert done.stdout == "b'442'\n(5,)\nexited(0)\n", done.stderr
