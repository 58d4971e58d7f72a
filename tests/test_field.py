"""The field, its extension and its transforms agree with galois and with Python integers."""
from __future__ import annotations

import galois
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stark import field
from stark.field import P

RESIDUE = st.integers(0, P - 1) | st.sampled_from([0, 1, 2, P - 1, P - 2, 2**31 - 2**24, 2**24])
EXTENSION = st.lists(RESIDUE, min_size=5, max_size=5).map(lambda words: np.array(words, np.uint64))
GF = galois.GF(P, primitive_element=3, verify=False)
MODULUS = galois.Poly([1, 0, 0, 1, 0, P - 1], field=GF)


def oracle_mul(a: np.ndarray, b: np.ndarray) -> list[int]:
    product = galois.Poly(GF(a[::-1].tolist())) * galois.Poly(GF(b[::-1].tolist())) % MODULUS
    return [int(c) for c in product.coefficients(5, order="asc")]


def test_the_modulus_is_irreducible() -> None:
    """x^(p^5) = x leaves factors of degree 1 and 5 only, each once; x^p != x leaves one of degree 5."""
    x = np.array([0, 1, 0, 0, 0], np.uint64)
    images = [x]
    for _ in range(5):
        images.append(field.ext_power(images[-1], P))
    assert images[5].tolist() == x.tolist() != images[1].tolist()


def test_the_generator_generates() -> None:
    assert P - 1 == 2**24 * 127
    assert pow(3, (P - 1) // 2, P) != 1 and pow(3, (P - 1) // 127, P) != 1


@given(EXTENSION, EXTENSION)
@settings(max_examples=60, deadline=None)
def test_extension_products_agree_with_galois(a: np.ndarray, b: np.ndarray) -> None:
    assert field.ext_mul(a, b).tolist() == oracle_mul(a, b)


@given(st.lists(EXTENSION, min_size=1, max_size=4).map(np.stack))
@settings(max_examples=30, deadline=None)
def test_inverses(a: np.ndarray) -> None:
    expected = np.where(a.any(axis=-1, keepdims=True), field.ONE_EXT, 0)
    assert (field.ext_mul(a, field.ext_inverse(a)) == expected).all()
    assert (field.base_mul(a, field.base_inverse(a)) == (a != 0)).all()
    assert (field.frobenius(a) == field.ext_power(a, P)).all()


@pytest.mark.parametrize("count", [1, 2, 3, 8, 13])
def test_powers(count: int) -> None:
    x = np.array([5, 1, P - 1, 0, 7], np.uint64)
    assert field.powers_of(12345678, count).tolist() == [pow(12345678, k, P) for k in range(count)]
    assert [row.tolist() for row in field.ext_powers_of(x, count)] == [field.ext_power(x, k).tolist() for k in range(count)]


@pytest.mark.parametrize("log_size", [0, 1, 2, 5, 8])
def test_transform_agrees_with_galois(log_size: int) -> None:
    values = np.random.default_rng(log_size).integers(0, P, (2, 1 << log_size)).astype(np.uint64)
    transformed = field.ntt(values)
    points = GF(field.powers_of(field.root_of_unity(log_size), 1 << log_size).tolist())
    for row, result in zip(values, transformed, strict=True):
        assert galois.Poly(GF(row[::-1].tolist()))(points).tolist() == result.tolist()
    assert (field.ntt(transformed, inverse=True) == values).all()


@pytest.mark.parametrize(("log_size", "log_blowup", "shift"), [(0, 1, 3), (3, 1, 3), (3, 2, 9), (4, 0, 1)])
def test_coset_evaluation(log_size: int, log_blowup: int, shift: int) -> None:
    coefficients = np.random.default_rng(7).integers(0, P, 1 << log_size).astype(np.uint64)
    values = field.evaluate_on_coset(coefficients, log_blowup, shift)
    points = GF(field.domain(log_size + log_blowup, shift).tolist())
    assert galois.Poly(GF(coefficients[::-1].tolist()))(points).tolist() == values.tolist()
    back = field.interpolate_on_coset(values, shift)
    assert back[:1 << log_size].tolist() == coefficients.tolist() and not back[1 << log_size:].any()


def test_there_is_no_root_of_a_larger_order() -> None:
    with pytest.raises(ValueError, match="2\\^25"):
        field.root_of_unity(25)
