//! Columns at a point, and sums of weighted columns: what opening a commitment needs.
use p3_field::{PackedValue, PrimeCharacteristicRing};

use crate::field::*;
use crate::threads::share;
use crate::transform::reverse_bits;
use crate::tree::Matrix;

const CHUNK: usize = 4096;

/// The points shift * w^bitreverse(i).
pub fn domain(log_size: usize, shift: F) -> Vec<F> {
    let powers = powers(root_of_unity(log_size), 1 << log_size);
    (0..1 << log_size).map(|i| shift * powers[reverse_bits(i, log_size)]).collect()
}

/// Inverses of extension values, all at once; zero has the inverse zero.
pub fn invert_all(values: &mut [Ext<V>]) {
    let mut product: Ext<V> = ext_one();
    let mut before = Vec::with_capacity(values.len());
    for value in values.iter() {
        before.push(product);
        product = ext_mul(&product, value);
    }
    let zero = |lane: usize| product.iter().all(|word| word.as_slice()[lane] == F::ZERO);
    if (0..LANES).any(zero) {
        values.iter_mut().for_each(|value| *value = ext_inverse(value));
        return;
    }
    let mut rest = ext_inverse(&product);
    for (value, before) in values.iter_mut().zip(before).rev() {
        let inverse = ext_mul(&rest, &before);
        rest = ext_mul(&rest, value);
        *value = inverse;
    }
}

/// LANES extension values from the five columns of an array of rows; rows past the end are zero.
pub fn gather(rows: &[Ext<F>], first: usize) -> Ext<V> {
    std::array::from_fn(|k| V::from_fn(|lane| rows.get(first + lane).map_or(F::ZERO, |row| row[k])))
}

pub fn scatter(vectors: &Ext<V>, rows: &mut [Ext<F>]) {
    for (lane, row) in rows.iter_mut().take(LANES).enumerate() {
        *row = std::array::from_fn(|k| vectors[k].as_slice()[lane]);
    }
}

/// LANES words; words past the end are zero.
pub fn load_padded(words: &[F], first: usize) -> V {
    if words.len() - first < LANES { V::from_fn(|lane| *words.get(first + lane).unwrap_or(&F::ZERO)) } else { load(&words[first..]) }
}

/// All columns of a matrix at a point, from the values on the first coset.
pub fn evaluate(threads: usize, matrix: &Matrix, point: &Ext<F>) -> Vec<Ext<F>> {
    let height = 1usize << matrix.log_height;
    let points = domain(matrix.log_height, matrix.shift);
    // p(z) = ((z/s)^n - 1)/n * sum of p(x) * x/(z - x)
    let mut weights: Vec<Ext<V>> = Vec::with_capacity(height.div_ceil(LANES));
    for first in (0..height).step_by(LANES) {
        let x = load_padded(&points, first);
        let mut difference = broadcast(point);
        difference[0] -= x;
        weights.push(difference);
    }
    for chunk in weights.chunks_mut(64) {
        invert_all(chunk);
    }
    for (weight, first) in weights.iter_mut().zip((0..height).step_by(LANES)) {
        *weight = ext_scale(weight, load_padded(&points, first));
    }
    let quotient = ext_scale(point, base_inverse(matrix.shift));
    let mut factor = ext_power(&quotient, height as u64);
    factor[0] -= F::ONE;
    let at_domain_point = factor == [F::ZERO; 5];
    let factor = ext_scale(&factor, base_inverse(F::from_usize(height)));
    let found = points.iter().position(|x| at_domain_point && *x == point[0]);

    let mut values = vec![[F::ZERO; 5]; matrix.width];
    share(threads, values.iter_mut().enumerate(), |(index, value)| {
        let column = matrix.column(index);
        if let Some(row) = found {
            value[0] = column[row];
            return;
        }
        let mut sum = [V::ZERO; 5];
        for (weight, first) in weights.iter().zip((0..height).step_by(LANES)) {
            sum = ext_add(&sum, &ext_scale(weight, load_padded(&column[..height], first)));
        }
        let sum = sum.map(|word| word.as_slice().iter().copied().sum::<F>());
        *value = ext_mul(&sum, &factor);
    });
    values
}

/// Adds weight * column for every column of a matrix to sums on the tall domain.
pub fn combine(threads: usize, matrices: &[(&Matrix, &[Ext<F>])], log_domain: usize) -> Vec<Ext<F>> {
    let mut sums = vec![[F::ZERO; 5]; 1 << log_domain];
    share(threads, sums.chunks_mut(CHUNK).enumerate(), |(chunk, sums)| {
        for (matrix, weights) in matrices {
            let repeat = log_domain - matrix.log_extended;
            let first = (chunk * CHUNK) >> repeat;
            let rows = (sums.len() >> repeat).max(1);
            for group in (0..rows).step_by(LANES) {
                let mut sum = [V::ZERO; 5];
                for (column, weight) in matrix.columns().zip(*weights) {
                    let words = load_padded(column, first + group);
                    sum = ext_add(&sum, &ext_scale(&broadcast(weight), words));
                }
                let mut part = [[F::ZERO; 5]; LANES];
                scatter(&sum, &mut part);
                for (i, sum) in sums.iter_mut().enumerate().skip(group << repeat).take(LANES << repeat) {
                    *sum = ext_add(sum, &part[(i >> repeat) - group]);
                }
            }
        }
    });
    sums
}
