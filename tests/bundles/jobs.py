"""Help for tests of proving jobs: small recorded runs, the command in a process of its own, and who its workers are."""
from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bundles import api
from bundles.bundle import JOURNAL, open_bundle
from bundles.journal import Journal, Row
from wasm_exec.text import from_text

ROOT = Path(__file__).parents[2]
SUM = from_text(ROOT / "samples" / "sum.wat")
STEPS_PER_NUMBER = 43           # of the sample sum.wat, about
SEGMENT_STEPS = 1010            # of the toy profile, about


def entered(segments: int) -> bytes:
    """An input for which sum.wat takes about so many toy segments."""
    return " ".join(str(1000 + number % 7) for number in range(segments * SEGMENT_STEPS // STEPS_PER_NUMBER)).encode()


def answer(content: bytes) -> bytes:
    return str(sum(map(int, content.split()))).encode()


def recorded(directory: Path, segments: int) -> int:
    """Records a toy run into a directory; how many segments it has."""
    return api.record(SUM, entered(segments), directory, "toy").segments


def rows(directory: Path) -> list[Row]:
    path = open_bundle(directory).work / JOURNAL
    if not path.is_file():
        return []
    journal = Journal(path, writing=False)
    try:
        return journal.rows()
    finally:
        journal.close()


def longrun(*arguments: str | Path) -> subprocess.Popen[bytes]:
    """The command in a process of its own, in a group of its own. It hears an interruption even if these tests run where none is heard."""
    heard = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); from longrun.__main__ import main; main()"
    return subprocess.Popen([sys.executable, "-c", heard, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            process_group=0)


def children(parent: int) -> list[int]:
    """The processes whose parent this is; none once it is gone."""
    path = Path(f"/proc/{parent}/task/{parent}/children")
    try:
        return [int(number) for number in path.read_text().split()]
    except OSError:
        return []


def alive(process: int) -> bool:
    """Whether a process is there and not just waiting to be counted."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def all_gone(processes: Sequence[int], seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while any(map(alive, processes)) and time.monotonic() < until:
        time.sleep(0.02)
    return not any(map(alive, processes))
