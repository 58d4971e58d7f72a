"""The named parameter sets. A verifier takes a name, never numbers; `stark.soundness` says what each is worth."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Parameters:
    """What a STARK of one layer is run with."""

    log_blowup: int      # the evaluation domain has 2^log_blowup points for every row
    queries: int         # places at which FRI is tested
    log_arity: int       # a FRI round folds 2^log_arity points to one
    log_cap: int         # a commitment is published as 2^log_cap digests
    batch_grinding: int  # bits of work before the batching challenge is drawn
    grinding: int        # bits of work before the queries are drawn
    min_log_final: int   # FRI ends with 2^min_log_final coefficients or the next number of the same remainder mod log_arity


@dataclass(frozen=True)
class Profile:
    """The parameters of every layer under one name."""

    name: str
    segment: Parameters
    leaf: Parameters            # recursion: of proofs that segments were accepted
    recursion: Parameters       # of joins and batches
    last: Parameters            # of what is handed out
    toy: bool


PROFILES: Mapping[str, Profile] = MappingProxyType({
    profile.name: profile
    for profile in (
        Profile(
            name="p100",
            segment=Parameters(log_blowup=1, queries=172, log_arity=3, log_cap=4, batch_grinding=12, grinding=16, min_log_final=3),
            leaf=Parameters(log_blowup=2, queries=80, log_arity=3, log_cap=6, batch_grinding=16, grinding=21, min_log_final=3),
            recursion=Parameters(log_blowup=2, queries=81, log_arity=3, log_cap=5, batch_grinding=16, grinding=20, min_log_final=3),
            last=Parameters(log_blowup=4, queries=41, log_arity=3, log_cap=5, batch_grinding=16, grinding=20, min_log_final=3),
            toy=False,
        ),
        Profile(
            name="toy",
            segment=Parameters(log_blowup=1, queries=4, log_arity=3, log_cap=2, batch_grinding=0, grinding=0, min_log_final=3),
            leaf=Parameters(log_blowup=1, queries=4, log_arity=3, log_cap=2, batch_grinding=0, grinding=0, min_log_final=3),
            recursion=Parameters(log_blowup=1, queries=4, log_arity=3, log_cap=2, batch_grinding=0, grinding=0, min_log_final=3),
            last=Parameters(log_blowup=1, queries=4, log_arity=3, log_cap=2, batch_grinding=0, grinding=0, min_log_final=3),
            toy=True,
        ),
    )
})


def get(name: str) -> Profile:
    """The profile of this name; LookupError if there is none."""
    profile = PROFILES.get(name)
    if profile is None:
        raise LookupError(f"no profile named {name!r}; there are {', '.join(PROFILES)}")
    return profile
