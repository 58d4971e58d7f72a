//! The low-degree test's arithmetic: quotients by points, folding, the last polynomial.
use p3_field::PrimeCharacteristicRing;

use crate::field::*;
use crate::open::{domain, gather, invert_all, load_padded, scatter};
use crate::threads::share;
use crate::transform::{reverse_bits, roots, to_coefficients};

const CHUNK: usize = 1024;

pub fn deep(threads: usize, values: &mut [Ext<F>], claimed: &[Ext<F>; 2], points: &[Ext<F>; 2], second: &Ext<F>, shift: F) {
    let domain = domain(values.len().ilog2() as usize, shift);
    let weights = [ext_one(), broadcast(second)];
    share(threads, values.chunks_mut(CHUNK).zip(domain.chunks(CHUNK)), |(values, domain)| {
        let mut denominators = Vec::with_capacity(2 * CHUNK.div_ceil(LANES));
        for first in (0..values.len()).step_by(LANES) {
            for point in points {
                let mut difference = broadcast(point).map(|word| -word);
                difference[0] += load_padded(domain, first);
                denominators.push(difference);
            }
        }
        invert_all(&mut denominators);
        for (pair, first) in denominators.chunks(2).zip((0..values.len()).step_by(LANES)) {
            let value = gather(values, first);
            let mut sum = [V::ZERO; 5];
            for k in 0..2 {
                let quotient = ext_mul(&ext_sub(&value, &broadcast(&claimed[k])), &pair[k]);
                sum = ext_add(&sum, &ext_mul(&quotient, &weights[k]));
            }
            scatter(&sum, &mut values[first..]);
        }
    });
}

pub fn fold(threads: usize, values: &[Ext<F>], log_arity: usize, challenge: &Ext<F>, shift: F) -> Vec<Ext<F>> {
    let log_size = values.len().ilog2() as usize;
    let (mut challenge, mut shift) = (*challenge, shift);
    let mut values = values.to_vec();
    for step in 0..log_arity {
        let log_half = log_size - step - 1;
        let (half, scale) = (1 << log_half, base_inverse(shift));
        let powers = powers(base_inverse(root_of_unity(log_half + 1)), half);
        let inverses: Vec<F> = (0..half).map(|i| scale * powers[reverse_bits(i, log_half)]).collect();
        let mut folded = vec![[F::ZERO; 5]; half];
        share(threads, folded.chunks_mut(CHUNK).zip(values.chunks(2 * CHUNK)).zip(inverses.chunks(CHUNK)), |((folded, values), inverses)| {
            for ((folded, pair), &inverse) in folded.iter_mut().zip(values.chunks(2)).zip(inverses) {
                let difference = ext_scale(&ext_sub(&pair[0], &pair[1]), inverse);
                *folded = ext_add(&ext_add(&pair[0], &pair[1]), &ext_mul(&difference, &challenge));
            }
        });
        values = folded;
        challenge = ext_mul(&challenge, &challenge);
        shift = shift.square();
    }
    values
}

pub fn interpolate(values: &[Ext<F>], shift: F) -> Vec<Ext<F>> {
    let log_size = values.len().ilog2() as usize;
    let roots = roots(log_size);
    let scale = powers(base_inverse(shift), values.len());
    let unit = base_inverse(F::from_usize(values.len()));
    let mut out = vec![[F::ZERO; 5]; values.len()];
    for k in 0..5 {
        let mut column: Vec<F> = values.iter().map(|value| value[k]).collect();
        to_coefficients(&mut column, &roots);
        out.iter_mut().zip(column).zip(&scale).for_each(|((value, word), &scale)| value[k] = word * scale * unit);
    }
    out
}
