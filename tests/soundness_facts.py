"""What the Ethereum Foundation's soundcalc publishes of public proof systems: parameters and bits, floors of whole bits.

Source: github.com/ethereum/soundcalc, commit 809896fb8d3aba4fd8f657c781601e3ef2b968dd (May 2026), soundcalc/zkvms/*/*.toml and
reports/*.md.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stark.bounds import Grinding

GOLDILOCKS3, M31_4 = (2**64 - 2**32 + 1)**3, (2**31 - 1)**4
BABYBEAR4, KOALABEAR4 = (2**31 - 2**27 + 1)**4, (2**31 - 2**24 + 1)**4


@dataclass(frozen=True)
class Bits:
    """Published for one regime."""

    constraints: int
    out_of_domain: int
    batching: int
    folding: Sequence[int]
    queries: int


@dataclass(frozen=True)
class Lookup:
    rows: int
    columns: int
    bits: int
    times: int = 1
    grinding: int = 0


@dataclass(frozen=True)
class Circuit:
    field_size: int
    log_rows: int
    log_blowup: int
    constraints: int
    degree: int
    opened: int                        # rows of one column in one constraint
    functions: int                     # batched by powers of one challenge
    folding: Sequence[int]
    queries: int
    grinding: Grinding
    unique: Bits
    johnson: Bits
    total: int                         # the best of both
    gap: float | None = None           # None: the calculator's choice for fields below 2^150
    out_of_domain_grinding: int = 0
    lookups: Mapping[str, Lookup] = field(default_factory=dict)


CIRCUITS: Mapping[str, Circuit] = {
    "ZisK 0.16.1, Main": Circuit(
        GOLDILOCKS3, 22, 1, constraints=144, degree=3, opened=3, functions=61, folding=[8] * 6, queries=230, grinding=Grinding(queries=16),
        gap=0.006333333333333333, total=128,
        unique=Bits(184, 167, 165, [171, 174, 177, 180, 183, 186], 111),
        johnson=Bits(178, 161, 133, [139, 142, 145, 148, 151, 154], 128),
        lookups={"Direct 1000": Lookup(2 * 4194304, 5, 166), "Lookup 5000": Lookup(4194304, 11, 166),
                 "Permutation 10": Lookup(2 * 4194304, 6, 161, times=34), "Range Check 102": Lookup(4194304, 1, 164, times=34)}),
    "ZisK 0.16.1, Recursive2": Circuit(
        GOLDILOCKS3, 17, 3, constraints=158, degree=8, opened=4, functions=145, folding=[8] * 5, queries=73, grinding=Grinding(queries=20),
        gap=0.004, total=128,
        unique=Bits(184, 171, 166, [173, 176, 179, 182, 185], 80),
        johnson=Bits(176, 163, 133, [140, 143, 146, 149, 152], 128),
        lookups={"Connection 1": Lookup(2 * 131072, 2, 168, times=27)}),
    "ZisK 0.16.1, Final": Circuit(
        GOLDILOCKS3, 16, 5, constraints=154, degree=8, opened=4, functions=139, folding=[16] * 4, queries=43, grinding=Grinding(queries=22),
        gap=0.003333333333333333, total=128,
        unique=Bits(184, 172, 164, [172, 176, 180, 184], 63),
        johnson=Bits(175, 163, 133, [140, 144, 148, 152], 128),
        lookups={"Connection 1": Lookup(2 * 65536, 2, 169, times=24)}),
    "OpenVM 1.5.0, app": Circuit(
        BABYBEAR4, 23, 1, constraints=15000, degree=3, opened=2, functions=80000, folding=[2] * 23, queries=193,
        grinding=Grinding(batching=20, queries=20), out_of_domain_grinding=5, total=100,
        unique=Bits(109, 103, 105, [*range(102, 123), 122, 123], 100),
        johnson=Bits(104, 98, 82, range(79, 102), 106)),
    "OpenVM 1.5.0, internal": Circuit(
        BABYBEAR4, 21, 2, constraints=15000, degree=4, opened=2, functions=4000, folding=[2] * 21, queries=118,
        grinding=Grinding(batching=16, queries=20), out_of_domain_grinding=5, total=100,
        unique=Bits(109, 105, 106, [*range(103, 119), *range(118, 123)], 100),
        johnson=Bits(103, 98, 80, range(77, 98), 133),
        lookups={"lookup": Lookup(128, 1, 134, grinding=18)}),
    "Pico, riscv": Circuit(
        KOALABEAR4, 22, 1, constraints=4729, degree=3, opened=2, functions=1435, folding=[2] * 22, queries=84,
        grinding=Grinding(queries=16), total=53,
        unique=Bits(111, 99, 92, [*range(103, 123), 122, 123], 50),
        johnson=Bits(106, 95, 69, range(81, 103), 53),
        lookups={"alu": Lookup(58720256 + 33554432, 14, 93), "byte": Lookup(352321536 + 589824, 6, 92),
                 "memory": Lookup(2 * 25165824, 23, 93), "program": Lookup(2 * 4194304, 39, 95)}),
    "Pico, compress": Circuit(
        KOALABEAR4, 17, 4, constraints=323, degree=3, opened=2, functions=485, folding=[2] * 17, queries=21, grinding=Grinding(queries=16),
        total=57,
        unique=Bits(115, 104, 95, [*range(105, 120), 119, 120], 35),
        johnson=Bits(106, 95, 61, range(71, 88), 57),
        lookups={"memory": Lookup(4063248 + 1703936, 6, 98)}),
    "Airbender": Circuit(
        M31_4, 24, 1, constraints=928, degree=2, opened=2, functions=1225, folding=[16, 16, 16, 8, 8], queries=87,
        grinding=Grinding(folding=5, queries=28), out_of_domain_grinding=12, total=67,
        unique=Bits(114, 110, 90, [106, 110, 114, 118, 121], 64),
        johnson=Bits(109, 105, 68, [83, 87, 91, 95, 98], 67),
        lookups={"generic": Lookup(2 * 16777215, 4, 94, times=208, grinding=5), "range 16": Lookup(16777215 + 65536, 1, 99, 34, 5),
                 "range 19": Lookup(16777215 + 524288, 1, 98, 86, 5), "decoder": Lookup(2 * 16777215, 10, 100, grinding=5)}),
}
