"""The shapes that exist, as text: the logarithm of the number of rows of every chip that varies. A shape has no other guest chips.

The first shape of a size is its general one: it has a chip for every family, it sets the budget of a run, and every other shape of the size
is below it. The others were found by scripts/fit_shapes.py on the segments of real programs (docs/decisions/0004-shapes.md).
"""
from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

MORE = " more"      # behind the name of a chip: its second table

TEXT = """
toy | add 9 mul 7 div 6 bitwise 9 shift 9 compare 9 branch 9 move 9 select 6 load 9 store 9 call 9 halt 3 add64 9 mul64 7 div64 6
    bitwise64 9 shift64 9 compare64 9 move64 9 select64 6 load64 9 store64 9 convert 8 count 6 count64 6 indirect 6 grow 6 outside 3
    page 10 node 10 hash 11
2^14 | add 13 mul 11 div 9 bitwise 12 shift 12 compare 12 branch 12 move 12 select 10 load 12 store 11 call 11 halt 3 add64 11 mul64 10
    div64 8 bitwise64 11 shift64 11 compare64 11 move64 11 select64 8 load64 11 store64 11 convert 10 count 8 count64 8 indirect 9 grow 9
    outside 3 page 12 node 12 hash 13
2^14 integers | add 12 mul 10 div 3 bitwise 11 shift 11 compare 11 branch 12 move 12 select 6 load 11 store 10 call 7 halt 3 page 11 node
    9 hash 12
2^16 | add 15 mul 13 div 11 bitwise 14 shift 14 compare 14 branch 14 move 14 select 12 load 14 store 13 call 13 halt 3 add64 13 mul64 12
    div64 10 bitwise64 13 shift64 13 compare64 13 move64 13 select64 10 load64 13 store64 13 convert 12 count 10 count64 10 indirect 11
    grow 11 outside 3 page 13 node 13 hash 14
2^16 integers | add 14 mul 12 div 4 bitwise 13 shift 13 compare 13 branch 14 move 14 select 8 load 13 store 12 call 9 halt 3 page 12 node
    10 hash 13
2^16 pointers | add 15 mul 10 div 4 bitwise 10 shift 10 compare 14 branch 14 move 14 select 10 load 14 store 13 call 12 halt 3 add64 7
    mul64 5 div64 3 bitwise64 7 shift64 7 compare64 7 move64 7 select64 4 load64 7 store64 7 convert 8 count 3 count64 3 indirect 10 grow
    7 page 13 node 9 hash 14
2^18 | add 17 mul 14 div 12 bitwise 16 shift 16 compare 16 branch 16 move 16 select 14 load 16 store 15 call 15 halt 3 add64 15 mul64 13
    div64 11 bitwise64 15 shift64 15 compare64 15 move64 15 select64 12 load64 15 store64 15 convert 14 count 11 count64 11 indirect 12
    grow 12 outside 3 page 14 node 14 hash 15
2^18 integers | add 16 mul 14 div 6 bitwise 15 shift 15 compare 15 branch 16 move 16 select 10 load 15 store 14 call 11 halt 3 page 13
    node 11 hash 14
2^18 pointers | add 17 mul 12 div 6 bitwise 12 shift 12 compare 16 branch 16 move 16 select 12 load 16 store 15 call 14 halt 3 add64 9
    mul64 7 div64 5 bitwise64 9 shift64 9 compare64 9 move64 9 select64 6 load64 9 store64 9 convert 10 count 5 count64 5 indirect 12 grow
    9 page 14 node 10 hash 15
2^20 | add 19 mul 16 div 14 bitwise 18 shift 18 compare 18 branch 18 move 18 select 16 load 18 store 17 call 17 halt 3 add64 17 mul64 15
    div64 13 bitwise64 17 shift64 17 compare64 17 move64 17 select64 14 load64 17 store64 17 convert 16 count 13 count64 13 indirect 14
    grow 14 outside 3 page 16 node 16 hash 17
2^20 wide-hash | add 17 mul 10 div 8 bitwise 12 shift 15 compare 14 branch 14 move 12 select 12 load 16 store 11 call 13 halt 3 add64 11
    mul64 9 div64 7 bitwise64 17 shift64 15 compare64 11 move64 11 select64 8 load64 16 store64 17 convert 12 count 7 count64 7 page 10
    node 10 hash 11
2^20 pointers | add 19 mul 14 div 8 bitwise 14 shift 15 compare 18 branch 18 move 18 select 14 load 18 store 17 call 17 halt 3 add64 11
    mul64 9 div64 7 bitwise64 11 shift64 11 compare64 11 move64 11 select64 8 load64 11 store64 11 convert 12 count 7 count64 7 indirect
    14 grow 11 page 15 node 12 hash 16
2^20 arithmetic | add 18 mul 16 div 8 bitwise 17 shift 17 compare 17 branch 18 move 18 select 12 load 12 store 11 call 13 halt 3 page 10
    node 10 hash 11
2^20 scattered | add 18 mul 10 div 8 bitwise 12 shift 12 compare 17 branch 17 move 17 select 12 load 17 store 17 call 13 halt 3 page 16
    node 12 hash 17
2^20 hash | add 19 mul 10 div 8 bitwise 18 shift 18 compare 16 branch 16 move 12 select 12 load 18 store 17 call 13 halt 3 add64 11 mul64
    9 div64 7 bitwise64 11 shift64 11 compare64 11 move64 11 select64 8 load64 16 store64 16 convert 12 count 7 count64 7 page 12 node 10
    hash 13
2^20 text | add 18 mul 10 div 8 bitwise 15 shift 13 compare 18 branch 18 move 17 select 13 load 17 store 17 call 15 halt 3 add64 11 mul64
    12 div64 7 bitwise64 13 shift64 14 compare64 11 move64 14 select64 8 load64 11 store64 14 convert 15 count 12 count64 7 indirect 12
    grow 11 page 15 node 11 hash 16
2^20 control | add 18 mul 16 div 12 bitwise 12 shift 15 compare 18 branch 18 move 16 select 12 load 17 store 16 call 13 halt 3 add64 11
    mul64 9 div64 7 bitwise64 11 shift64 11 compare64 11 move64 11 select64 8 load64 11 store64 11 convert 12 count 7 count64 7 indirect
    12 page 13 node 10 hash 14
2^20 mixed | add 19 mul 10 div 8 bitwise 17 shift 17 compare 18 branch 18 move 18 select 15 load 18 store 17 call 16 halt 3 add64 15 mul64
    9 div64 7 bitwise64 15 shift64 15 compare64 17 move64 11 select64 8 load64 17 store64 16 convert 12 count 7 count64 7 indirect 12 page
    13 node 10 hash 15
2^20 floats | add 13 mul 10 div 8 bitwise 13 shift 12 compare 12 branch 17 move 12 select 12 load 12 store 11 call 16 halt 3 add64 17
    mul64 14 div64 12 bitwise64 17 shift64 17 compare64 17 move64 17 select64 8 load64 12 store64 12 convert 14 count 7 count64 11
    indirect 12 page 10 node 10 hash 11
2^20 calls | add 17 mul 10 div 8 bitwise 12 shift 12 compare 16 branch 16 move 17 select 12 load 12 store 11 call 17 halt 3 page 10 node
    10 hash 11
2^20 interpreter | add 18 mul 10 div 8 bitwise 16 shift 16 compare 17 branch 18 move 17 select 12 load 18 store 15 call 16 halt 3 add64 13
    mul64 11 div64 7 bitwise64 14 shift64 14 compare64 15 move64 11 select64 8 load64 15 store64 14 convert 12 count 7 count64 7 indirect
    12 page 12 node 10 hash 13
"""


def read(text: str) -> Mapping[str, Mapping[str, int]]:
    """Shapes by name, in the order of the text; a line that begins with a space goes on with the one before. `add 18+16` is a table of
    2^18 rows for additions and one of 2^16 for more of them."""
    out: dict[str, Mapping[str, int]] = {}
    for line in text.replace("\n ", " ").strip().splitlines():
        name, _, heights = line.partition("|")
        words = heights.split()
        found: dict[str, int] = {}
        for chip, logs in zip(words[::2], words[1::2], strict=True):
            found |= {chip + more: int(log) for more, log in zip(("", MORE), logs.split("+"), strict=False)}
        out[name.strip()] = MappingProxyType(found)
    return MappingProxyType(out)


# Where else a run may be cut: at so many rows of one kind, otherwise as the general shape of the size says.
CUTS: Mapping[str, tuple[tuple[str, int], ...]] = MappingProxyType({
    "2^20": (("branch", 196_608), ("branch", 98_304), ("compare", 131_072), ("store", 98_304), ("hash", 65_536), ("load", 196_608),
             ("add", 196_608))})
CATALOGUE = read(TEXT)
SIZES = tuple(name for name in CATALOGUE if " " not in name)
