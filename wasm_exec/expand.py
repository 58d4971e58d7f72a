"""From the log of a replayed segment to its trace: one gather for each basic block that was executed, no loop over steps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wasm_exec.cutting import Blocks
from wasm_exec.instructions import BY_NUMBER
from wasm_exec.program import Program
from wasm_exec.record_shape import Known, Logged, Shape, Source
from wasm_exec.spaces import CELL_BYTES
from wasm_exec.trace import U32, U64, Trace

Int64 = npt.NDArray[np.int64]


class Expander:
    def __init__(self, program: Program, blocks: Blocks, shapes: list[Shape]) -> None:
        self.program = program
        self.blocks = blocks
        self.shapes = shapes
        self.sizes = np.array([shape.size for shape in shapes], dtype=np.int64)
        self.lengths = np.array([len(pcs) for pcs in blocks.members], dtype=np.int64)
        operations = [BY_NUMBER[number] for number in program.column("op").tolist()]
        self.widths = np.array([operation.width for operation in operations], dtype=np.uint64)
        self.calls = np.array([operation.name in ("CALL", "CALL_SLOT") for operation in operations])
        self.accesses = np.array([operation.width > 0 for operation in operations])

    def trace(self, identifiers: U32, log: U32) -> Trace:
        """The trace of these executions of blocks, whose records follow each other in the log."""
        order = identifiers.astype(np.int64)
        records = np.cumsum(self.sizes[order]) - self.sizes[order]
        rows = np.cumsum(self.lengths[order]) - self.lengths[order]
        trace = Trace.empty(int(self.lengths[order].sum()))
        by_block = np.argsort(order, kind="stable")
        boundaries = np.flatnonzero(np.diff(order[by_block])) + 1
        for executions in np.split(by_block, boundaries) if len(order) else []:
            self.block(trace, int(order[executions[0]]), records[executions], rows[executions], log)
        self.derive(trace)
        return trace

    def block(self, trace: Trace, number: int, records: Int64, rows: Int64, log: U32) -> None:
        """Fills the rows of all executions of one block."""
        pcs = self.blocks.members[number]
        places = rows[:, None] + np.arange(len(pcs))
        trace.pc[places] = np.array(pcs, dtype=np.uint32)
        trace.fp[places] = (log[records] >> 2)[:, None]
        fields: dict[str, list[tuple[int, Source]]] = {}
        for step, sources in enumerate(self.shapes[number].steps):
            for field, source in sources.items():
                fields.setdefault(field, []).append((step, source))
        for field, found in fields.items():
            column = getattr(trace, field)
            for wide in (False, True):
                logged = [(step, source.position) for step, source in found if isinstance(source, Logged) and source.wide is wide]
                if logged:
                    steps, positions = (np.array(part, dtype=np.int64) for part in zip(*logged, strict=True))
                    words = records[:, None] + positions
                    values: U32 | U64 = log[words]
                    if wide:
                        values = values | log[words + 1].astype(np.uint64) << np.uint64(32)
                    column[rows[:, None] + steps] = values
            for step, source in found:
                if isinstance(source, Known):
                    column[rows + step] = source.value

    def derive(self, trace: Trace) -> None:
        """What follows from the instruction: addresses, links of calls, and that only a crossing access has a second cell."""
        immediates = self.program.column("i").astype(np.uint64) | self.program.column("j").astype(np.uint64) << np.uint64(16)
        accesses, calls = self.accesses[trace.pc], self.calls[trace.pc]
        trace.address[accesses] = (trace.a + immediates[trace.pc])[accesses]
        crossing = trace.address % np.uint64(CELL_BYTES) + self.widths[trace.pc] > CELL_BYTES
        trace.cell1[~crossing] = 0
        following = self.program.column("next")[trace.pc].astype(np.uint64)
        trace.link[calls] = (following | trace.fp.astype(np.uint64) << np.uint64(32))[calls]
