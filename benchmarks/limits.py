"""What a figure has to reach: the limit that it must keep, and the aim beyond it. The table of `make bench` prints both."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Limit:
    """Figures with a limit are better when they are smaller."""

    at_most: float
    aim: float | None = None

    def verdict(self, value: float | None) -> str:
        if value is None:
            return f"≤ {self.at_most:g}: not measured"
        if value > self.at_most:
            return f"≤ {self.at_most:g}: not met"
        if self.aim is None:
            return f"≤ {self.at_most:g}: met"
        return f"≤ {self.at_most:g}: met; aim {self.aim:g}: {'met' if value <= self.aim else 'not met'}"


LIMITS: Mapping[str, Limit] = MappingProxyType({
    "stark.floor_ratio": Limit(1.7, 1.4),
    "stark.vs_plonky3": Limit(0.8, 0.5),
    "stark.kernel_vs_plonky3.transform": Limit(1.0, 0.75),
    "stark.kernel_vs_plonky3.merkle": Limit(1.0, 0.75),
    "stark.kernel_vs_plonky3.permutation": Limit(1.0, 0.75),
    "stark.bytes_per_cell": Limit(4),
    "stark.verify_python_s": Limit(3),
})
