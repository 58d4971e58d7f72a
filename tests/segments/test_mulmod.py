"""Multiplication modulo a number of 256 bits: the row says what the definition says, and a wrong quotient or remainder has no row."""
from __future__ import annotations

import random

import numpy as np
import numpy.typing as npt
import pytest

from segments.buses import BYTES, MEMORY, RANGE16
from segments.host import mulmod
from segments.machine import machine
from segments.setup import lookup_table
from stark.attack import offered
from stark.check import Filled, broken_requirements, check, values_of
from stark.expression import P
from stark.forge import Forger, Forgery
from tests.segments.small import Line, const64, one_segment, program
from tests.segments.soundness.remainders import as_a_step
from tests.wasm_exec.test_host_functions import number_of
from wasm_exec.hosts import HOSTS

MOST = (1 << 256) - 1
LARGE_PRIME = (1 << 256) - (1 << 32) - 977
EDGES = [(MOST, MOST, MOST), (MOST, MOST, 1), (MOST, MOST, 0), (0, 0, 0), (0, MOST, 7), (MOST, MOST, MOST - 1), (1, 1, 2),
         (MOST, 1, 1 << 255), (LARGE_PRIME - 1, LARGE_PRIME - 1, LARGE_PRIME), (1 << 255, 2, 1 << 128), (5, 6, 1 << 255), (3, 4, 0)]
CHIP = mulmod.chip()


def cells_of(*numbers: int) -> list[int]:
    return [number >> 64 * k & (1 << 64) - 1 for number in numbers for k in range(4)]


def cases() -> list[tuple[int, int, int]]:
    generator = random.Random(6)
    return EDGES + [(number_of(generator), number_of(generator), number_of(generator)) for _ in range(200)]


Division = tuple[int, int, int, int, int]        # a, b, m, a quotient and a remainder


def faults(divisions: list[Division]) -> list[list[str]]:
    """What is wrong with the rows of calls that divide like this."""
    found = np.array([[list(number.to_bytes(32, "little")) for number in one[:3]] for one in divisions], np.uint8)
    quotient, left = (mulmod.of_numbers([one[place] for one in divisions], size) for place, size in ((3, 64), (4, 32)))
    log_height = (len(divisions) - 1).bit_length()
    main = CHIP.table(mulmod.columns(found, quotient, left) | {"real": 1, "time": 5, "address": 9}, log_height)
    f = Filled(CHIP, np.zeros((0, 1 << log_height), np.uint32), main)
    looked_up = [(part.number, 1 << 16 if message.bus == RANGE16 else 1 << 8) for message in CHIP.messages
                 if message.bus in (RANGE16, BYTES) for part in message.parts]
    values = values_of(f, (), [*(number for number, _ in looked_up), *(r.expression.number for r in CHIP.requirements)])
    whole = {number: np.broadcast_to(value, 1 << log_height) for number, value in values.items()}
    return [[r.sentence for r in CHIP.requirements if whole[r.expression.number][row]]
            + ["a look-up"] * any(whole[number][row] >= most for number, most in looked_up) for row in range(len(divisions))]


def test_the_arrays_say_what_the_definition_says() -> None:
    cells = np.array([cells_of(*numbers) for numbers in cases()], np.uint64)
    assert mulmod.results(cells).tolist() == [HOSTS["MULMOD"].meaning(row) for row in cells.tolist()]


def test_every_row_passes() -> None:
    cells = np.array([cells_of(*numbers) for numbers in cases()], np.uint64)
    time = np.arange(len(cells))
    main = CHIP.table(mulmod.fill(cells, time, time, 256), 8)
    f = Filled(CHIP, np.zeros((0, 256), np.uint32), main)
    assert not broken_requirements(f, ())
    roots = [part.number for message in CHIP.messages if message.bus in (RANGE16, BYTES) for part in message.parts]
    values = values_of(f, (), roots)
    assert max(int(np.max(values[root])) for root in roots) < 1 << 16
    limbs = main[[CHIP.main_names.index(f"remainder.{k}") for k in range(16)]].astype(object)
    left = [sum(int(limb) << 16 * k for k, limb in enumerate(column)) for column in limbs.T]
    assert left == [a * b % m if m else 0 for a, b, m in cases()] + [0] * (256 - len(cells))


def test_another_quotient_or_remainder_has_no_row() -> None:
    honest, wrong = list[Division](), list[Division]()
    for a, b, m in cases()[:40]:
        quotient, left = divmod(a * b, m or 1)
        honest.append((a, b, m, quotient, left))
        if quotient and left + (m or 1) <= MOST:
            wrong.append((a, b, m, quotient - 1, left + (m or 1)))
        wrong += [(a, b, m, quotient, other) for other in (left ^ 1, left ^ 1 << 255, left + (1 << 16) & MOST)]
        wrong += [(a, b, m, other, left) for other in (quotient ^ 1, quotient ^ 1 << 511, (quotient + (1 << 256)) % (1 << 512))]
    assert not any(faults(honest)) and all(faults(wrong))


