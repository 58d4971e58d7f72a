"""The shapes that exist, as text: the logarithm of the number of rows of every chip that varies. A shape has no other guest chips.

The first shape of a size is its general one: it has a chip for every family but those of host functions, and no other that segments of the
size may take has more cells. What calls host functions is proved in the shapes with `hosts` in their name: the first of a size
has all their chips, and says how many calls a segment may have (docs/decisions/0008-hosts.md). The others were found by
scripts/fit_shapes.py on the segments of real programs (docs/decisions/0004-shapes.md).
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
    div64 8 bitwise64 11 shift64 11 compare64 11 move64 11 select64 8 load64 11 store64 11 convert 10 count 8 count64 8 indirect 9 grow
    9 outside 3 page 12 node 12 hash 13
2^14 integers | add 12 mul 10 div 5 bitwise 11 shift 11 compare 11 branch 12 move 12 select 6 load 11 store 10 call 10 halt 3 add64 5
    move64 5 convert 5 indirect 5 grow 5 page 11 node 9 hash 12
2^16 | add 15 mul 13 div 11 bitwise 14 shift 14 compare 14 branch 14 move 14 select 12 load 14 store 13 call 13 halt 3 add64 13 mul64
    12 div64 10 bitwise64 13 shift64 13 compare64 13 move64 13 select64 10 load64 13 store64 13 convert 12 count 10 count64 10 indirect
    11 grow 11 outside 3 page 13 node 13 hash 14
2^16 integers | add 14 mul 12 div 7 bitwise 13 shift 13 compare 13 branch 14 move 14 select 8 load 13 store 12 call 12 halt 3 add64 7
    move64 7 convert 7 indirect 7 grow 7 page 12 node 10 hash 13
2^18 | add 17 mul 14 div 12 bitwise 16 shift 16 compare 16 branch 16 move 16 select 14 load 16 store 15 call 15 halt 3 add64 15 mul64
    13 div64 11 bitwise64 15 shift64 15 compare64 15 move64 15 select64 12 load64 15 store64 15 convert 14 count 11 count64 11 indirect
    12 grow 12 outside 3 page 14 node 14 hash 15
2^18 integers | add 16 mul 14 div 9 bitwise 15 shift 15 compare 15 branch 16 move 16 select 10 load 15 store 14 call 14 halt 3 add64 9
    move64 9 convert 9 indirect 9 grow 9 page 13 node 11 hash 14
2^20 | add 18+17 mul 15+14 div 13 bitwise 18 shift 18 compare 18 branch 17 move 18 select 15 load 18 store 17 call 17 halt 3 add64 16+15
    mul64 14 div64 13 bitwise64 17 shift64 17 compare64 17 move64 17 select64 14 load64 16 store64 16 convert 16 count 13 count64 13
    indirect 14 grow 14 outside 3 page 16 node 16 hash 17
2^20 mix 1 | add 12 mul 10 div 10 bitwise 13 shift 10 compare 10 branch 13 move 11 select 10 load 10 store 10 call 15+14 halt 3 add64
    16+15 mul64 13+11 div64 12 bitwise64 17 shift64 17 compare64 17 move64 17 select64 10 load64 12 store64 12 convert 14 count 10
    count64 11 indirect 10 grow 10 outside 3 page 10 node 10 hash 11
2^20 mix 2 | add 18+17 mul 13 bitwise 10 shift 15+14 compare 18 branch 13 move 16 select 10 load 17+15 store 16 call 10 halt 3 move64 10
    convert 10 page 10 node 10 hash 10
2^20 mix 3 | add 18+17 mul 15 div 10 bitwise 16 shift 15 compare 18 branch 17 move 18 select 15 load 18 store 17 call 17 halt 3 add64 10
    mul64 10 div64 10 bitwise64 10 shift64 10 compare64 10 move64 10 select64 10 load64 10 store64 10 convert 10 count 10 count64 10
    indirect 14 grow 10 outside 3 page 15 node 11 hash 16
2^20 mix 4 | add 18+17 bitwise 18 shift 18 compare 16 branch 10 move 11 select 10 load 18 store 17 call 10 halt 3 add64 10 load64 16
    store64 16 convert 10 page 12 node 10 hash 13
2^20 mix 5 | add 18 mul 10 div 10 bitwise 15+13 shift 14+11 compare 18 branch 16+15 move 17+15 select 14 load 17+15 store 17 call 15+14
    halt 3 add64 10 mul64 13 div64 10 bitwise64 14 shift64 14+11 compare64 10 move64 15 select64 10 load64 10 store64 14+13 convert
    15+13 count 13 count64 10 indirect 10 grow 11 outside 3 page 15 node 11 hash 16
2^20 mix 6 | add 18+17 mul 10 bitwise 10 shift 10 compare 17 branch 10 move 10 select 10 load 17 store 17 call 10 halt 3 move64 10
    load64 10 convert 10 indirect 10 grow 12 page 16 node 12 hash 17
2^20 mix 7 | add 17 mul 10 bitwise 10 shift 10 compare 16+10 move 16+15 select 10 load 10 store 10 call 17 halt 3 add64 10 move64 10
    load64 10 store64 10 convert 10 page 10 node 10 hash 10
2^20 mix 8 | add 18+17 mul 13 bitwise 10 shift 13 compare 17+13 branch 17 move 18 select 14 load 17+16 store 16 call 16+14 halt 3
    indirect 10 page 16 node 12 hash 17
2^20 mix 9 | add 17+16 mul 15+14 bitwise 17 shift 16+15 compare 17+10 branch 17 move 17+16 select 10 load 11 store 10 call 12 halt 3
    convert 10 page 10 node 10 hash 10
2^20 mix 10 | add 18+17 mul 10 div 10 bitwise 10 shift 10 compare 17 branch 10 move 10 select 10 load 17 store 17 call 10 halt 3 add64
    10 mul64 10 div64 10 bitwise64 10 shift64 10 compare64 10 move64 10 select64 10 load64 10 store64 10 convert 10 count 10 count64 10
    indirect 10 grow 11 outside 3 page 16 node 12 hash 17
2^20 mix 11 | add 18+17 mul 14+11 div 10 bitwise 15+13 shift 15 compare 17+14 branch 16+15 move 17+16 select 14+11 load 18 store 16+13
    call 16+14 halt 3 add64 10 mul64 10 div64 10 bitwise64 10 shift64 10 compare64 10 move64 10 select64 10 load64 10 store64 10 convert
    10 count 10 count64 10 indirect 14 grow 10 outside 3 page 15 node 11 hash 16
2^20 mix 12 | add 18+17 mul 12 div 10 bitwise 14 shift 12 compare 18 branch 17 move 18 select 13 load 18 store 16 call 16 halt 3 add64
    10 mul64 10 div64 10 bitwise64 12 shift64 10 compare64 12 move64 13 select64 10 load64 10 store64 10 convert 12 count 10 count64 10
    indirect 10 grow 10 outside 3 page 16 node 13 hash 17
2^20 mix 13 | add 18+17 mul 14 div 13 bitwise 10 shift 15 compare 18 branch 12 move 16 select 10 load 17+14 store 15+14 halt 3 page 13
    node 10 hash 14
2^20 mix 14 | add 18 mul 14 bitwise 14 shift 15 compare 17 branch 15 move 18 select 15 load 18 store 16 call 17 halt 3 move64 10 load64
    10 convert 10 indirect 14 outside 3 page 15 node 12 hash 17
2^20 mix 15 | add 18+17 mul 10 bitwise 10 shift 10 branch 17 move 17 select 10 load 17 call 10 halt 3 move64 10 load64 10 store64 10
    convert 10 page 14 node 10 hash 14+11
2^20 mix 16 | add 18 mul 10 bitwise 14 shift 10 compare 17 branch 17 move 16+15 select 10 load 17 store 15 call 15 halt 3 move64 10
    convert 10 grow 10 page 14 node 10 hash 14+13
2^20 mix 17 | add 18 mul 14 bitwise 15 shift 15 compare 17 branch 16 move 17+15 select 14+11 load 18 store 16 call 16+14 halt 3 move64
    10 convert 10 indirect 14 page 15 node 11 hash 16
2^20 mix 18 | add 18+17 mul 13 bitwise 10 shift 13 compare 18 branch 17 move 18 select 14 load 18 store 16 call 17 halt 3 move64 10
    load64 10 convert 10 indirect 10 grow 10 page 16 node 12 hash 17
2^20 mix 19 | add 18+17 mul 10 bitwise 10 shift 10 compare 17 select 10 load 17 store 17 call 10 halt 3 add64 10 move64 10 convert 10
    page 15 node 11 hash 15+12
2^20 mix 20 | add 18+17 mul 15 div 10 bitwise 15+13 shift 15 compare 17+15 branch 16+15 move 17+16 select 14+11 load 18 store 16+14 call
    16+14 halt 3 add64 10 mul64 10 div64 10 bitwise64 10 shift64 10 compare64 10 move64 10 select64 10 load64 10 store64 10 convert 10
    count 10 count64 10 indirect 14 grow 10 outside 3 page 15 node 11 hash 15+14
2^20 mix 21 | add 18+17 mul 15 bitwise 16 shift 15 compare 17+14 branch 16+15 move 17+15 select 15 load 18 store 17 call 16+14 halt 3
    indirect 14 page 15 node 11 hash 16
2^20 mix 22 | add 18+17 mul 12 div 10 bitwise 14 shift 12 compare 17+15 branch 16+14 move 17+10 select 13 load 17+16 store 15+13 call
    15+14 halt 3 add64 10 mul64 10 div64 10 bitwise64 12 shift64 10 compare64 12 move64 13 select64 10 load64 10 store64 10 convert 12
    count 10 count64 10 indirect 10 grow 10 outside 3 page 16 node 13 hash 17
2^20 mix 23 | add 17+15 mul 14 bitwise 14 shift 15 compare 17 branch 14 move 17+14 select 15 load 17+15 store 15+14 call 16+14 halt 3
    indirect 14 page 15 node 11 hash 16
2^20 mix 24 | add 17 mul 10 bitwise 10 shift 10 compare 16+10 branch 10 move 16 select 10 load 16+10 store 16 call 10 halt 3 move64 10
    load64 10 store64 10 convert 10 page 16 node 12 hash 17
2^20 mix 25 | add 18+17 mul 13 div 10 bitwise 10 shift 15+14 compare 18 branch 14 move 16 select 10 load 17+15 store 16 call 12 halt 3
    add64 10 mul64 10 div64 10 bitwise64 10 shift64 10 compare64 10 move64 10 select64 10 load64 10 store64 10 convert 10 count 10
    count64 10 indirect 10 grow 10 outside 3 page 10 node 10 hash 11
2^20 mix 26 | add 18 mul 14 div 10 bitwise 15 shift 15 compare 17+13 branch 16+14 move 17+15 select 14+11 load 18 store 16 call 16+14
    halt 3 add64 10 mul64 10 div64 10 bitwise64 10 shift64 10 compare64 10 move64 10 select64 10 load64 10 store64 10 convert 10 count
    10 count64 10 indirect 14 grow 10 outside 3 page 15 node 11 hash 16
2^20 mix 27 | add 10 mul 10 bitwise 10 shift 10 branch 10 select 10 call 10 halt 3 add64 10 bitwise64 10 shift64 10 compare64 10 move64
    10 load64 10 store64 10 convert 10 indirect 10 grow 12 page 16 node 12 hash 17
2^20 mix 28 | add 18 mul 14 bitwise 15 shift 15 compare 17 branch 16 move 18 select 15 load 18 store 16 call 17 halt 3 move64 10
    select64 10 load64 10 convert 10 indirect 14 page 15 node 12 hash 16
2^20 mix 29 | add 18+17 mul 10 div 10 bitwise 15 shift 14 compare 17+16 branch 17 move 17+15 select 14 load 17+15 store 16+12 call 15
    halt 3 add64 10 mul64 12 div64 10 bitwise64 13 shift64 14 compare64 10 move64 14 select64 10 load64 10 store64 14 convert 15 count
    12 count64 10 indirect 10 grow 10 outside 3 page 15 node 11 hash 15+14
2^20 mix 30 | add 17+15 mul 10 div 10 bitwise 10 shift 10 compare 16 branch 10 move 10 select 10 load 16 store 16 call 10 halt 3 add64
    10 mul64 10 div64 10 bitwise64 10 shift64 10 compare64 10 move64 10 select64 10 load64 10 store64 10 convert 10 count 10 count64 10
    indirect 10 grow 11 outside 3 page 16 node 12 hash 17
2^20 mix 31 | add 18+17 mul 10 bitwise 10 shift 10 compare 18 select 10 load 17+16 call 10 halt 3 move64 10 load64 10 convert 10 grow 10
    page 14 node 10 hash 14+13
toy hosts | add 9 mul 7 div 6 bitwise 9 shift 9 compare 9 branch 9 move 9 select 6 load 9 store 9 call 9 halt 3 add64 9 mul64 7 div64 6
    bitwise64 9 shift64 9 compare64 9 move64 9 select64 6 load64 9 store64 9 convert 8 count 6 count64 6 indirect 6 grow 6 outside 3 page
    10 node 10 hash 11+6 sha256 5 poseidon2 6 cells 11 compression 10 sponge 6 mulmod 4 remainder 4 keccak 3 rounds 8
2^14 hosts | add 13 mul 11 div 9 bitwise 12 shift 12 compare 12 branch 12 move 12 select 10 load 12 store 11 call 11 halt 3 add64 11 mul64
    10 div64 8 bitwise64 11 shift64 11 compare64 11 move64 11 select64 8 load64 11 store64 11 convert 10 count 8 count64 8 indirect 9 grow
    9 outside 3 page 12 node 12 hash 13+8 sha256 7 poseidon2 8 cells 12+11 compression 11 sponge 8 mulmod 7 remainder 7 keccak 5 rounds 9
2^16 hosts | add 15 mul 13 div 11 bitwise 14 shift 14 compare 14 branch 14 move 14 select 12 load 14 store 13 call 13 halt 3 add64 13
    mul64 12 div64 10 bitwise64 13 shift64 13 compare64 13 move64 13 select64 10 load64 13 store64 13 convert 12 count 10 count64 10
    indirect 11 grow 11 outside 3 page 13 node 13 hash 14+10 sha256 9 poseidon2 10 cells 14+13 compression 13 sponge 10 mulmod 9 remainder
    9 keccak 7 rounds 11
2^18 hosts | add 17 mul 14 div 12 bitwise 16 shift 16 compare 16 branch 16 move 16 select 14 load 16 store 15 call 15 halt 3 add64 15
    mul64 13 div64 11 bitwise64 15 shift64 15 compare64 15 move64 15 select64 12 load64 15 store64 15 convert 14 count 11 count64 11
    indirect 12 grow 12 outside 3 page 14 node 14 hash 15+11 sha256 11 poseidon2 11 cells 16+13 compression 15 sponge 11 mulmod 11 remainder
    11 keccak 9 rounds 13
2^20 hosts | add 18+17 mul 15+14 div 13 bitwise 18 shift 18 compare 18 branch 17 move 18 select 15 load 18 store 17 call 17 halt 3 add64
    16+15 mul64 14 div64 13 bitwise64 17 shift64 17 compare64 17 move64 17 select64 14 load64 17 store64 17 convert 16 count 13 count64 13
    indirect 14 grow 14 outside 3 page 16 node 16 hash 17+13 sha256 13 poseidon2 13 cells 18+17 compression 17 sponge 13 mulmod 13
    remainder 13 keccak 11 rounds 15
2^20 hosts 2 | add 17 mul 10 div 10 bitwise 14 shift 14 compare 16 branch 17 move 17 select 12 load 17 store 16 call 15 halt 3 add64 12
    mul64 10 div64 10 bitwise64 12 shift64 12 compare64 12 move64 12 select64 10 load64 17 store64 15 convert 12 count 10 count64 10
    indirect 12 grow 10 outside 3 page 14 node 11 hash 15 sha256 13 poseidon2 13 cells 17 compression 17 sponge 13
2^20 hosts 3 | add 17 mul 10 div 10 bitwise 14 shift 14 compare 16 branch 17 move 17 select 12 load 17 store 16 call 15 halt 3 add64 12
    mul64 10 div64 10 bitwise64 12 shift64 12 compare64 12 move64 12 select64 10 load64 17 store64 16 convert 12 count 10 count64 10
    indirect 12 grow 10 outside 3 page 14 node 11 hash 13 cells 17 mulmod 13 remainder 13 keccak 11 rounds 15
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


CATALOGUE = read(TEXT)
SIZES = tuple(name for name in CATALOGUE if " " not in name)
