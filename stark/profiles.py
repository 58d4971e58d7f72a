"""The named parameter sets. A verifier takes a name, never numbers; `stark.soundness` says what each is worth."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from stark.poseidon2 import Hash, of_width


@dataclass(frozen=True)
class Parameters:
    """What a STARK of one layer is run with."""

    log_blowup: int      # the evaluation domain has 2^log_blowup points for every row
    queries: int         # places at which FRI is tested
    log_arity: int       # a FRI round folds 2^log_arity points to one
    log_cap: int         # a commitment is published as 2^log_cap digests
    grinding: int        # bits of work before the queries are drawn
    min_log_final: int   # FRI ends with 2^min_log_final coefficients or the next number of the same remainder mod log_arity
    lookup_grinding: int = 0    # bits of work before the LogUp challenges are drawn
    batch_grinding: int = 0     # bits of work before the batching challenge is drawn
    hash_width: int = 16        # of the Poseidon2 permutation that hashes and draws: see stark/poseidon2.py
    log_pack: int = 3           # columns of short chips share a committed column, at most 2^log_pack of them: see stark/key.py
    log_lift: int = 0           # committed columns have 2^log_lift times the rows of the tallest chip, so that its columns share them, too
    folding_grinding: int = field(default=0, repr=False)    # bits of work before every folding challenge is drawn

    @property
    def text(self) -> str:
        """What a key's digest is of. What came later is named where it is not zero, so that older keys stay what they are."""
        return repr(self) + (f" folding {self.folding_grinding}" if self.folding_grinding else "")

    @property
    def works(self) -> tuple[int, ...]:
        """Bits of work before each kind of draw."""
        return self.lookup_grinding, self.batch_grinding, self.folding_grinding, self.grinding


@dataclass(frozen=True)
class Profile:
    """The parameters of every layer under one name."""

    name: str
    segment: Parameters     # wide: many columns, few points for every row
    leaf: Parameters        # recursion: of proofs that segments were accepted
    recursion: Parameters   # inner: of joins and batches
    last: Parameters        # small: no circuit verifies it, and somebody sends it
    toy: bool

    @property
    def hash(self) -> Hash:
        """With which everything under this profile is hashed: a run is worth no more than its shortest digest."""
        (width,) = {layer.hash_width for layer in (self.segment, self.leaf, self.recursion, self.last)}
        return of_width(width)


P100 = Parameters(log_blowup=1, queries=175, log_arity=3, log_cap=7, grinding=16, min_log_final=3, batch_grinding=12, log_pack=5)
INNER = replace(P100, log_blowup=2, log_cap=6, batch_grinding=16, log_pack=3)
P128 = Parameters(log_blowup=1, queries=271, log_arity=3, log_cap=7, grinding=16, min_log_final=3, lookup_grinding=10, batch_grinding=10,
                  hash_width=24, log_pack=5)
INNER128 = replace(P128, log_blowup=2, queries=166, log_pack=3)
LAST128 = replace(INNER128, log_blowup=5, queries=51, log_cap=5, grinding=22, lookup_grinding=16, batch_grinding=24, folding_grinding=16)
TOY = Parameters(log_blowup=1, queries=4, log_arity=3, log_cap=2, grinding=0, min_log_final=3)

EVERY = (
    Profile("p100", P100, replace(INNER, queries=82, log_cap=7, grinding=20), replace(INNER, queries=84, grinding=18, log_lift=1),
            replace(INNER, log_blowup=4, queries=41, log_cap=5, grinding=20), toy=False),
    Profile("p128", P128, INNER128, replace(INNER128, log_cap=6, log_lift=1), LAST128, toy=False),
    Profile("toy", TOY, TOY, TOY, TOY, toy=True),
)
PROFILES: Mapping[str, Profile] = MappingProxyType({profile.name: profile for profile in EVERY})


def get(name: str) -> Profile:
    """The profile of this name; LookupError if there is none."""
    if name not in PROFILES:
        raise LookupError(f"no profile named {name!r}; there are {', '.join(PROFILES)}")
    return PROFILES[name]
