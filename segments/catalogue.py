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
2^20 | add 19 mul 15+14 div 13 bitwise 18 shift 18 compare 18+17 branch 18 move 18+17 select 15 load 18+17 store 17+16 call 17+15 halt 3
    add64 16+15 mul64 14 div64 13 bitwise64 17 shift64 17 compare64 17 move64 17 select64 14 load64 16+15 store64 16 convert 16 count 13
    count64 13 indirect 14 grow 14 outside 3 page 16 node 16 hash 17
2^20 mix 1 | add 19+15 mul 11+10 div 11 bitwise 17+16 shift 17+13 compare 16+14 branch 14 move 15 select 11+10 load 17+16 store 17+16
    call 14 halt 3 add64 15+13 mul64 12 div64 11 bitwise64 15+11 shift64 15 compare64 16 move64 16+14 select64 11 load64 18+14 store64
    15+14 convert 14 count 11 count64 11 indirect 11 grow 11 outside 3 page 12 node 11 hash 13
2^20 mix 2 | add 13+12 mul 11 bitwise 14 compare 11 branch 14 move 11 call 17 halt 3 add64 18 mul64 15 div64 13 bitwise64 18 shift64
    18+15 compare64 18+16 move64 18+16 load64 14 store64 13 convert 14+13 count64 13 page 11 node 11 hash 10
2^20 mix 3 | add 19+16 mul 15+12 div 11 bitwise 16+14 shift 16+12 compare 18+16 branch 17+16 move 18+17 select 15+14 load 19+11 store
    17+15 call 17+16 halt 3 add64 11 mul64 11 div64 11 bitwise64 11 shift64 11 compare64 11 move64 11 select64 11 load64 11 store64 11
    convert 11 count 11 count64 11 indirect 15+13 grow 11 outside 3 page 15 node 12 hash 16+12
2^20 mix 4 | add 19+18 mul 11 div 10 bitwise 19+11 shift 18+17 compare 16+14 branch 11 move 12 select 11 load 19 store 17+15 call 11
    halt 3 add64 11 mul64 10 bitwise64 11 shift64 11 compare64 11 move64 11 select64 11 load64 17 store64 17 convert 11 count 11 count64
    10 indirect 11 grow 11 outside 3 page 13 node 11 hash 14
2^20 mix 5 | add 19+18 mul 14 div 11 bitwise 11+10 shift 16+14 compare 19+16 branch 14 move 17 select 11 load 18+16 store 16+15 call 12
    halt 3 add64 11 mul64 11 div64 10 bitwise64 11 shift64 11 compare64 11 move64 11 select64 11 load64 11 store64 11 convert 11 count
    11 count64 11 indirect 11 grow 11 outside 3 page 15 node 11 hash 16
2^20 mix 6 | add 19+14 mul 11 div 11 bitwise 11 shift 15 compare 18+14 branch 12 move 18 select 11 load 19+18 store 19+17 call 16 halt 3
    add64 11 bitwise64 11 shift64 11 compare64 11 move64 11 select64 11 load64 11 store64 11 convert 11 count 11 indirect 11 grow 11
    outside 3 page 16 node 12 hash 17
2^20 mix 7 | add 19+18 mul 11 div 11 bitwise 11 shift 11 compare 19 branch 11 move 19+18 select 11 load 11 store 11 call 20 halt 3 add64
    11 mul64 11 div64 11 bitwise64 11 shift64 11 compare64 11 move64 11 select64 11 load64 11 store64 11 convert 11 count 11 count64 11
    indirect 11 grow 11 outside 3 page 11 node 11 hash 11
2^20 mix 8 | add 19+18 mul 13 div 11 bitwise 18 shift 15+14 compare 19+14 branch 17+15 move 18+17 select 15+13 load 18+17 store 17+16
    call 16+15 halt 3 add64 15+14 mul64 15 div64 11 bitwise64 13 shift64 14+12 compare64 14+12 move64 15 select64 12 load64 14 store64
    14 convert 15 count 12 count64 11 indirect 11 grow 11 outside 3 page 13 node 11 hash 14
