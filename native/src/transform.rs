//! Number-theoretic transforms of one column at a time: bit-reversed values to coefficients and back.
//!
//! The forward transform splits X^2m - c^2 into (X^m - c)(X^m + c) until values are left; the c of block b is the b-th root of a table in
//! bit-reversed order, whatever the stage. Block c of the stage with 2^b blocks is the coset w^bitreverse(c) of the extended domain.
//! Three stages are done in one pass over memory, the last ones of a short chunk while it is in the nearest cache, and those
//! inside of vectors on squares of vectors.
use std::sync::{Arc, Mutex};

use p3_field::{PackedValue, PrimeCharacteristicRing};

use crate::butterfly::{all_stages, square};
use crate::field::{F, LANES, Ring, V, base_inverse, double_with, load, multiply_into, root_of_unity, store, transpose};

pub const SQUARE: usize = LANES * LANES;
/// Vectors that stay in the nearest cache.
const CHUNK: usize = 8192 / LANES;

/// The c of block b in bit-reversed order, and the same arranged for squares.
pub struct Table {
    plain: Vec<F>,
    squares: Vec<[V; LANES]>,
}

pub struct Roots {
    forward: Table,
    inverse: Table,
}

impl Table {
    fn new(log: usize, root: impl Fn(usize) -> F) -> Self {
        let mut plain = vec![F::ONE];
        for level in 2..=log {
            double_with(&mut plain, root(level));
        }
        let squares = (0..(1 << log) / SQUARE).map(|index| Self::square(&plain, index)).collect();
        Self { plain, squares }
    }

    /// The roots of the stages inside of one square: lane r is the r-th of its blocks of LANES values.
    fn square(plain: &[F], index: usize) -> [V; LANES] {
        let mut roots = [V::ZERO; LANES];
        for (number, root) in roots.iter_mut().enumerate().skip(1) {
            let stage = number.ilog2();
            *root = V::from_fn(|lane| plain[((index * LANES + lane) << stage) + number - (1 << stage)]);
        }
        roots
    }

    /// The roots of R/2, ..., 1 for block `block`.
    #[inline(always)]
    fn block<const R: usize>(&self, block: usize) -> [V; R] {
        let mut roots = [V::ZERO; R];
        for (number, root) in roots.iter_mut().enumerate().skip(1) {
            let stage = number.ilog2();
            *root = V::from(self.plain[(block << stage) + number - (1 << stage)]);
        }
        roots
    }
}

/// Roots for transforms of up to 2^log values, kept from call to call.
pub fn roots(log: usize) -> Arc<Roots> {
    static KEPT: Mutex<Option<(usize, Arc<Roots>)>> = Mutex::new(None);
    let mut kept = KEPT.lock().expect("nothing panics while the roots are locked");
    match &*kept {
        Some((size, roots)) if *size >= log => roots.clone(),
        _ => {
            let forward = Table::new(log, root_of_unity);
            let inverse = Table::new(log, |level| base_inverse(root_of_unity(level)));
            kept.insert((log, Arc::new(Roots { forward, inverse }))).1.clone()
        }
    }
}

pub fn reverse_bits(index: usize, log: usize) -> usize {
    if log == 0 { 0 } else { index.reverse_bits() >> (usize::BITS as usize - log) }
}

/// log2 R stages on blocks of R * stride vectors; block 0 of the slice is block `first` of its stage.
#[inline(always)]
fn pass<const R: usize, const FORWARD: bool>(data: &mut [V], stride: usize, table: &Table, first: usize) {
    for (block, vectors) in data.chunks_exact_mut(R * stride).enumerate() {
        let roots = table.block::<R>(first + block);
        for j in 0..stride {
            // SAFETY: the largest index is (R - 1) * stride + stride - 1, the last of the block.
            unsafe {
                let mut x: [V; R] = std::array::from_fn(|r| *vectors.get_unchecked(r * stride + j));
                all_stages::<R, FORWARD>(&mut x, &roots);
                for (r, value) in x.into_iter().enumerate() {
                    *vectors.get_unchecked_mut(r * stride + j) = value;
                }
            }
        }
    }
}

/// log2 R stages wherever blocks of so many vectors are.
#[inline(always)]
fn passes<const FORWARD: bool>(data: &mut [V], log: usize, stride: usize, table: &Table, first: usize) {
    match log {
        3 => pass::<8, FORWARD>(data, stride, table, first),
        2 => pass::<4, FORWARD>(data, stride, table, first),
        _ => pass::<2, FORWARD>(data, stride, table, first),
    }
}

/// All stages with halves of at least one vector, forward also those inside of vectors; the whole slice is block `first` of its stage.
fn vector_stages<const FORWARD: bool>(data: &mut [V], table: &Table, first: usize) {
    let log = data.len().ilog2() as usize;
    let Some(above) = log.checked_sub(CHUNK.ilog2() as usize).filter(|&above| above > 0) else {
        chunk_stages::<FORWARD>(data, table, first, log);
        if FORWARD {
            square_stages::<true>(data, table, first * (data.len() / LANES)); // while the chunk is near
        }
        return;
    };
    let step = above.min(3);
    let part = data.len() >> step;
    if FORWARD {
        passes::<FORWARD>(data, step, part, table, first);
    }
    for (index, part) in data.chunks_exact_mut(part).enumerate() {
        vector_stages::<FORWARD>(part, table, (first << step) + index);
    }
    if !FORWARD {
        passes::<FORWARD>(data, step, part, table, first);
    }
}

