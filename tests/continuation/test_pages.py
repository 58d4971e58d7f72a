"""The pages of the recursion's chips are those that their definitions print."""
from __future__ import annotations

from pathlib import Path

import pytest

from continuation.pages import printed

DOCS = Path(__file__).parent.parent.parent / "docs" / "chips" / "recursion"


def test_the_pages_are_printed_from_the_chips() -> None:
    """After a change: python scripts/publish_keys.py."""
    assert {path.name: path.read_text() for path in DOCS.glob("*.md")} == printed()


def test_a_profile_without_keys_has_no_pages() -> None:
    with pytest.raises(LookupError, match="no keys ship for p1"):
        printed("p1")
