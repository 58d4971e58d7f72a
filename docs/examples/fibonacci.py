"""A chip of two columns: from the first two public words the sequence runs to the third. `python docs/examples/fibonacci.py`"""
import numpy as np

from stark import profiles
from stark.chip import Chip
from stark.expression import P
from stark.kernels import load
from stark.key import Key
from stark.prover import prove
from stark.setup import commit_fixed
from stark.verifier import check_proof

LOG_ROWS = 10


def fibonacci() -> Chip:
    chip = Chip("fibonacci", "from the first two public words the sequence runs to the third")
    x, y = chip.column("x"), chip.column("y")
    chip.require("x starts with the first public word", x - chip.public(0), "first")
    chip.require("y starts with the second public word", y - chip.public(1), "first")
    chip.require("x becomes y", x.next - y, "next")
    chip.require("y becomes the sum", y.next - x - y, "next")
    chip.require("y ends with the third public word", y - chip.public(2), "last")
    return chip


terms = [1, 1]
while len(terms) <= 1 << LOG_ROWS:
    terms.append((terms[-1] + terms[-2]) % P)
chip, kernels, statement = fibonacci(), load("best"), np.array([1, 1, terms[-1]], np.uint32)
proving = commit_fixed(Key([(chip, LOG_ROWS)], profiles.get("p100").segment, statement=3), {}, kernels)
table = chip.table({"x": terms[:-1], "y": terms[1:]}, LOG_ROWS)
proof = prove(proving, {"fibonacci": table}, statement, kernels)
check_proof(proving.key, statement, proof, kernels.permute)             # Rejected or Malformed unless it holds
print(f"term {len(terms)} is {terms[-1]} modulo {P}: {4 * len(proof):,} bytes say so")
