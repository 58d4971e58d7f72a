//! The degree-5 extension modulo X^5 + X^2 - 1, over elements or over vectors of them.
use std::sync::OnceLock;

use p3_field::{Algebra, PrimeCharacteristicRing};

use crate::field::{F, ORDER, Ring, V, base_inverse};

pub type Ext<R> = [R; 5];

pub fn ext_from(words: &[u32]) -> Ext<F> {
    std::array::from_fn(|k| F::new(words[k]))
}

pub fn broadcast(a: &Ext<F>) -> Ext<V> {
    a.map(V::from)
}

pub fn ext_add<R: Ring>(a: &Ext<R>, b: &Ext<R>) -> Ext<R> {
    std::array::from_fn(|k| a[k] + b[k])
}

pub fn ext_sub<R: Ring>(a: &Ext<R>, b: &Ext<R>) -> Ext<R> {
    std::array::from_fn(|k| a[k] - b[k])
}

pub fn ext_scale<R: Ring>(a: &Ext<R>, b: R) -> Ext<R> {
    a.map(|word| word * b)
}

#[inline(always)]
pub fn ext_mul<R: Ring>(a: &Ext<R>, b: &Ext<R>) -> Ext<R> {
    let b14 = b[1] - b[4];
    let b03 = b[0] - b[3];
    let b42 = b[4] - b[2];
    let b314 = b[3] - b14;
    [
        R::dot_product(a, &[b[0], b[4], b[3], b[2], b14]),
        R::dot_product(a, &[b[1], b[0], b[4], b[3], b[2]]),
        R::dot_product(a, &[b[2], b14, b03, b42, b314]),
        R::dot_product(a, &[b[3], b[2], b14, b03, b42]),
        R::dot_product(a, &[b[4], b[3], b[2], b14, b03]),
    ]
}

/// The matrix of multiplication with a constant: coordinate k of the product is a sum over the rows of its k-th part.
pub fn multiplication(constant: &Ext<F>) -> [[F; 5]; 5] {
    let images: [Ext<F>; 5] = std::array::from_fn(|j| {
        let mut basis = [F::ZERO; 5];
        basis[j] = F::ONE;
        ext_mul(constant, &basis)
    });
    std::array::from_fn(|k| std::array::from_fn(|j| images[j][k]))
}

/// A product with a constant, by its matrix.
#[inline(always)]
pub fn multiply(a: &Ext<V>, matrix: &[[F; 5]; 5]) -> Ext<V> {
    std::array::from_fn(|k| V::mixed_dot_product(a, &matrix[k]))
}

pub fn ext_one<R: Ring>() -> Ext<R> {
    [R::ONE, R::ZERO, R::ZERO, R::ZERO, R::ZERO]
}

pub fn ext_power(a: &Ext<F>, mut exponent: u64) -> Ext<F> {
    let (mut result, mut square) = (ext_one(), *a);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = ext_mul(&result, &square);
        }
        square = ext_mul(&square, &square);
        exponent >>= 1;
    }
    result
}

/// (X^k)^p for k = 0..4.
fn frobenius_images() -> &'static [Ext<F>; 5] {
    static IMAGES: OnceLock<[Ext<F>; 5]> = OnceLock::new();
    IMAGES.get_or_init(|| {
        let image = ext_power(&[F::ZERO, F::ONE, F::ZERO, F::ZERO, F::ZERO], ORDER);
        std::array::from_fn(|k| ext_power(&image, k as u64))
    })
}

pub fn frobenius<R: Ring>(a: &Ext<R>) -> Ext<R> {
    let images = frobenius_images();
    std::array::from_fn(|j| (1..5).fold(a[0] * R::from(images[0][j]), |sum, k| sum + a[k] * R::from(images[k][j])))
}

/// Zero has the inverse zero.
pub fn ext_inverse<R: Ring>(a: &Ext<R>) -> Ext<R> {
    let first = frobenius(a);
    let pair = ext_mul(&first, &frobenius(&first));
    let rest = ext_mul(&pair, &frobenius(&frobenius(&pair)));
    let norm = ext_mul(a, &rest)[0];
    ext_scale(&rest, base_inverse(norm))
}
