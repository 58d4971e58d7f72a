"""Each kernel set does what the protocol says, and all of them give the same words."""
from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stark import field, poseidon2
from stark.field import P
from stark.kernels import load
from stark.kernels.protocol import U32, Commitment, Kernels
from tests.kernels.chips import Chip, Code, make_round, random_chip, residues

REFERENCE = load("reference")
WITHOUT_RUST = importlib.util.find_spec("longrun_native") is None
SETS = ["reference", pytest.param("native", marks=pytest.mark.skipif(WITHOUT_RUST, reason="longrun-native is not installed"))]
SEED = st.integers(0, 2**32)
EXAMPLES = settings(max_examples=25, deadline=None)


@pytest.fixture(scope="module", params=SETS)
def kernels(request: pytest.FixtureRequest) -> Kernels:
    return load(request.param, threads=2)


def wide(array: U32) -> np.ndarray:
    return array.astype(np.uint64)


def at(coefficients: np.ndarray, point: np.ndarray) -> list[int]:
    """A polynomial with base coefficients at an extension point."""
    powers = field.ext_powers_of(point, len(coefficients))
    return [int(sum(int(c) * int(p[k]) for c, p in zip(coefficients, powers, strict=True)) % P) for k in range(5)]


# --- permutation

def test_known_answers(kernels: Kernels) -> None:
    """What the default permutation of p3-koala-bear 0.8.0 gives."""
    states = np.array([[0] * 16, list(range(16)), [P - 1] * 16], np.uint32)
    assert kernels.permute(states).tolist() == KNOWN


@given(SEED, st.integers(0, 40))
@EXAMPLES
def test_permutations_agree(kernels: Kernels, seed: int, count: int) -> None:
    states = residues(np.random.default_rng(seed), count, 16)
    expected = poseidon2.permute(wide(states))
    assert kernels.permute(states).tolist() == expected.tolist()
    trace = kernels.trace_permutations(states)
    assert trace.shape == (148, count) and trace.dtype == np.uint32
    assert trace.tolist() == REFERENCE.trace_permutations(states).tolist()
    assert trace[132:].T.tolist() == expected.tolist()


# --- commitments

@st.composite
def shapes(draw: st.DrawFn) -> tuple[list[tuple[int, int]], int, int, int]:
    """(width, log height) from short to tall, log_rows, log_blowup, log_cap."""
    heights = sorted(draw(st.lists(st.integers(0, 7), min_size=1, max_size=4)))
    widths = [draw(st.integers(1, 20)) for _ in heights]
    log_blowup = draw(st.integers(1, 3))
    log_cap = draw(st.integers(0, min(4, heights[0] + log_blowup)))
    return list(zip(widths, heights, strict=True)), heights[-1] + draw(st.integers(0, 2)), log_blowup, log_cap


def root_of(opened: np.ndarray, index: int, groups: dict[int, int], top: int, log_cap: int) -> list[int]:
    """The digest in the cap that one leaf's opening leads to; `groups` is level -> width."""
    rows, at_word = {}, 0
    for level in sorted(groups):
        rows[level] = opened[at_word:at_word + groups[level]]
        at_word += groups[level]
    siblings = iter(opened[at_word:].reshape(-1, 8))
    digest = poseidon2.sponge(rows[top][None])
    for level in range(top, log_cap, -1):
        pair = [digest, next(siblings)[None]]
        digest = poseidon2.compress(*(pair if not index >> (top - level) & 1 else pair[::-1]))
        if level - 1 in rows:
            digest = poseidon2.compress(poseidon2.sponge(rows[level - 1][None]), digest)
    assert next(siblings, None) is None
    return [int(word) for word in digest[0]]


