"""Two chips and a bus: every pair that the one sends is a row of the other's table. `python docs/examples/squares.py`"""
import numpy as np

from stark import profiles
from stark.chip import Bus, Chip
from stark.kernels import load
from stark.key import Key
from stark.prover import prove
from stark.setup import commit_fixed
from stark.verifier import check_proof

SQUARES = Bus(1, "squares", ("root", "square"), tables=("table",))
LOG_USERS, LOG_TABLE = 12, 8


def user() -> Chip:
    chip = Chip("user", "each b is the square of an a below 256")
    chip.send(SQUARES, chip.column("a"), chip.column("b"))
    return chip


def table() -> Chip:
    chip = Chip("table", "the squares of the numbers below 256")
    chip.receive(SQUARES, chip.fixed("root"), chip.fixed("square"), times=chip.count("times"))
    return chip


users, squares, kernels, roots, statement = user(), table(), load("best"), np.arange(1 << LOG_TABLE), np.zeros(0, np.uint32)
key = Key([(users, LOG_USERS), (squares, LOG_TABLE)], profiles.get("p100").segment)
proving = commit_fixed(key, {"table": squares.fixed_table({"root": roots, "square": roots ** 2}, LOG_TABLE)}, kernels)
a = np.random.default_rng(1).integers(0, 1 << LOG_TABLE, 1 << LOG_USERS)
mains = {"user": users.table({"a": a, "b": a * a}, LOG_USERS),
         "table": squares.table({"times": np.bincount(a, minlength=1 << LOG_TABLE)}, LOG_TABLE)}
proof = prove(proving, mains, statement, kernels)
check_proof(proving.key, statement, proof, kernels.permute)             # Rejected or Malformed unless it holds
print(f"{len(a):,} squares looked up: {4 * len(proof):,} bytes say so")
