"""What is attacked: for every chip its rows in a few honest segments, put together, and what the tables of these segments offer."""
from __future__ import annotations

from functools import cache

import numpy as np

from segments.fill import Segment
from segments.host.call import HostFamily
from segments.machine import machine
from stark.attack import Tables, offered
from stark.check import Filled
from tests.segments.small import Line, const, const64, of_a_trap, of_everything, of_hosts, one_segment, operation_lines, program

TABLES = ("program", "lookup")
CHIPS = [chip.name for chip in machine().chips]
GUESTS = [family.name for family in machine().families]
HOSTS = [family.name for family in machine().families if isinstance(family, HostFamily)]
BEHIND = ["cells", "compression", "sponge", "remainder", "rounds"]               # chips that calls of host functions have rows in
ROW_BY_ROW = [*GUESTS, "node", "sponge", "remainder"]                  # chips that look at one row at a time


@cache
def endings() -> tuple[Segment, ...]:
    """Segments that end in the traps of single operations, and one with the divisions whose signs are free to lie."""
    halt: Line = ("HALT", 0, 0, 0, 0, 0)
    smallest, smallest64 = 1 << 31, 1 << 63
    out = [one_segment(program([*operation_lines(name, a, b), halt])) for name, a, b in (
        ("DIV_U", 5, 0), ("DIV_S", 5, 0), ("REM_S", smallest, 0), ("DIV_S", smallest, (1 << 32) - 1),
        ("DIV_U64", 5, 0), ("DIV_S64", 5, 0), ("REM_S64", smallest64, 0), ("DIV_S64", smallest64, (1 << 64) - 1))]
    lines = [line for a, b in ((smallest, 2), (0, smallest), (0x90000005, 0xF0000010), (smallest - 1, 1), (0xBFFFFFF9, 3))
             for name in ("DIV_S", "REM_S", "DIV_U") for line in operation_lines(name, a, b)]
    lines += [line for a, b in ((smallest64, 2), (0, smallest64), (9 << 60 | 5, 15 << 60 | 16), (smallest64 - 1, 1), (7 << 61, 3))
              for name in ("DIV_S64", "REM_S64", "DIV_U64") for line in operation_lines(name, a, b)]
    lines += [line for name in ("SHL", "SHR_S", "ROTL", "SHL64", "SHR_S64", "ROTL64")
              for line in operation_lines(name, 0, 64 if name.endswith("64") else 32)]
    lines += [const(0, 0), const64(1, 0x89ABCDEF_FEDCBA98), ("STORE64", 3, 0, 1, 0, 0), ("STORE64", 3, 0, 1, 8, 0)]
    lines += [(name, 2, 0, 3, at, 0) for name in ("LOAD8_S", "LOAD16_S", "LOAD32", "LOAD8_U", "LOAD16_U", "LOAD64") for at in range(8)]
    out.append(one_segment(program([*lines, halt]), size="2^14"))
    halves = 0x8080808080808080                  # whose limbs, and those of its product with 2^64 - 1, are all near 2^15
    lines = [*operation_lines("MUL64", halves, (1 << 64) - 1), *operation_lines("DIV_U64", halves ^ (0xFF << 56), 1)]
    out.append(one_segment(program([*lines, halt])))
    far = program([("CALL", 8, 0, 0, 1, 0), const(0, 3), ("CALL_SLOT", 8, 0, 0, 0, 0), halt])
    out.append(one_segment(far, fp=0x2FFF0))
    for name in ("CALL", "CALL_SLOT"):
        out.append(one_segment(program([const(0, 2), (name, 8, 0, 0, 2 if name == "CALL" else 0, 0), halt]), fp=2**20 - 8))
    for name in ("LOAD32", "LOAD16_U", "LOAD8_S", "LOAD64", "STORE8", "STORE64"):
        access: Line = (name, 3, 0, 1, 0, 0) if name.startswith("STORE") else (name, 2, 0, 3, 0, 0)
        out.append(one_segment(program([const(0, 0x54321), access, halt])))
    for name in ("TRAP", "PAUSE"):
        out.append(one_segment(program([const64(0, 1), (name, 0, 0, 0, 1, 0)])))
    return (*out, of_a_trap(), of_hosts())


def segment(name: str) -> Segment:
    """One in which this chip has rows."""
    if name in (*HOSTS, *BEHIND):
        return of_hosts()
    return of_a_trap() if name == "outside" else of_everything()


def filled(name: str) -> Filled:
    return next(f for f in segment(name).filled if f.chip.name == name)


@cache
def tables() -> Tables:
    """Everything that some table of these segments offers."""
    out: dict[int, frozenset[bytes]] = dict(offered(of_everything().filled))
    for ending in endings():
        small = [f for f in ending.filled if f.chip.name != "lookup"]
        for bus, messages in offered(small).items():
            out[bus] = out.get(bus, frozenset()) | messages
    return out


def last_real(f: Filled) -> int:
    """The last row that is used, or -1."""
    marks = [column for column, name in enumerate(f.chip.main_names) if name.startswith("is ") or name in ("real", "end", "rate times")]
    found = np.flatnonzero(f.main[marks].any(axis=0))
    return int(found[-1]) if len(found) else -1


def rows_of_every_kind(f: Filled, most: int = 3) -> list[int]:
    """A few rows for every setting of the flags, from the fullest to the emptiest, and the first row of padding. In whatever order they
    stand, they are the same ones: a lie often needs a row in which no limb is 0."""
    flags = [c for c, name in enumerate(f.chip.main_names)
             if name.startswith("is ") or name in ("immediate", "sign", "by zero", "overflow", "negative", "deep",
                                                       "crossing", "left touched", "right touched")]
    kinds: dict[bytes, list[int]] = {}
    for row in range(last_real(f) + 1):
        kinds.setdefault(f.main[flags, row].tobytes(), []).append(row)
    chosen = {row for rows in kinds.values() for row in spread(f, rows, most)}
    return sorted(chosen | {min(last_real(f) + 1, f.height - 1)})


def spread(f: Filled, rows: list[int], most: int) -> list[int]:
    """So many of these rows at most, the one with the fewest zeros first and that with the most last."""
    ranked = sorted(rows, key=lambda row: (-np.count_nonzero(f.main[:, row]), f.main[:, row].tobytes()))
    return [ranked[k] for k in {round(k) for k in np.linspace(0, len(ranked) - 1, min(most, len(ranked)))}]


@cache
def gathered(name: str, most: int = 3) -> Filled:
    """Rows of every kind of a chip that looks at one row at a time, from all segments, and one of padding at the end (of zeros, if no
    table has any)."""
    found = [f for s in (of_everything(), *endings()) for f in s.filled if f.chip.name == name]
    mains = [f.main[:, [row for row in rows_of_every_kind(f, most) if row <= last_real(f)]] for f in found]
    padding = next((f.main[:, -1:] for f in found if last_real(f) < f.height - 1), np.zeros((len(found[0].main), 1), np.uint32))
    main = np.concatenate([*mains, padding], axis=1)
    return Filled(found[0].chip, np.zeros((len(found[0].fixed), main.shape[1]), np.uint32), main)