@given(SEED, shapes())
@EXAMPLES
def test_commitments_open_to_the_extended_rows(kernels: Kernels, seed: int, shape: tuple[list[tuple[int, int]], int, int, int]) -> None:
    rng = np.random.default_rng(seed)
    sizes, log_rows, log_blowup, log_cap = shape
    matrices = [residues(rng, width, 1 << height) for width, height in sizes]
    commitment = kernels.commit(matrices, log_rows, log_blowup, log_cap)
    expected = REFERENCE.commit(matrices, log_rows, log_blowup, log_cap)
    top = sizes[-1][1] + log_blowup
    assert commitment.log_height == top
    assert commitment.cap.dtype == np.uint32 and commitment.cap.tolist() == expected.cap.tolist()
    indices = rng.integers(0, 1 << top, 5)
    assert commitment.open(indices).tolist() == expected.open(indices).tolist()

    index = int(indices[0])
    opened = wide(commitment.open(np.array([index])))
    groups: dict[int, int] = {}
    for width, height in sizes:
        groups[height + log_blowup] = groups.get(height + log_blowup, 0) + width
    assert root_of(opened, index, groups, top, log_cap) == commitment.cap[index >> (top - log_cap)].tolist()
    words = iter(opened)
    for matrix, (width, height) in zip(matrices, sizes, strict=True):
        level = height + log_blowup
        row = int(field.bit_reversal(level)[index >> (top - level)])
        point = pow(3, 1 << (log_rows - height), P) * pow(field.root_of_unity(level), row, P) % P
        coefficients = field.ntt(wide(matrix), inverse=True)
        for column in range(width):
            assert int(next(words)) == at(coefficients[column], field.embed(np.array(point, np.uint64)))[0]


@given(SEED, shapes())
@EXAMPLES
def test_columns_at_a_point(kernels: Kernels, seed: int, shape: tuple[list[tuple[int, int]], int, int, int]) -> None:
    rng = np.random.default_rng(seed)
    sizes, log_rows, log_blowup, log_cap = shape
    matrices = [residues(rng, width, 1 << height) for width, height in sizes]
    commitment = kernels.commit(matrices, log_rows, log_blowup, log_cap)
    points = [residues(rng, 5), np.array([3, 0, 0, 0, 0], np.uint32), np.zeros(5, np.uint32), np.array([1, 0, 0, 0, 0], np.uint32)]
    for point in points:
        expected = []
        for matrix, (_, height) in zip(matrices, sizes, strict=True):
            inner = field.ext_power(wide(point), 1 << (log_rows - height))
            expected += [at(column, inner) for column in field.ntt(wide(matrix), inverse=True)]
        assert commitment.evaluate(log_rows, point).tolist() == expected


@given(SEED, st.integers(0, 6), st.integers(1, 40), st.integers(0, 3))
@EXAMPLES
def test_trees_over_rows(kernels: Kernels, seed: int, log_height: int, width: int, log_cap: int) -> None:
    rng = np.random.default_rng(seed)
    rows, log_cap = residues(rng, 1 << log_height, width), min(log_cap, log_height)
    commitment = kernels.commit_rows(rows, log_cap)
    assert commitment.log_height == log_height
    for index in {0, (1 << log_height) - 1}:
        opened = wide(commitment.open(np.array([index])))
        assert opened[:width].tolist() == rows[index].tolist()
        assert root_of(opened, index, {log_height: width}, log_height, log_cap) == commitment.cap[index >> (log_height - log_cap)].tolist()


def test_a_commitment_outlives_its_matrices(kernels: Kernels) -> None:
    matrix = np.arange(32, dtype=np.uint32).reshape(2, 16)
    commitment = kernels.commit([matrix], 4, 1, 1)
    before = commitment.open(np.array([3, 9])).tolist()
    matrix[:] = 0
    assert commitment.open(np.array([3, 9])).tolist() == before


# --- logup and quotient

