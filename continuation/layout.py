"""What the definitions of the recursion's chips depend on, apart from their heights."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PROOFS = 2                  # how many proofs a circuit verifies at most
POWERS = 8                  # published powers of each proof's batching challenge
POWER_WORDS = 5 * POWERS * PROOFS
CLAIM = 56                  # words of a claim, for every circuit
STATEMENT = POWER_WORDS + CLAIM


@dataclass(frozen=True)
class Layout:
    """Of all circuits together, so that one shape of key serves them all."""

    log_arity: int
    domains: tuple[int, ...]                    # log sizes of the domains that queries are drawn from, rising
    skips: tuple[int, ...]                      # numbers of lowest bits that positions in shorter trees leave out, rising, 0 first
    grindings: tuple[int, ...]                  # numbers of lowest bits that grinding makes zero, rising

    def joined(self, other: Layout) -> Layout:
        if self.log_arity != other.log_arity:
            raise ValueError("all layers fold by the same arity")
        return Layout(self.log_arity, merged(self.domains, other.domains), merged(self.skips, other.skips),
                      merged(self.grindings, other.grindings))


def merged(left: tuple[Any, ...], right: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(sorted({*left, *right}))
