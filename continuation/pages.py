"""The pages of documentation of the recursion's chips, printed from their definitions."""
from __future__ import annotations

from continuation.published import published
from stark.page import page


def printed(profile: str = "p100", layer: str = "join") -> dict[str, str]:
    """File names and contents for docs/chips/recursion. Where a definition depends on the layout, it is that of this layer."""
    trusted = published(profile, layers=())
    if trusted is None:
        raise LookupError(f"no keys ship for {profile}")
    return {f"{name}.md": page(chip) for name, chip in trusted.shapes[layer].chips.items()}
