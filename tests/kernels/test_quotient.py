"""The quotient is what the verifier checks: weighted constraints at a point over the vanishing polynomial."""
from __future__ import annotations

import numpy as np
import pytest

from stark import field
from stark.field import P
from stark.kernels.protocol import Kernels
from tests.kernels.chips import CONSTANT, FIXED, MAIN, MAIN_NEXT, PUBLIC, SELECTOR, SLOT, Chip, Code, make_round, operand
from tests.kernels.values import REFERENCE, at, residues, wide


def counter_chip(log_height: int, messages: int) -> Chip:
    """x grows by one from the public start; each row sends x and receives it, so that the sums are zero."""
    height = 1 << log_height
    x, after, one, minus_one = operand(MAIN), operand(MAIN_NEXT), operand(CONSTANT), operand(CONSTANT, 1)
    first, transition = operand(SELECTOR, 0), operand(SELECTOR, 2)
    step, start, same = (operand(SLOT, k) for k in range(3))
    code = [(1, after, x, 0), (1, step, one, 0), (2, step, transition, 0),      # transition * (next - x - 1)
            (1, x, operand(PUBLIC), 1), (2, start, first, 1),                   # first * (x - public)
            (1, x, operand(FIXED), 2)]                                          # x - fixed
    sent = [(4, (one, minus_one)[k % 2], (x, after)) for k in range(messages)]
    flat = Code(np.array(code, np.uint32), 3, np.array([1, P - 1], np.uint32), np.array([step, start, same], np.uint32), sent)
    column = (np.arange(height, dtype=np.uint32) + 77)[None]
    return Chip(flat, log_height, column, column.copy())


@pytest.mark.parametrize(("heights", "messages", "log_blowup"), [
    ([4], 2, 1), ([0, 3, 3, 6], 3, 1), ([2, 9], 4, 2), ([5], 0, 3), ([1, 4], 1, 1)])
def test_the_quotient_identity_holds_at_a_point(kernels: Kernels, heights: list[int], messages: int, log_blowup: int) -> None:
    """What the verifier checks: q(z) = sum of weighted constraints at z over the vanishing polynomial, chip by chip."""
    rng = np.random.default_rng(5)
    public = np.array([77], np.uint32)
    made = make_round(kernels, rng, [counter_chip(height, messages) for height in heights], log_blowup, public)
    log_rows = made.log_rows
    halves = kernels.quotient(made.jobs, log_rows, log_blowup)
    assert halves.shape == (10, 1 << log_rows) and halves.dtype == np.uint32
    z = wide(residues(rng, 5))
    q = np.zeros(5, np.uint64)
    for k, column in enumerate(field.ntt(wide(halves), inverse=True)):
        basis = np.eye(5, dtype=np.uint64)[k % 5]
        term = field.ext_mul(np.array(at(column, z), np.uint64), basis)
        q = (q + (field.ext_mul(term, field.ext_power(z, 1 << log_rows)) if k >= 5 else term)) % P

    expected = np.zeros(5, np.uint64)
    for job, (logup, _) in zip(made.jobs, made.logup, strict=True):
        height = 1 << job.log_height
        x = field.ext_power(z, 1 << (log_rows - job.log_height))
        root = field.root_of_unity(job.log_height)
        one = field.ONE_EXT

        def mul(*values: np.ndarray) -> np.ndarray:
            out = values[0]
            for value in values[1:]:
                out = field.ext_mul(out, value)
            return out

        def minus(a: np.ndarray, b: np.ndarray) -> np.ndarray:
            return (a + P - b) % P

        last_point = field.embed(np.array(pow(root, P - 2, P), np.uint64))
        vanishing = minus(field.ext_power(x, height), one)
        first, transition = mul(vanishing, field.ext_inverse(minus(x, one))), minus(x, last_point)
        last = mul(vanishing, field.ext_inverse(transition))
        trace = field.ntt((np.arange(height, dtype=np.uint64) + 77)[None], inverse=True)[0]
        here, after = (np.array(at(trace, point), np.uint64) for point in (x, x * root % P))
        values = [mul(transition, minus(minus(after, here), one)), mul(first, minus(here, field.embed(np.array(77, np.uint64)))), one * 0]
        if messages:
            columns = field.ntt(wide(logup), inverse=True)

            def ext_column(c: int, point: np.ndarray, columns: np.ndarray = columns) -> np.ndarray:
                parts = [field.ext_mul(np.array(at(columns[5 * c + k], point), np.uint64), np.eye(5, dtype=np.uint64)[k]) for k in range(5)]
                return np.sum(parts, axis=0, dtype=np.uint64) % P

            gamma, beta = wide(job.gamma), wide(job.beta)
            d = (gamma + field.embed(np.array(4, np.uint64)) + mul(beta, (here + mul(beta, after)) % P)) % P
            signs = [one if k % 2 == 0 else minus(one * 0, one) for k in range(messages)]
            others = one * 0
            for c, k in enumerate(range(1, messages, 2)):
                pair = ext_column(c, x)
                others = (others + pair) % P
                if k + 1 < messages:
                    values.append(minus(mul(pair, d, d), (mul(signs[k], d) + mul(signs[k + 1], d)) % P))
                else:
                    values.append(minus(mul(pair, d), signs[k]))
            running, running_next = ext_column(messages // 2, x), ext_column(messages // 2, x * root % P)
            values.append(mul(first, running))
            values.append(mul(transition, minus(mul(minus(minus(running_next, running), others), d), signs[0])))
            values.append(mul(last, minus(mul(minus(minus(wide(job.total), running), others), d), signs[0])))
            if messages % 2 == 0:
                assert not job.total.any()
        total = np.sum([mul(v, w) for v, w in zip(values, wide(job.weights), strict=True)], axis=0, dtype=np.uint64) % P
        expected = (expected + mul(total, field.ext_inverse(vanishing))) % P
    assert q.tolist() == expected.tolist()


def test_columns_of_many_pieces_agree(other: Kernels) -> None:
    """Threads take packed columns apart in pieces of 2^14 rows, on both halves: here two chips have two pieces and share a column."""
    results = []
    for kernels in (other, REFERENCE):
        rng = np.random.default_rng(6)
        chips = [counter_chip(height, 1) for height in (3, 15, 15, 16)]
        for chip in chips:
            chip.main[:] = residues(rng, *chip.main.shape)
        made = make_round(kernels, rng, chips, 1, residues(rng, 1), 2)
        points = residues(rng, 2, 5)
        results.append([kernels.quotient(made.jobs, made.log_rows, 1).tobytes(),
                        *(commitment.evaluate(made.log_rows, points).tobytes() for commitment in made.commitments)])
        for pack, own in made.shared.items():
            weights = [residues(rng, width, 5) for _, width in own]
            results[-1].append(kernels.combine([c for c, _ in own], weights, pack, made.log_rows + 1).tobytes())
    assert [len(part) for part in results[0]] == [len(part) for part in results[1]] and results[0] == results[1]
