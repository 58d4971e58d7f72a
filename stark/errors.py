"""The two ways in which a proof is refused."""
from __future__ import annotations


class Malformed(Exception):
    """These bytes or words do not have the shape that the key gives."""


class Rejected(Exception):
    """A well-formed proof that does not hold: which check, what was expected, what came."""

    def __init__(self, check: str, expected: object = "", got: object = "") -> None:
        self.check, self.expected, self.got = check, expected, got
        detail = f": expected {expected}, got {got}" if str(expected) or str(got) else ""
        super().__init__(f"{check}{detail}")
