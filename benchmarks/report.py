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

HERE = Path(__file__).parent


class Figures:
    def __init__(self) -> None:
        self.values: dict[str, float] = {}
        self.notes: dict[str, str] = {}

    def add(self, name: str, value: float, note: str = "") -> None:
        self.values[name], self.notes[name] = float(f"{value:.4g}"), note
        print(json.dumps({"figure": name, "value": self.values[name], "note": note}), flush=True)

    def stages(self, name: str, seconds: Mapping[str, float]) -> None:
        for stage, value in seconds.items():
            self.add(f"{name}.{stage.replace(' ', '_')}_s", value)

    def table(self) -> Table:
        table = Table("figure", "value", "how")
        for name, value in self.values.items():
            table.add_row(name, f"{value:,g}", self.notes[name])
        return table

    def save(self) -> None:
        Console(width=140).print(self.table())
        (HERE / "latest.json").write_text(json.dumps({"figures": self.values}, indent=1) + "\n")
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