def test_what_is_above_the_product_is_not_forgotten() -> None:
    """2^504 times this number is 2^504 and what is above 2^512, and 2^504 modulo it is 256."""
    assert faults([(1 << 255, 1 << 249, 1 + (1 << 248), 1 << 504, 0)]) == [[
        "the quotient times the divisor has nothing above the product"]]


def test_a_divisor_counts_as_zero_if_it_is_zero() -> None:
    found = np.zeros((1, 3, 32), np.uint8)
    for byte in (0, 31):
        wrong = found.copy()
        wrong[0, 2, byte] = 1
        columns = mulmod.columns(wrong, np.zeros((1, 64), np.uint8), np.zeros((1, 32), np.uint8)) | {"real": 1, "time": 5, "address": 9}
        main = CHIP.table(columns | {"m is zero": 1}, 0)
        f = Filled(CHIP, np.zeros((0, 1), np.uint32), main)
        assert any("what counts as zero is zero" in str(one) for one in broken_requirements(f, ()))


def test_no_sum_wraps_around() -> None:
    """A side of a limb with all bytes 255 and the carries that are let through, from -BELOW to BELOW, are below p together."""
    most = max(mulmod.sums_of(np.full((64, 1), 255), np.full((32, 1), 255) + (np.arange(32) == 0)[:, None], 32)[:, 0].tolist())
    assert most < mulmod.BELOW << 16 and 2 * mulmod.BELOW * 4 <= 1 << 16
    assert most + 2 * (1 << 16) + (mulmod.BELOW << 16) < P


@pytest.mark.parametrize("by", [1, 1 << 200])
def test_a_machine_that_computes_wrongly_is_refused(by: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """It lies in the cells and in the row of the chip alike."""
    honest = mulmod.of_numbers

    def wrong(numbers: list[int], size: int) -> npt.NDArray[np.uint8]:
        return honest([one ^ by if size == 32 and one else one for one in numbers], size)
    monkeypatch.setattr(mulmod, "of_numbers", wrong)
    lines: list[Line] = [const64(3 + k, value) for k, value in enumerate(cells_of(MOST, 1 << 77, LARGE_PRIME))]
    segment = one_segment(program([*lines, ("MULMOD", 3, 0, 0, 0, 0), ("HALT", 0, 0, 0, 0, 0)]))
    assert {one.chip for one in check(segment.filled, segment.public)} == {"remainder"}


# -- code U, pairs: no row of short numbers leaves something else in its cells


def rows_of(limbs: int, without: str = "") -> Filled:
    """Rows of numbers of so many limbs, and one that is not real."""
    chip, generator = as_a_step(limbs, without), random.Random(limbs)
    numbers = [(7, 5, 3), (0xFFFF, 0xFFFF, 0xFFFF), (0xFFFF, 0xFFFF, 0), (9, 0x1234, 1), (0, 0, 1)]
    numbers += [tuple(generator.getrandbits(16 * limbs) for _ in range(3)) for _ in range(3)]   # type: ignore[misc]
    found = np.array([[list(number.to_bytes(2 * limbs, "little")) for number in one] for one in [*numbers, (0, 0, 0)]], np.uint8)
    divided = [divmod(a * b, m or 1) for a, b, m in [*numbers, (0, 0, 0)]]
    columns = mulmod.columns(found, *(mulmod.of_numbers([one[k] for one in divided], size * limbs) for k, size in ((0, 4), (1, 2))))
    real = np.arange(len(divided)) < len(numbers)
    main = chip.table(columns | {"real": real, "time": 5 * real, "address": 9 * real}, 4)[:, :len(divided)]
    return Filled(chip, np.zeros((0, len(divided)), np.uint32), main)


def forged(f: Filled) -> Forgery | None:
    lookup = Filled(machine().lookup, lookup_table(), np.ones((4, 1 << 16), np.uint32))
    return Forger(f, range(f.main.shape[1]), offered([lookup]), (), [MEMORY.number]).forge(depth=2)


@pytest.mark.parametrize("limbs", [1, 2])
def test_no_row_leaves_something_else(limbs: int) -> None:
    assert forged(rows_of(limbs)) is None


@pytest.mark.parametrize("without", ["limb 0 of the product", "the difference is"])
def test_without_a_sentence_some_row_does(without: str) -> None:
    assert forged(rows_of(1, without)) is not None
