"""The shapes that exist, as text: the logarithm of the number of rows of every chip that varies. A shape has no other guest chips.

The first shape of a size is its general one: it has a chip for every family, it sets the budget of a run, and every other shape of the size
is below it. The others were found by scripts/fit_shapes.py on the segments of real programs (docs/decisions/0004-shapes.md).
"""
from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

TEXT = """
toy | add 9 mul 7 div 6 bitwise 9 shift 9 compare 9 branch 9 move 9 select 6 load 9 store 9 call 9 halt 3 add64 9 mul64 7 div64 6
    bitwise64 9 shift64 9 compare64 9 move64 9 select64 6 load64 9 store64 9 convert 8 count 6 count64 6 indirect 6 grow 6 outside 3
    page 9 node 9 hash 11
2^14 | add 13 mul 11 div 9 bitwise 12 shift 12 compare 12 branch 12 move 12 select 10 load 12 store 11 call 11 halt 3 add64 11 mul64 10
    div64 8 bitwise64 11 shift64 11 compare64 11 move64 11 select64 8 load64 11 store64 11 convert 10 count 8 count64 8 indirect 9
    grow 9 outside 3 page 12 node 12 hash 13
2^16 | add 15 mul 13 div 11 bitwise 14 shift 14 compare 14 branch 14 move 14 select 12 load 14 store 13 call 13 halt 3 add64 13 mul64 12
    div64 10 bitwise64 13 shift64 13 compare64 13 move64 13 select64 10 load64 13 store64 13 convert 12 count 10 count64 10 indirect 11
    grow 11 outside 3 page 13 node 13 hash 14
2^18 | add 17 mul 14 div 12 bitwise 16 shift 16 compare 16 branch 16 move 16 select 14 load 16 store 15 call 15 halt 3 add64 14 mul64 13
    div64 11 bitwise64 15 shift64 15 compare64 14 move64 14 select64 12 load64 15 store64 15 convert 14 count 11 count64 11 indirect 12
    grow 12 outside 3 page 14 node 14 hash 15
2^20 | add 19 mul 16 div 14 bitwise 18 shift 18 compare 18 branch 18 move 18 select 16 load 18 store 17 call 17 halt 3 add64 16 mul64 15
    div64 13 bitwise64 17 shift64 17 compare64 16 move64 16 select64 14 load64 17 store64 17 convert 16 count 13 count64 13 indirect 14
    grow 14 outside 3 page 16 node 16 hash 17
"""


def read(text: str) -> Mapping[str, Mapping[str, int]]:
    """Shapes by name, in the order of the text; a line that begins with a space goes on with the one before."""
    out: dict[str, Mapping[str, int]] = {}
    for line in text.replace("\n ", " ").strip().splitlines():
        name, _, heights = line.partition("|")
        words = heights.split()
        out[name.strip()] = MappingProxyType(dict(zip(words[::2], map(int, words[1::2]), strict=True)))
    return MappingProxyType(out)


CATALOGUE = read(TEXT)
SIZES = tuple(name for name in CATALOGUE if " " not in name)