@given(SEED, st.lists(st.integers(0, 9), min_size=1, max_size=3), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_random_chips_agree(kernels: Kernels, seed: int, heights: list[int], log_blowup: int) -> None:
    """Columns that satisfy nothing: the words must agree all the same."""
    results = []
    for one in (kernels, REFERENCE):
        rng = np.random.default_rng(seed)
        public = residues(rng, 2)
        chips = [random_chip(rng, height, len(public)) for height in sorted(heights)]
        made = make_round(one, rng, chips, log_blowup, public)
        weights = [residues(rng, len(c.evaluate(made.log_rows, public.repeat(5)[:5])), 5) for c in made.commitments]
        results.append([[part.tolist() for pair in made.logup for part in pair],
                        one.quotient(made.jobs, made.log_rows, log_blowup).tolist(),
                        one.combine(made.commitments, weights, made.log_rows + log_blowup).tolist()])
    for ours, theirs in zip(*results, strict=True):
        assert ours == theirs


MAIN, NEXT, FIXED, SLOT, CONSTANT, PUBLIC, SELECTOR = 4, 5, 2, 0, 1, 6, 7


def counter_chip(log_height: int, messages: int) -> Chip:
    """x grows by one from the public start; each row sends x and receives it, so that the sums are zero."""
    height = 1 << log_height
    code = [(1, 0 << 3 | NEXT, 0 << 3 | MAIN, 0), (1, 0 << 3 | SLOT, 0 << 3 | CONSTANT, 0),
            (2, 0 << 3 | SLOT, 2 << 3 | SELECTOR, 0),                                   # transition * (next - x - 1)
            (1, 0 << 3 | MAIN, 0 << 3 | PUBLIC, 1), (2, 1 << 3 | SLOT, 0 << 3 | SELECTOR, 1),
            (1, 0 << 3 | MAIN, 0 << 3 | FIXED, 2)]                                      # x - fixed
    sign = [0 << 3 | CONSTANT, 1 << 3 | CONSTANT]
    flat = Code(np.array(code, np.uint32), 3, np.array([1, P - 1], np.uint32),
                np.array([0 << 3 | SLOT, 1 << 3 | SLOT, 2 << 3 | SLOT], np.uint32),
                [(4, sign[k % 2], (0 << 3 | MAIN, 0 << 3 | NEXT)) for k in range(messages)])
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


# --- openings and the low-degree test

@given(SEED, st.integers(0, 8), st.sampled_from([1, 3, 9, P - 5]))
@EXAMPLES
def test_deep_quotients(kernels: Kernels, seed: int, log_size: int, shift: int) -> None:
    rng = np.random.default_rng(seed)
    combined, claimed, points, second = residues(rng, 1 << log_size, 5), residues(rng, 2, 5), residues(rng, 2, 5), residues(rng, 5)
    result = kernels.deep(combined, claimed, points, second, shift)
    i = int(rng.integers(1 << log_size))
    x = field.embed(field.domain(log_size, shift)[i])
    terms = [field.ext_mul((wide(combined[i]) + P - wide(claimed[k])) % P, field.ext_inverse((x + P - wide(points[k])) % P))
             for k in range(2)]
    assert result[i].tolist() == ((terms[0] + field.ext_mul(terms[1], wide(second))) % P).tolist()
    assert result.tolist() == REFERENCE.deep(combined, claimed, points, second, shift).tolist()


@given(SEED, st.integers(0, 8), st.integers(0, 3), st.sampled_from([1, 3, 27]))
@EXAMPLES
def test_folding_is_evaluation_of_mixed_halves(kernels: Kernels, seed: int, log_size: int, log_arity: int, shift: int) -> None:
    rng = np.random.default_rng(seed)
    log_arity = min(log_arity, log_size)
    values, challenge = residues(rng, 1 << log_size, 5), residues(rng, 5)
    folded = kernels.fold(values, log_arity, challenge, shift)
    assert folded.tolist() == REFERENCE.fold(values, log_arity, challenge, shift).tolist()
    coefficients, weight = wide(kernels.interpolate(values, shift)), wide(challenge)
    for _ in range(log_arity):                          # p = even(x^2) + x odd(x^2) becomes 2 * (even + challenge * odd)
        coefficients = 2 * (coefficients[0::2] + field.ext_mul(coefficients[1::2], weight)) % P
        weight = field.ext_mul(weight, weight)
    again = kernels.interpolate(folded, pow(shift, 1 << log_arity, P))
    assert again.tolist() == coefficients.tolist()
    back = field.evaluate_on_coset(wide(kernels.interpolate(values, shift)).T, 0, shift)
    assert back.T.tolist() == values.tolist()


@given(SEED, st.integers(0, 8))
@EXAMPLES
def test_the_nonce_is_the_smallest(kernels: Kernels, seed: int, bits: int) -> None:
    state = residues(np.random.default_rng(seed), 16)
    nonce = kernels.grind(state, bits)
    trials = np.tile(wide(state), (nonce + 1, 1))
    trials[:, :8] = 0
    trials[:, 0] = np.arange(nonce + 1)
    low = poseidon2.permute(trials)[:, 0] & ((1 << bits) - 1)
    assert low[-1] == 0 and low[:-1].all()


# --- refusals

def ones(*shape: int) -> U32:
    return np.ones(shape, np.uint32)


def committed(kernels: Kernels) -> Commitment:
    return kernels.commit([ones(2, 8)], 3, 1, 0)


REFUSED = {
    "height that is no power of two": lambda k: k.commit([ones(2, 6)], 3, 1, 0),
    "no matrix": lambda k: k.commit([], 3, 1, 0),
    "no column": lambda k: k.commit([ones(0, 8)], 3, 1, 0),
    "tall before short": lambda k: k.commit([ones(1, 8), ones(1, 4)], 3, 1, 0),
    "taller than the tallest": lambda k: k.commit([ones(1, 8)], 2, 1, 0),
    "shorter than the cap": lambda k: k.commit([ones(1, 2), ones(1, 8)], 3, 1, 3),
    "domain larger than the field's": lambda k: k.commit([ones(1, 8)], 3, 22, 0),
    "rows that are no power of two": lambda k: k.commit_rows(ones(3, 2), 0),
    "fewer rows than the cap": lambda k: k.commit_rows(ones(2, 2), 2),
    "leaf that does not exist": lambda k: committed(k).open(np.array([16])),
    "negative leaf": lambda k: committed(k).open(np.array([-1])),
    "evaluation under a smaller tallest": lambda k: committed(k).evaluate(2, ones(5)),
    "evaluation of rows": lambda k: k.commit_rows(ones(2, 2), 0).evaluate(3, ones(5)),
    "weights of another width": lambda k: k.combine([committed(k)], [ones(3, 5)], 4),
    "weights of another count": lambda k: k.combine([committed(k)], [], 4),
    "domain shorter than a column": lambda k: k.combine([committed(k)], [ones(2, 5)], 3),
    "more folding than values": lambda k: k.fold(ones(4, 5), 3, ones(5), 3),
    "values that are no extension": lambda k: k.interpolate(ones(4, 4), 3),
    "state of another width": lambda k: k.permute(ones(4, 15)),
    "short state": lambda k: k.grind(ones(15), 3),
    "too much grinding": lambda k: k.grind(ones(16), 31),
}


@pytest.mark.parametrize("what", REFUSED)
def test_wrong_shapes_are_refused(kernels: Kernels, what: str) -> None:
    with pytest.raises(ValueError):
        REFUSED[what](kernels)


BAD_CODE = {
    "operand that does not exist": Code(np.array([[0, 9 << 3 | MAIN, MAIN, 0]], np.uint32), 1, ones(0), ones(0), []),
    "slot that does not exist": Code(np.array([[0, MAIN, MAIN, 1]], np.uint32), 1, ones(0), ones(0), []),
    "operation that does not exist": Code(np.array([[3, MAIN, MAIN, 0]], np.uint32), 1, ones(0), ones(0), []),
    "requirement that does not exist": Code(np.zeros((0, 4), np.uint32), 0, ones(0), np.array([CONSTANT], np.uint32), []),
}


@pytest.mark.parametrize("what", BAD_CODE)
def test_wrong_code_is_refused(kernels: Kernels, what: str) -> None:
    flat, rng = BAD_CODE[what], np.random.default_rng(1)
    with pytest.raises(ValueError):
        made = make_round(kernels, rng, [Chip(flat, 2, ones(0, 4), ones(1, 4))], 1, ones(0))
        kernels.quotient(made.jobs, 2, 1)


KNOWN = [
    [1467453764, 68262570, 2085334433, 1711169726, 869537427, 698494029, 1998923102, 727938840,
     1236421175, 857433239, 1995651691, 1526804549, 968729910, 15322618, 1511105384, 1900792116],
    [1259554834, 663463928, 1989430097, 476523442, 836740795, 1803459961, 1229318262, 2023956904,
     2054405130, 1556655036, 1455339712, 1471465890, 423337459, 353979748, 1203410294, 1592576868],
    [2099104886, 1135614414, 2072416469, 1694003856, 938430089, 977761515, 890195797, 1576442388,
     1081657563, 1229705866, 850266868, 1739002224, 1460530344, 1003261640, 2107563608, 1028339170],
]
