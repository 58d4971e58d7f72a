//! Sums of weighted columns on the tall domain.
//!
//! Columns of one height are summed on their first coset only: the sum has as few coefficients as each of them, and is extended afterwards.
use std::collections::BTreeMap;
use std::iter::repeat;

use p3_field::{Algebra, PackedValue, PrimeCharacteristicRing};

use crate::field::*;
use crate::memory::unwritten;
use crate::packing::Group;
use crate::threads::share;
use crate::transform::{roots, to_coefficients, to_values};

const BLOCK: usize = 32;

/// What is hashed of a group, and a weight for each of these columns.
type Part<'a> = (&'a Group, &'a [Ext<F>]);

/// The sum of columns times weights for the rows from `first` on.
fn rows(columns: &[&[F]], weights: &[[[F; 4]; 5]], first: usize, sums: &mut [Ext<V>]) {
    let group = |index: usize| -> [&[F]; 4] { std::array::from_fn(|c| columns.get(4 * index + c).copied().unwrap_or(columns[0])) };
    for (index, weights) in weights.iter().enumerate() {
        let columns = group(index);
        let add = |sum: &mut Ext<V>, words: [V; 4]| {
            for k in 0..5 {
                sum[k] += V::mixed_dot_product(&words, &weights[k]);
            }
        };
        if columns[0].len() < LANES {
            add(&mut sums[0], columns.map(|column| load_padded(column, 0)));
            continue;
        }
        let columns = columns.map(|column| &V::pack_slice(column)[first / LANES..][..sums.len()]);
        for (t, sum) in sums.iter_mut().enumerate() {
            add(sum, columns.map(|column| column[t]));
        }
    }
}

/// The sum of some groups of one height, extended: five columns.
fn level(threads: usize, parts: &[Part], log_height: usize, log_extended: usize) -> Vec<Vec<F>> {
    let height = 1usize << log_height;
    let columns: Vec<&[F]> = parts.iter().flat_map(|(group, _)| group.hashed.columns()).map(|column| &column[..height]).collect();
    let mut weights: Vec<Ext<F>> = parts.iter().flat_map(|(_, weights)| weights.iter().copied()).collect();
    weights.resize(columns.len().next_multiple_of(4), [F::ZERO; 5]);
    let weights: Vec<[[F; 4]; 5]> =
        weights.as_chunks::<4>().0.iter().map(|four| std::array::from_fn(|k| std::array::from_fn(|c| four[c][k]))).collect();
    let mut sums = unwritten(height.div_ceil(LANES));
    share(threads, sums.chunks_mut(BLOCK).enumerate(), |(block, sums)| {
        sums.fill([V::ZERO; 5]);
        rows(&columns, &weights, block * BLOCK * LANES, sums);
    });

    let roots = roots(log_extended);
    let unit = base_inverse(F::from_usize(height));
    let five = |size: usize| -> [Vec<F>; 5] { std::array::from_fn(|_| unwritten(size)) };
    let (mut coefficients, mut extended) = (five(height), five(1 << log_extended));
    share(threads, coefficients.iter_mut().zip(&mut extended).enumerate(), |(k, (coefficients, extended))| {
        for (words, sum) in extended[..height].chunks_mut(LANES).zip(&sums) {
            words.copy_from_slice(&sum[k].as_slice()[..words.len()]);
        }
        coefficients.copy_from_slice(&extended[..height]);
        to_coefficients(coefficients, &roots);
        scale_all(coefficients, unit);
    });
    let others = |(values, from)| <[F]>::chunks_exact_mut(values, height).zip(repeat(from)).enumerate().skip(1);
    let cosets = extended.iter_mut().map(Vec::as_mut_slice).zip(&coefficients).flat_map(others);
    share(threads, cosets, |(coset, (values, coefficients))| {
        values.copy_from_slice(coefficients);
        to_values(values, &roots, coset);
    });
    extended.into()
}

/// sum of weight * column for every hashed column of every group; linear in the weights.
pub fn combine(threads: usize, parts: &[Part], log_domain: usize) -> Vec<Ext<F>> {
    let mut levels: BTreeMap<(usize, usize), Vec<Part>> = BTreeMap::new();
    for &(group, weights) in parts {
        levels.entry((group.log_extended, group.log_rows)).or_default().push((group, weights));
    }
    let each = levels.iter().map(|(&(log_extended, log_height), parts)| level(threads, parts, log_height, log_extended));
    let sum = each.reduce(|sum, mut own| {
        own.iter_mut().zip(sum).for_each(|(tall, short)| add_repeated(threads, &short, tall));
        own
    });
    let sum = sum.unwrap_or_else(|| vec![vec![F::ZERO]; 5]);
    let repeat = (1usize << log_domain).ilog2() - sum[0].len().ilog2();
    let mut out = unwritten::<Ext<F>>(1 << log_domain);
    share(threads, out.chunks_mut(4096).enumerate(), |(chunk, out)| {
        for (i, row) in out.iter_mut().enumerate() {
            *row = std::array::from_fn(|k| sum[k][(4096 * chunk + i) >> repeat]);
        }
    });
    out
}

/// Adds every value of a short column to as many of the tall one.
pub fn add_repeated(threads: usize, short: &[F], tall: &mut [F]) {
    let repeat = tall.len() / short.len();
    let piece = repeat.max(1 << LOG_PIECE);
    share(threads, tall.chunks_mut(piece).zip(short.chunks(piece / repeat)), |(tall, short)| {
        for (values, &word) in tall.chunks_exact_mut(repeat).zip(short) {
            values.iter_mut().for_each(|value| *value += word);
        }
    });
}