2^20 mix 9 | add 19+18 mul 17+16 div 11 bitwise 19+16 shift 18+17 compare 19+16 branch 19+16 move 19+18 select 11 load 13 store 11 call
    14 halt 3 add64 11 bitwise64 11 shift64 11 compare64 11 move64 11 select64 11 load64 11 store64 11 convert 11 count 11 indirect 11
    page 11 node 11 hash 11
2^20 mix 10 | add 19+16 mul 14 div 11 bitwise 16+15 shift 16+15 compare 18 branch 16+15 move 18 select 14 load 18+14 store 17+16 call
    16+15 halt 3 add64 11 mul64 11 div64 11 bitwise64 11 shift64 11 compare64 11 move64 14 select64 11 load64 11 store64 14 convert 11
    count 13 count64 11 indirect 11 grow 11 outside 3 page 15 node 12 hash 16
2^20 mix 11 | add 19+17 mul 14+11 div 14 bitwise 11 shift 16 compare 19+14 branch 14 move 17 select 11 load 18+15 store 16+15 call 11
    halt 3 add64 11 mul64 11 div64 11 bitwise64 11 shift64 11 compare64 11 move64 11 select64 11 load64 11 store64 11 convert 11 count
    11 count64 11 indirect 11 grow 11 outside 3 page 14 node 11 hash 15
2^20 mix 12 | add 19+18 mul 11 div 11 bitwise 11 shift 11 compare 18 branch 11 move 11 select 11 load 18 store 18 call 11 halt 3 add64
    11 mul64 11 div64 11 bitwise64 11 shift64 11 compare64 11 move64 11 select64 11 load64 11 store64 11 convert 11 count 11 count64 11
    indirect 11 grow 13 outside 3 page 18 node 14 hash 18+17
2^20 mix 13 | add 20 mul 11 div 11 bitwise 11 shift 11 branch 18+16 move 18+16 select 11 load 18+16 call 11 halt 3 add64 11 mul64 10
    div64 10 bitwise64 11 shift64 11 compare64 11 move64 11 select64 11 load64 11 store64 11 convert 11 count 11 count64 10 indirect 11
    grow 11 outside 3 page 15 node 11 hash 15+14
2^20 mix 14 | add 18+17 mul 12 div 11 bitwise 16+15 shift 15 compare 18 branch 16+15 move 17+15 select 14 load 17+16 store 19 call 16
    halt 3 add64 14 mul64 14 div64 11 bitwise64 12+11 shift64 14 compare64 14 move64 14 select64 11 load64 13+11 store64 13+10 convert
    14 count 11 count64 11 indirect 11 grow 11 outside 3 page 17 node 13 hash 18
2^20 mix 15 | add 19+17 mul 15 div 11 bitwise 14 shift 15 compare 19 branch 18 move 19+15 select 16 load 18+17 store 17 call 17+16 halt
    3 add64 11 mul64 11 bitwise64 11 shift64 11 compare64 11 move64 12+10 select64 11 load64 11 store64 11 convert 11 count 11 indirect
    11 grow 11 outside 3 page 17 node 13 hash 17+15
2^20 mix 16 | add 19+15 mul 15 div 11 bitwise 16 shift 16+15 compare 18+16 branch 17+16 move 19 select 16 load 19 store 17+15 call 18+17
    halt 3 add64 11 mul64 11 div64 11 bitwise64 11 shift64 11 compare64 11 move64 11 select64 11 load64 11 store64 11 convert 11 count
    11 count64 11 indirect 16 grow 11 outside 3 page 16 node 12 hash 16+15
2^20 mix 17 | add 19+18 mul 11 div 11 bitwise 11 shift 11 compare 18 branch 11 move 11 select 11 load 18 store 18 call 11 halt 3 add64
    11 mul64 10 div64 10 bitwise64 11 shift64 11 compare64 11 move64 11 select64 11 load64 11 store64 11 convert 11 count 11 count64 10
    indirect 11 grow 11 outside 3 page 16 node 12 hash 17
