"""What the cells of a circuit are for: hashing of rows and paths, transcript, openings, folding, constraints; what is padding."""
from __future__ import annotations

from collections import Counter

import numpy as np

from continuation.chips import arithmetic, fold, permute
from continuation.lowering import Circuit
from stark.measure import measure

OF_PHASE = {"transcript": "transcript", "grinding": "transcript", "indices": "transcript", "constraints": "constraints",
            "selectors": "constraints", "bus sums": "constraints", "claimed values": "openings", "reduce rows": "openings",
            "quotients at zeta": "openings", "sums of groups": "openings", "fri fold": "folding", "final polynomial": "folding"}
HASHES = (" leaf", " path", " cap")


def purpose_of(phase: str) -> str:
    return "hashing" if phase.endswith(HASHES) else OF_PHASE.get(phase, "claims")


def cells(circuit: Circuit) -> dict[str, int]:
    """Committed base cells by purpose; the rows of small chips that only carry values are "plumbing"."""
    width = {name: measure(chip).cells for name, chip in circuit.chips.items()}
    rows: Counter[tuple[str, str]] = Counter()
    for step in circuit.program.code:
        if step.name == "permute":
            rows[permute.NAME, purpose_of(step.phase)] += step.operands[0].data.size // 16
    gates: Counter[str] = Counter()
    for step in circuit.program.outside_events():
        if step.name in arithmetic.FORMS:
            gates[purpose_of(step.phase)] += step.operands[0].data.size
    every = sum(gates.values())
    counts = circuit.lowered.counts
    for purpose, count in gates.items():
        rows[arithmetic.NAME, purpose] += int(np.ceil(counts[arithmetic.NAME] * count / every))
    rows[fold.NAME, "folding"] = counts[fold.NAME]
    for name, count in counts.items():
        if name not in (permute.NAME, arithmetic.NAME, fold.NAME):
            rows[name, "plumbing"] = count
    out: Counter[str] = Counter()
    for (name, purpose), count in rows.items():
        out[purpose] += count * width[name]
    padded = sum(width[name] << height for name, height in circuit.log_heights.items())
    out["padding"] = padded - sum(out.values())
    return dict(out)
