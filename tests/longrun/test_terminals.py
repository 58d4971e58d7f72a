"""Terminals, pipes and devices at either end: names that would write to a terminal, readers who go away."""
from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bundles.bundle import open_bundle
from longrun import failures
from tests.longrun.conftest import ROOT, Longrun

NAMES = r"""(module (func (export "a\1b[31mred\0a\07x")) (func (export "\e2\80\aeright") unreachable))"""


def test_names_do_nothing_to_a_terminal(longrun: Longrun) -> None:
    """Of exports, imports and files: no escapes, no second line, nothing that turns the direction of writing."""
    Path("names.wat").write_text(NAMES)
    Path("import.wat").write_text(r'(module (import "e\1b[31mvil" "x\0ay" (func)) (func (export "_start")))')
    for command in ("open names.wat -o names --profile toy", "call names nothing", "call names \u202eright", "run import.wat -o import",
                    "run no\x1b[31m\nne.wat -o none", "run no\udcffne.wat -o none"):
        _, out, err = longrun(*command.split(" "))
        assert all(line.isprintable() for line in (out + err).splitlines()) and len(re.findall(r"^(?!  )", err, re.M)) <= 2, command
    assert "the import e?[31mvil.x?y is not supported" in longrun("run", "import.wat", "-o", "import")[2]
    Path("long.wat").write_text(f'(module (import "{"e" * 10**5}" "f" (func)) (func (export "_start")))')
    code, _, err = longrun("run", "long.wat", "-o", "long")
    assert code == 3 and len(err) < 2100


def test_a_pipe_is_neither_written_over_nor_waited_for(longrun: Longrun) -> None:
    os.mkfifo("pipe")
    assert longrun("run", "sum.wasm", "-o", "r", "--profile", "toy")[0] == 0
    for command in (["prove", "r", "-o", "pipe"], ["batch", "a", "b", "-o", "pipe"], ["state", "r", "-o", "pipe"]):
        code, _, error = longrun(*command)
        assert code == failures.FILES and "pipe: this is no file" in error
    assert longrun("status", "pipe")[0] == failures.UNUSABLE
    code, _, error = longrun("inspect", "pipe")
    assert code == failures.UNUSABLE and "a pipe or a device" in error
    for name in ("r/given_up", "r/work/lock"):
        Path(name).parent.mkdir(exist_ok=True)
        os.mkfifo(name)
    assert longrun("status", "r")[0] == 0
    assert longrun("gc", "r")[0] == failures.FILES
    store = open_bundle(Path("r")).store
    program = store.path(open_bundle(Path("r")).manifest.program)
    program.unlink()
    os.mkfifo(program)
    code, _, error = longrun("prove", "r", "-o", "r.proof")
    assert code == failures.UNUSABLE and "the program: there is no file" in error


def alone(*arguments: str, output: int | None = None) -> subprocess.Popen[bytes]:
    command = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from longrun.cli import main; main({list(arguments)!r})"
    return subprocess.Popen([sys.executable, "-c", command], stdout=subprocess.PIPE if output is None else output, stderr=subprocess.PIPE)


@pytest.mark.parametrize("json_option", [(), ("--json",)])
def test_a_reader_who_goes_away_changes_no_exit_code(longrun: Longrun, json_option: tuple[str, ...]) -> None:
    """1 means that a proof was rejected."""
    with alone("run", "sum.wasm", "--input", "in.txt", "-o", "unread", "--profile", "toy", *json_option) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        process.stderr.close()
    assert process.returncode == 0 and longrun("inspect", "unread")[0] == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("json_option", [(), ("--json",)])
def test_an_output_that_is_full_is_one_line(longrun: Longrun, json_option: tuple[str, ...]) -> None:
    longrun("run", "sum.wasm", "--input", "in.txt", "-o", "bundle", "--profile", "toy")
    with Path("/dev/full").open("wb") as full, alone("inspect", "bundle", *json_option, output=full.fileno()) as process:
        err = process.communicate()[1].decode()
    assert process.returncode == 4 and err.startswith("longrun: ") and len(err.splitlines()) == 1