2^20 mix 18 | add 16+15 mul 11 div 11 bitwise 14 shift 13 compare 16 branch 15 move 15 select 13 load 15 store 15+13 call 16+15 halt 3
    add64 15+14 mul64 13 div64 11 bitwise64 16+15 shift64 16+14 compare64 17 move64 16 select64 11 load64 13 store64 12 convert 13 count
    11 count64 12 indirect 11 grow 11 outside 3 page 13 node 11 hash 14
2^20 mix 19 | add 19+17 mul 15+14 div 11 bitwise 17 shift 16 compare 18+16 branch 18+16 move 18+17 select 15+13 load 19+15 store 17+15
    call 17+16 halt 3 add64 11 mul64 11 div64 11 bitwise64 11 shift64 11 compare64 11 move64 11 select64 11 load64 11 store64 11 convert
    11 count 11 count64 11 indirect 15+12 grow 11 outside 3 page 15 node 11 hash 16
2^20 mix 20 | add 19+18 mul 11 div 11 bitwise 11 shift 11 compare 18+17 branch 16 move 18+17 select 11 load 18+17 store 18+17 call 11
    halt 3 add64 11 mul64 11 div64 11 bitwise64 11 shift64 11 compare64 11 move64 11 select64 11 load64 11 store64 11 convert 11 count
    11 count64 11 indirect 11 grow 11 outside 3 page 16 node 12 hash 17+12
2^20 mix 21 | add 19+17 mul 13 div 11 bitwise 15 shift 13 compare 18+16 branch 17+16 move 18+14 select 14 load 18+17 store 16+14 call 17
    halt 3 add64 11 mul64 11 div64 11 bitwise64 13 shift64 11 compare64 13 move64 14 select64 11 load64 11 store64 11 convert 13 count
    11 count64 11 indirect 11 grow 11 outside 3 page 17 node 14 hash 18+13
2^20 mix 22 | add 19 mul 14 div 11 bitwise 17 shift 17 compare 18+16 branch 17+15 move 18+17 select 15 load 18+17 store 18+15 call 17
    halt 3 add64 11 mul64 11 div64 11 bitwise64 11 shift64 11 compare64 11 move64 14+11 select64 11 load64 11 store64 15 convert 11
    count 14 count64 11 indirect 11 grow 11 outside 3 page 14 node 11 hash 15
2^20 mix 23 | add 19 mul 11 div 11 bitwise 16+14 shift 15+11 compare 19 branch 17+16 move 18+16 select 15 load 18+15 store 17+16 call
    16+15 halt 3 add64 11 mul64 13+12 div64 11 bitwise64 14+13 shift64 15+11 compare64 11 move64 15+14 select64 11 load64 11 store64
    15+14 convert 16+14 count 14 count64 11 indirect 11 grow 12 outside 3 page 16 node 12 hash 17
2^20 mix 24 | add 18+16 mul 12 div 11 bitwise 18 shift 17 compare 18 branch 17+16 move 18+14 select 15 load 19 store 18 call 17 halt 3
    add64 11 mul64 11 div64 11 bitwise64 11 shift64 11 compare64 11 move64 13 select64 11 load64 11 store64 13 convert 11 count 14
    count64 11 indirect 11 grow 12 outside 3 page 17 node 13 hash 17+16
2^20 mix 25 | add 19+18 mul 13+12 div 11 bitwise 11 shift 17 compare 19+16 branch 14 move 17+12 select 11 load 18+16 store 17 call 11+10
    halt 3 add64 11 mul64 11 div64 11 bitwise64 11 shift64 11 compare64 11 move64 11 select64 11 load64 11 store64 11 convert 11 count
    11 count64 11 indirect 11 grow 11 outside 3 page 11 node 11 hash 12
2^20 mix 26 | add 18+15 mul 11 div 11 bitwise 11 shift 11 compare 16+15 branch 11 move 11 select 11 load 16+15 store 16+15 call 11 halt
    3 add64 11 mul64 10 div64 10 bitwise64 11 shift64 11 compare64 11 move64 11 select64 11 load64 11 store64 11 convert 11 count 11
    count64 10 indirect 11 grow 11 outside 3 page 16 node 12 hash 16+15
