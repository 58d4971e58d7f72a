"""What the definitions of the recursion's chips depend on, apart from their heights, and where things stand in statements and claims."""
from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from segments.claim import BOUNDARY_HEAD, EXIT_WORDS
from stark.errors import Malformed
from stark.poseidon2 import HASHES, Hash, of_width

PROOFS = 2                  # how many proofs a circuit verifies at most
STEP_LIMBS = 2              # the last words of a claim


@dataclass(frozen=True)
class Form:
    """Of statements and claims, under the hash of this width: everything in them that is no digest is one word, or a few."""

    width: int

    @cached_property
    def hash(self) -> Hash:
        return of_width(self.width)

    @property
    def digest(self) -> int:
        return self.hash.digest

    @property
    def powers(self) -> int:
        """Published powers of each proof's batching challenge: one for each word that a sponge takes in at a time."""
        return self.hash.rate

    @property
    def power_words(self) -> int:
        return 5 * self.powers * PROOFS

    @property
    def claim(self) -> int:
        """Words of a claim, for every circuit: those of a run, which has most to say."""
        return self.run_words + STEP_LIMBS

    @property
    def statement(self) -> int:
        return self.power_words + self.claim

    def part(self, *sizes: int) -> slice:
        """The words behind so many; the last number says how many."""
        *before, size = sizes
        return slice(sum(before), sum(before) + size)

    # -- of every claim

    @cached_property
    def program(self) -> slice:
        return self.part(self.digest)

    @cached_property
    def keys(self) -> slice:
        return self.part(self.digest, self.digest)

    @cached_property
    def steps(self) -> slice:
        return self.part(self.run_words, STEP_LIMBS)

    @property
    def head(self) -> int:
        """Words of a program, or of runs, and of the keys."""
        return 2 * self.digest

    # -- of a span

    @property
    def boundary(self) -> int:
        return BOUNDARY_HEAD + self.digest

    @cached_property
    def before(self) -> slice:
        return self.part(self.head, self.boundary)

    @cached_property
    def after(self) -> slice:
        return self.part(self.head, self.boundary, self.boundary)

    @property
    def span_words(self) -> int:
        return self.head + 2 * self.boundary

    # -- of a run

    @cached_property
    def input(self) -> slice:
        return self.part(self.head, self.digest)

    @cached_property
    def output(self) -> slice:
        return self.part(self.head, self.digest, self.digest)

    @property
    def status(self) -> int:
        return self.head + 2 * self.digest

    @property
    def pc(self) -> int:
        return self.status + 1

    @cached_property
    def exit(self) -> slice:
        return self.part(self.pc + 1, EXIT_WORDS)

    @cached_property
    def state_before(self) -> slice:
        return self.part(self.exit.stop, self.digest)

    @cached_property
    def state_after(self) -> slice:
        return self.part(self.exit.stop, self.digest, self.digest)

    @property
    def run_words(self) -> int:
        return int(self.state_after.stop)

    # -- of a batch

    @cached_property
    def runs(self) -> slice:
        return self.part(self.digest)

    @property
    def count(self) -> int:
        return self.head

    @property
    def single(self) -> int:
        return self.head + 1

    @cached_property
    def first(self) -> slice:
        """Of an application: a program and a state."""
        return self.part(self.single + 1, 2 * self.digest)

    @cached_property
    def last(self) -> slice:
        return self.part(self.single + 1, 2 * self.digest, 2 * self.digest)

    @property
    def batch_words(self) -> int:
        return int(self.last.stop)


FORMS = {width: Form(width) for width in HASHES}
NARROW = FORMS[16]
POWER_WORDS, CLAIM, STATEMENT = NARROW.power_words, NARROW.claim, NARROW.statement


def of_claim(words: int) -> Form:
    """The form of claims that have so many words; Malformed if none has."""
    return found("claim", {form.claim: form for form in FORMS.values()}, words)


def of_statement(words: int) -> Form:
    return found("statement", {form.statement: form for form in FORMS.values()}, words)


def of_digest(words: int) -> Form:
    return found("digest", {form.digest: form for form in FORMS.values()}, words)


def found(what: str, forms: dict[int, Form], words: int) -> Form:
    if words not in forms:
        raise Malformed(f"a {what} has {' or '.join(map(str, forms))} words, not {words}")
    return forms[words]


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
