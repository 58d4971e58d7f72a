"""A memory: who reads a byte finds what was written there last, 0 before that. `python docs/examples/memory.py`"""
import numpy as np

from stark import profiles
from stark.check import check, machine
from stark.chip import Bus, Chip
from stark.kernels import load
from stark.key import Key
from stark.prover import prove
from stark.setup import commit_fixed
from stark.verifier import check_proof

BYTES = Bus(1, "bytes", ("byte",), below=(256,), tables=("bytes",))
MEMORY = Bus(2, "memory", ("address", "value", "time"))         # each message is what a cell holds, and since when
access, cells, table = Chip("access", "reads and writes, one a row"), Chip("cells", "each begins as 0"), Chip("bytes", "every byte once")
on, write = access.boolean("on"), access.boolean("write")
address, old, new, time, then = (access.column(name) for name in ("address", "old", "new", "time", "then"))
access.require("a read changes nothing", (1 - write) * (new - old))
access.require("a row that writes is on", write * (1 - on))
access.require("time begins with 1", time - 1, "first")
access.require("time goes on", time.next - time - 1, "next")
access.require("the last row reads", on - write - 1, "last")
access.require("what it reads is the public word", on * (new - access.public(0)), "last")
access.receive(MEMORY, address, old, then, times=on)
access.send(MEMORY, address, new, time, times=on)
for byte in (new, time - then - 1):                             # the past is less than 2^8 rows away, and no row is its own past
    access.send(BYTES, byte, times=on)
access.free["old"] = "a row that is off looks at no cell"
place = cells.fixed("address")
cells.send(MEMORY, place, 0, 0)
cells.receive(MEMORY, place, cells.column("last"), cells.column("since"))
table.receive(BYTES, table.fixed("byte"), times=table.count("times"))

held, rows, rng = {cell: (0, 0) for cell in range(16)}, [], np.random.default_rng(1)
for now in range(1, 257):
    kind, cell, value = (int(rng.integers(end)) for end in (3, 16, 256))
    kind, (was, since) = kind if now < 256 else 1, held[cell]   # 0 is off, 1 reads, 2 writes
    value = value if kind == 2 else was
    held[cell] = (value, now) if kind else (was, since)
    rows.append((kind > 0, kind == 2, cell, was, value, now, since))
a = dict(zip(access.main_names, np.array(rows).T, strict=True))
asked = np.concatenate([a["new"], a["time"] - a["then"] - 1])[np.tile(a["on"] == 1, 2)]
mains = {"access": access.table(a, 8), "cells": cells.table(dict(zip(("last", "since"), np.array([*held.values()]).T, strict=True)), 4),
         "bytes": table.table({"times": np.bincount(asked, minlength=256)}, 8)}
fixed = {"cells": cells.fixed_table({"address": np.arange(16)}, 4), "bytes": table.fixed_table({"byte": np.arange(256)}, 8)}
statement, kernels = np.array([a["new"][-1]], np.uint32), load("best")
assert not check(machine([access, cells, table], mains, fixed), statement)
proving = commit_fixed(Key([(access, 8), (cells, 4), (table, 8)], profiles.get("p100").segment, statement=1), fixed, kernels)
proof = prove(proving, mains, statement, kernels)
check_proof(proving.key, statement, proof, kernels.permute)             # Rejected or Malformed unless it holds
print(f"after {a['on'].sum()} reads and writes the last reads {statement[0]}: {4 * len(proof):,} bytes say so")