2^20 mix 27 | add 18+17 mul 17+14 div 11 bitwise 18+11 shift 18+13 compare 17+16 branch 19 move 18 select 14 load 17 store 15 call 18+16
    halt 3 add64 11 mul64 11 div64 11 bitwise64 11 shift64 11 compare64 11 move64 11 select64 11 load64 11 store64 11 convert 11 count
    11 count64 11 indirect 12 grow 11 outside 3 page 13 node 11 hash 14
2^20 mix 28 | add 18+17 mul 12 div 11 bitwise 16 shift 15 compare 19+16 branch 17 move 18+13 select 15 load 18 store 17+15 call 16 halt
    3 add64 11 mul64 13 div64 11 bitwise64 14 shift64 15+14 compare64 11 move64 15 select64 11 load64 11 store64 15 convert 16 count 13
    count64 11 indirect 12 grow 11 outside 3 page 16 node 12 hash 16+15
2^20 mix 29 | add 19 mul 17 div 18 bitwise 17 shift 16 compare 18+17 branch 18 move 18 select 14 load 17 store 17 call 17 halt 3 add64 11
    mul64 11 div64 11 bitwise64 11 shift64 11 compare64 11 move64 11 select64 11 load64 11 store64 11 convert 13 count 11 count64 11
    indirect 11 grow 11 outside 3 page 14 node 11 hash 15
2^20 mix 30 | add 18 mul 15 div 11 bitwise 17 shift 16 compare 17 branch 19 move 17 select 14 load 16 store 14 call 16 halt 3 add64 18 mul64
    17 div64 17 bitwise64 17 shift64 17 compare64 17 move64 17 select64 15 load64 17 store64 16 convert 16 count 11 count64 11 indirect
    11 grow 11 outside 3 page 14 node 11 hash 15
2^20 mix 31 | add 18 mul 17 div 11 bitwise 17 shift 17 compare 18 branch 19 move 18 select 18 load 17 store 16 call 16 halt 3 add64 17 mul64
    14 div64 11 bitwise64 17 shift64 16 compare64 16 move64 16 select64 16 load64 15 store64 14 convert 17 count 17 count64 17 indirect
    11 grow 11 outside 3 page 14 node 11 hash 15
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
2^20 hosts | add 18 mul 13 div 11 bitwise 17 shift 17 compare 17 branch 17 move 17+15 select 13 load 17+16 store 17 call 16 halt 3 add64
    15 mul64 12 div64 11 bitwise64 15 shift64 15 compare64 15 move64 15 select64 12 load64 17 store64 16 convert 14 count 11 count64 11
    indirect 12 grow 12 outside 3 page 15 node 15 hash 16+13 sha256 12 poseidon2 13 cells 18 compression 16 sponge 13 mulmod 12
    remainder 12 keccak 10 rounds 14
2^20 hosts 2 | add 18 mul 10 div 10 bitwise 15 shift 15 compare 17 branch 18 move 18 select 12 load 18 store 17 call 16 halt 3 add64 12
    mul64 10 div64 10 bitwise64 12 shift64 12 compare64 12 move64 12 select64 10 load64 18 store64 16 convert 12 count 10 count64 10
    indirect 12 grow 10 outside 3 page 14 node 11 hash 15 sha256 14 poseidon2 14 cells 18 compression 18 sponge 14
2^20 hosts 3 | add 18 mul 10 div 10 bitwise 15 shift 15 compare 17 branch 18 move 18 select 12 load 18 store 17 call 16 halt 3 add64 12
    mul64 10 div64 10 bitwise64 12 shift64 12 compare64 12 move64 12 select64 10 load64 18 store64 17 convert 12 count 10 count64 10
    indirect 12 grow 10 outside 3 page 14 node 11 hash 14 cells 18 mulmod 14 remainder 14 keccak 12 rounds 16
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
