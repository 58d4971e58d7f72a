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

/// Sums of columns that are packed alike, and at each of the two points the polynomial that the columns under them open to.
pub struct Part<'a> {
    /// Canonical words, five for each point.
    pub values: &'a [u32],
    pub claimed: [Vec<Ext<F>>; 2],
}

/// For every part the quotients by x^k - z^k at both points, all added up.
pub fn deep(threads: usize, parts: Vec<Part>, points: &[Ext<F>; 2], second: &Ext<F>, shift: F) -> Vec<Ext<F>> {
    let size = parts[0].values.len() / 5;
    let domain = domain(size.ilog2() as usize, shift);
    let mut sum = vec![[F::ZERO; 5]; size];
    for part in parts {
        let (count, values) = (part.claimed[0].len(), from_canonical(threads, part.values));
        let at = |k: usize| ext_power(&points[k], count as u64);
        let inverses = [Point::new(&at(0), &ext_one()), Point::new(&at(1), second)];
        let claimed = part.claimed.map(|values| values.iter().map(broadcast).collect::<Vec<Ext<V>>>());
        share(
            threads,
            sum.chunks_mut(CHUNK).zip(values.as_chunks().0.chunks(CHUNK)).zip(domain.chunks(CHUNK)),
            |((sum, values), domain)| {
                let x: Vec<V> = (0..domain.len()).step_by(LANES).map(|row| load_padded(domain, row)).collect();
                let powers: Vec<V> = x.iter().map(|x| x.exp_power_of_2(count.ilog2() as usize)).collect();
                let mut factors = [Vec::new(), Vec::new()];
                inverses.iter().zip(&mut factors).for_each(|(inverse, factors)| inverse.inverses(&powers, factors));
                for (t, (sum, values)) in sum.chunks_mut(LANES).zip(values.chunks(LANES)).enumerate() {
                    let mut total = gather(sum, 0, 1);
                    let value = gather(values, 0, 1);
                    for (claimed, factors) in claimed.iter().zip(&factors) {
                        let opened =
                            claimed.iter().rev().skip(1).fold(claimed[count - 1], |sum, next| ext_add(&ext_scale(&sum, x[t]), next));
                        total = ext_add(&total, &ext_mul(&ext_sub(&value, &opened), &factors[t]));
                    }
                    scatter(&total, sum);
                }
            },
        );
    }
    sum
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