/// The same for what fits the nearest cache.
fn chunk_stages<const FORWARD: bool>(data: &mut [V], table: &Table, first: usize, log: usize) {
    let mut done = 0;
    while done < log {
        let left = log - done;
        let step = if left.is_multiple_of(3) {
            3
        } else if FORWARD || left < 3 {
            left % 3
        } else {
            3
        };
        let stage = if FORWARD { done } else { left - step };
        passes::<FORWARD>(data, step, 1 << (log - stage - step), table, first << stage);
        done += step;
    }
}

fn square_stages<const FORWARD: bool>(data: &mut [V], table: &Table, first: usize) {
    let (squares, _) = data.as_chunks_mut::<LANES>();
    squares.iter_mut().zip(&table.squares[first..]).for_each(|(vectors, roots)| square::<FORWARD>(vectors, roots));
}

/// The plain form, for what is smaller than a square.
#[inline(always)]
fn small<const FORWARD: bool, R: Ring>(data: &mut [R], table: &Table, first: usize) {
    let log = data.len().ilog2() as usize;
    for step in 0..log {
        let stage = if FORWARD { step } else { log - 1 - step };
        let half = data.len() >> (stage + 1);
        for (block, &root) in data.chunks_exact_mut(2 * half).zip(&table.plain[first << stage..]) {
            let (low, high) = block.split_at_mut(half);
            let root = R::from(root);
            for (a, b) in low.iter_mut().zip(high) {
                (*a, *b) = if FORWARD { (*a + *b * root, *a - *b * root) } else { (*a + *b, (*a - *b) * root) };
            }
        }
    }
}

/// A column in bit-reversed order.
pub fn bit_reversed(source: &[F], target: &mut [F]) {
    let (log, log_lanes, part) = (source.len().ilog2() as usize, LANES.ilog2() as usize, source.len() / LANES);
    if source.len() < SQUARE {
        return source.iter().enumerate().for_each(|(i, &value)| target[reverse_bits(i, log)] = value);
    }
    for index in 0..source.len() / SQUARE {
        let mut vectors = std::array::from_fn(|h| load(&source[reverse_bits(h, log_lanes) * part + index * LANES..]));
        transpose(&mut vectors);
        let first = reverse_bits(index, log - 2 * log_lanes) * LANES;
        for (lane, vector) in vectors.into_iter().enumerate() {
            store(&mut target[reverse_bits(lane, log_lanes) * part + first..], vector);
        }
    }
}

/// Bit-reversed values on the subgroup to coefficients, times their number.
pub fn to_coefficients(data: &mut [F], roots: &Roots) {
    if data.len() < SQUARE {
        return small::<false, F>(data, &roots.inverse, 0);
    }
    square_stages::<false>(V::pack_slice_mut(data), &roots.inverse, 0);
    remaining_to_coefficients(data, roots);
}

/// The same of LANES columns of few values, side by side.
#[inline(always)]
pub fn few_to_coefficients(data: &mut [V], roots: &Roots) {
    small::<false, V>(data, &roots.inverse, 0);
}

/// The rest of `to_coefficients` when the stages inside of vectors are done.
pub fn remaining_to_coefficients(data: &mut [F], roots: &Roots) {
    vector_stages::<false>(V::pack_slice_mut(data), &roots.inverse, 0);
}

/// Coefficients to bit-reversed values on the coset `coset` among those of an extended domain.
pub fn to_values(data: &mut [F], roots: &Roots, coset: usize) {
    if data.len() < SQUARE {
        return small::<true, F>(data, &roots.forward, coset);
    }
    vector_stages::<true>(V::pack_slice_mut(data), &roots.forward, coset);
}

/// The first stages of `to_values` of products with a scale: of a source, or of what is there.
#[inline(always)]
fn pass_of_products<const R: usize>(source: Option<&[V]>, scale: &[V], data: &mut [V], table: &Table, first: usize) {
    let (roots, stride) = (table.block::<R>(first), data.len() / R);
    assert!(source.is_none_or(|source| source.len() == data.len()) && scale.len() == data.len());
    for j in 0..stride {
        // SAFETY: the largest index is (R - 1) * stride + stride - 1, at most the last.
        unsafe {
            let mut x: [V; R] = std::array::from_fn(|r| {
                let place = r * stride + j;
                *source.unwrap_or(data).get_unchecked(place) * *scale.get_unchecked(place)
            });
            all_stages::<R, true>(&mut x, &roots);
            for (r, value) in x.into_iter().enumerate() {
                *data.get_unchecked_mut(r * stride + j) = value;
            }
        }
    }
}

/// `to_values` of coefficients times their scale; where none are given, of those that are there.
pub fn scaled_to_values(coefficients: Option<&[F]>, scale: &[F], data: &mut [F], roots: &Roots, coset: usize) {
    if data.len() <= 8 * CHUNK * LANES {
        match coefficients {
            Some(coefficients) => multiply_into(coefficients, scale, data),
            None => data.iter_mut().zip(scale).for_each(|(value, &scale)| *value *= scale),
        }
        return to_values(data, roots, coset);
    }
    let data = V::pack_slice_mut(data);
    let part = data.len() / 8;
    pass_of_products::<8>(coefficients.map(V::pack_slice), V::pack_slice(scale), data, &roots.forward, coset);
    for (index, part) in data.chunks_exact_mut(part).enumerate() {
        vector_stages::<true>(part, &roots.forward, (coset << 3) + index);
    }
}
