"""The pages of documentation of all chips, printed from their definitions."""
from __future__ import annotations

from segments.machine import machine
from stark.page import page


def printed() -> dict[str, str]:
    """File names and contents for docs/chips."""
    return {f"{chip.name}.md": page(chip) for chip in machine().chips}
