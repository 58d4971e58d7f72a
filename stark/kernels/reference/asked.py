"""How often the rows of tables are looked up by the messages of a chip."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stark.field import U64
from stark.flat import FlatChip
from stark.kernels.checks import log2_exact
from stark.kernels.protocol import U32, Asking
from stark.kernels.reference.flat import Columns, Evaluation
from stark.kernels.reference.logup import trace_selectors


def asked(flat: FlatChip, fixed: U64, main: U64, rows: int, asking: Sequence[Asking], tables: int, log_size: int) -> U32:
    if rows > main.shape[1]:
        raise ValueError("no more rows than there are")
    selectors = trace_selectors(log2_exact(main.shape[1]))
    columns = Columns(fixed, main, np.zeros(0, np.uint64), selectors, lambda rows: np.roll(rows, -1, axis=1))
    evaluation, counts = Evaluation(flat, columns), np.zeros((tables, 1 << log_size), np.uint32)
    for (_, multiplicity, parts), (table, weights) in zip(flat.messages, asking, strict=True):
        if len(parts) != len(weights) or not 0 <= table < tables:
            raise ValueError("for each message a table, and a weight for each part")
        row = sum((evaluation.operand(part) * np.uint64(weight) for part, weight in zip(parts, weights, strict=True)),
                  start=np.zeros(main.shape[1], np.uint64))
        asking_rows = (evaluation.operand(multiplicity) != 0) & (row < counts.shape[1])
        counts[table] += np.bincount(row[:rows][asking_rows[:rows]].astype(np.int64), minlength=counts.shape[1]).astype(np.uint32)
    return counts
