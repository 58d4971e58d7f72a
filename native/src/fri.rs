//! The low-degree test's arithmetic: quotients by points, folding, the last polynomial.
use p3_field::{PackedValue, PrimeCharacteristicRing};

use crate::field::*;
use crate::memory::unwritten;
use crate::point::Point;
use crate::threads::share;
use crate::transform::{roots, to_coefficients};

const CHUNK: usize = 1024;

/// LANES rows, every `stride`-th from `first` on, coordinate by coordinate; rows past the end are zero.
fn gather(rows: &[Ext<F>], first: usize, stride: usize) -> Ext<V> {
    std::array::from_fn(|k| V::from_fn(|lane| rows.get(first + lane * stride).map_or(F::ZERO, |row| row[k])))
}

fn scatter(vectors: &Ext<V>, rows: &mut [Ext<F>]) {
    for (lane, row) in rows.iter_mut().take(LANES).enumerate() {
        *row = std::array::from_fn(|k| vectors[k].as_slice()[lane]);
    }
}

pub fn deep(threads: usize, values: &mut [Ext<F>], claimed: &[Ext<F>; 2], points: &[Ext<F>; 2], second: &Ext<F>, shift: F) {
    let domain = domain(values.len().ilog2() as usize, shift);
    let inverses = [Point::new(&points[0], &ext_one()), Point::new(&points[1], second)];
    let claimed = [broadcast(&claimed[0]), broadcast(&claimed[1])];
    share(threads, values.chunks_mut(CHUNK).zip(domain.chunks(CHUNK)), |(values, domain)| {
        let x: Vec<V> = (0..domain.len()).step_by(LANES).map(|row| load_padded(domain, row)).collect();
        let mut factors = [Vec::new(), Vec::new()];
        inverses.iter().zip(&mut factors).for_each(|(inverse, factors)| inverse.inverses(&x, factors));
        for (t, rows) in values.chunks_mut(LANES).enumerate() {
            let value = gather(rows, 0, 1);
            let [a, b] = std::array::from_fn(|k| ext_mul(&ext_sub(&value, &claimed[k]), &factors[k][t]));
            scatter(&ext_add(&a, &b), rows);
        }
    });
}

pub fn fold(threads: usize, values: &[Ext<F>], log_arity: usize, challenge: &Ext<F>, shift: F) -> Vec<Ext<F>> {
    let (mut challenge, mut shift) = (*challenge, shift);
    let mut values = values.to_vec();
    for _ in 0..log_arity {
        let half = values.len() / 2;
        let inverses = inverse_domain_of_half(values.len().ilog2() as usize, shift);
        let product = multiplication(&challenge);
        let mut folded = unwritten(half);
        share(
            threads,
            folded.chunks_mut(CHUNK).zip(values.chunks(2 * CHUNK)).zip(inverses.chunks(CHUNK)),
            |((folded, values), inverses)| {
                for (t, folded) in folded.chunks_mut(LANES).enumerate() {
                    let [even, odd] = [0, 1].map(|parity| gather(values, 2 * t * LANES + parity, 2));
                    let difference = ext_scale(&ext_sub(&even, &odd), load_padded(inverses, t * LANES));
                    let weighted = multiply(&difference, &product);
                    scatter(&ext_add(&ext_add(&even, &odd), &weighted), folded);
                }
            },
        );
        values = folded;
        challenge = ext_mul(&challenge, &challenge);
        shift = shift.square();
    }
    values
}

/// 1/x for the points of even index.
fn inverse_domain_of_half(log_size: usize, shift: F) -> Vec<F> {
    let mut out = vec![base_inverse(shift)];
    for level in 2..=log_size {
        let root = base_inverse(root_of_unity(level));
        double_with(&mut out, root);
    }
    out
}

pub fn interpolate(values: &[Ext<F>], shift: F) -> Vec<Ext<F>> {
    let roots = roots(values.len().ilog2() as usize);
    let unit = base_inverse(F::from_usize(values.len()));
    let mut scale = powers(base_inverse(shift), values.len());
    scale_all(&mut scale, unit);
    let mut out = unwritten::<Ext<F>>(values.len());
    for k in 0..5 {
        let mut column: Vec<F> = values.iter().map(|value| value[k]).collect();
        to_coefficients(&mut column, &roots);
        out.iter_mut().zip(column).zip(&scale).for_each(|((value, word), &scale)| value[k] = word * scale);
    }
    out
}
