//! Inverses of x - z for many base points x and one extension point z.
//!
//! The product of x - z and its conjugates is a polynomial in x with base coefficients: only base values need to be inverted.
use p3_field::{Algebra, PackedValue, PrimeCharacteristicRing};

use crate::field::*;

pub struct Point {
    /// Coordinate k of the product of the conjugates' x - z_i, as a polynomial in x.
    cofactor: [[F; 5]; 5],
    /// Coefficients below x^5 of the product with x - z itself.
    norm: [F; 5],
}

/// The product of x - root over some roots.
fn from_roots(roots: &[Ext<F>]) -> Vec<Ext<F>> {
    let mut polynomial = vec![ext_one()];
    for root in roots {
        let shifted = std::iter::once([F::ZERO; 5]).chain(polynomial.iter().copied());
        let scaled = polynomial.iter().map(|c| ext_mul(c, root)).chain(std::iter::once([F::ZERO; 5]));
        polynomial = shifted.zip(scaled).map(|(a, b)| ext_sub(&a, &b)).collect();
    }
    polynomial
}

impl Point {
    /// Inverses come out times `factor`.
    pub fn new(z: &Ext<F>, factor: &Ext<F>) -> Self {
        let conjugates: Vec<Ext<F>> = std::iter::successors(Some(*z), |z| Some(frobenius(z))).take(5).collect();
        let norm = from_roots(&conjugates);
        let cofactor: Vec<Ext<F>> = from_roots(&conjugates[1..]).iter().map(|c| ext_mul(c, factor)).collect();
        Self { cofactor: std::array::from_fn(|k| std::array::from_fn(|j| cofactor[j][k])), norm: std::array::from_fn(|j| norm[j][0]) }
    }

    /// factor / (x - z) for each x; zero where x is z.
    pub fn inverses(&self, points: &[V], out: &mut Vec<Ext<V>>) {
        out.clear();
        let mut norms = Vec::with_capacity(points.len());
        let mut product = V::ONE;
        for &x in points {
            let square = x.square();
            let powers = [V::ONE, x, square, square * x, square.square()];
            let norm = V::mixed_dot_product(&powers, &self.norm) + powers[4] * x;
            out.push(std::array::from_fn(|k| V::mixed_dot_product(&powers, &self.cofactor[k])));
            norms.push((norm, product));
            product *= norm;
        }
        if product.as_slice().contains(&F::ZERO) {
            out.iter_mut().zip(norms).for_each(|(value, (norm, _))| *value = ext_scale(value, base_inverse(norm)));
            return;
        }
        let mut rest = base_inverse(product);
        for (value, (norm, before)) in out.iter_mut().zip(norms).rev() {
            *value = ext_scale(value, rest * before);
            rest *= norm;
        }
    }
}
