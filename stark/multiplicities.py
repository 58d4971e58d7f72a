"""How often a row says what it says. A multiplicity is a table's own count (stark/tables.py says whose), or fixed in the key, or else made
of bits: then, for all bits that the requirements allow, it must be 0 or 1 if the message is sent, 0 or -1 if it is received, and 0 on a
row of zeros, which is what fills a table up.
"""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from stark.check import Filled, values_of
from stark.chip import Chip, Message
from stark.expression import P
from stark.settings import MOST_BITS, Rows, Setting, inputs_of, mains

U32 = npt.NDArray[np.uint32]


def violations_of(rows: Rows) -> list[str]:
    """In sentences."""
    chip, out, seen = rows.chip, [], set[int]()
    for message in chip.messages:
        if message.times.number not in seen and not chip.counted(message):
            seen.add(message.times.number)
            out += [f"a message on bus {message.bus.name} {what}" for what in complaints(rows, message)]
    return out


def complaints(rows: Rows, message: Message) -> Iterator[str]:
    root = message.times.number
    inputs = inputs_of(rows.chip, root)
    kinds = {node.kind for node in inputs}
    if kinds == {"fixed"} or (rows.fixed is None and "fixed" in kinds):
        return                                              # the key says it, and `weight` counts it
    setting = Setting()
    for column in sorted(mains(inputs)):
        rows.settle(column, setting)
    if not rows.beside(inputs):
        yield "is sent as often as something beside its row says"
    elif setting.loose:
        yield f"is sent as often as {', '.join(rows.chip.main_names[c] for c in setting.loose)} says, which need not be a bit"
    elif len(setting.bits) > MOST_BITS:
        yield f"is sent as often as {len(setting.bits)} bits say, which are too many to be tried: {MOST_BITS} are not"
    else:
        rows.widen(setting)
        yield from tried(rows, root, setting)


def tried(rows: Rows, root: int, setting: Setting) -> Iterator[str]:
    trial = rows.trial([root], setting)
    if trial is None:
        yield "is sent as often as more kinds of rows say than can be tried"
        return
    times = trial.found[root]
    said = set(times[trial.fine].tolist()) - {0}
    if not (said <= {1} or said <= {P - 1}):
        numbers = " or ".join(str(t if t < P // 2 else t - P) for t in sorted(said))
        limit = f"; more than {MOST_BITS} of its bits have to do with each other, and not all are tried"
        yield f"can be sent {numbers} times by one row" + ("" if setting.whole else limit)
    if setting.bits and (trial.fine & trial.zero & (times != 0)).any():
        yield "is sent by a row of zeros"


def weight(chip: Chip, message: Message, height: int, fixed: U32 | None) -> int:
    """How many messages all rows send at most, one that is received counted alike."""
    root = message.times.number
    inputs = inputs_of(chip, root)
    if fixed is None or not inputs or {node.kind for node in inputs} != {"fixed"}:
        return height
    times = values_of(Filled(chip, fixed, np.zeros((0, height), np.uint32)), (), [root])[root].astype(np.int64)
    return int(np.minimum(times, P - times).sum())
