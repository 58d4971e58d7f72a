"""placeholder"""
from benchmarks.report import Figures


def measure(figures: Figures, profile: str, threads: int) -> None: ...
