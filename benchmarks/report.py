"""Figures by name: printed as a table and as JSON lines, kept in benchmarks/latest.json and, with commit and machine, in history.jsonl."""
from __future__ import annotations

import json
import platform
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.limits import LIMITS

HERE = Path(__file__).parent


class Figures:
    def __init__(self) -> None:
        self.values: dict[str, float] = {}
        self.notes: dict[str, str] = {}

    def add(self, name: str, value: float, note: str = "") -> None:
        self.values[name], self.notes[name] = value if isinstance(value, int) else float(f"{value:.4g}"), note
        print(json.dumps({"figure": name, "value": self.values[name], "note": note}), flush=True)

    def stages(self, name: str, seconds: Mapping[str, float]) -> None:
        for stage, value in seconds.items():
            self.add(f"{name}.{stage.replace(' ', '_')}_s", value)

    def table(self, whole: bool = True) -> Table:
        """Every figure with its verdict; after a whole run also those that have a limit and were not measured."""
        table = Table("figure", "value", "limit", "how")
        for name, value in self.values.items():
            table.add_row(name, f"{value:,g}", LIMITS[name].verdict(value) if name in LIMITS else "", self.notes[name])
        for name, limit in LIMITS.items():
            if whole and name not in self.values:
                table.add_row(name, "", limit.verdict(None), "")
        return table

    def save(self, whole: bool = True) -> None:
        """A run of some parts leaves the latest figures of the others as they are."""
        Console(width=160).print(self.table(whole))
        latest = HERE / "latest.json"
        before = {} if whole or not latest.exists() else json.loads(latest.read_text())["figures"]
        latest.write_text(json.dumps({"figures": before | self.values}, indent=1) + "\n")
        line = {"commit": commit(), "machine": processor(), "time": time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime()), "figures": self.values}
        with (HERE / "history.jsonl").open("a") as history:
            history.write(json.dumps(line) + "\n")


def commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False, cwd=HERE)
    return done.stdout.strip() or "unknown"


def processor() -> str:
    """The model of the processor where the system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{len(models)} x {models[0]}" if models else platform.processor() or platform.machine()
