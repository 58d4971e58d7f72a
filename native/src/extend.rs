//! Extension of columns from a subgroup to a larger coset.
use std::sync::Arc;

use p3_field::{PackedValue, PrimeCharacteristicRing};

use crate::butterfly::all_stages;
use crate::field::*;
use crate::transform::{Roots, SQUARE, remaining_to_coefficients, reverse_bits, roots, scaled_to_values, to_coefficients};

/// How many squares ahead words are asked for.
const AHEAD: usize = 8;

/// How to extend columns of one height: raw residues (see `as_raw`) in natural order in, bit-reversed order on a coset out.
pub struct Extension {
    log_height: usize,
    roots: Arc<Roots>,
    /// For each square of the natural order the roots of its first stages.
    squares: Vec<[V; LANES]>,
    /// What coefficients are multiplied with.
    scale: Vec<F>,
}

impl Extension {
    /// Coefficients are multiplied with `unit` on the way to values.
    pub fn new(log_height: usize, log_blowup: usize, shift: F, unit: F) -> Self {
        let height = 1usize << log_height;
        let mut scale = powers(shift, height);
        scale_all(&mut scale, unit);
        Self { log_height, roots: roots(log_height + log_blowup), squares: Self::squares(log_height), scale }
    }

    /// Vector h of a square holds rows h * height / LANES and on. The first stage brings rows i and i + height/2 together, with the root
    /// w^-i; the next one does the same with half the height and w^2.
    fn squares(log_height: usize) -> Vec<[V; LANES]> {
        let height = 1usize << log_height;
        let root = base_inverse(root_of_unity(log_height));
        let powers = powers(root, height / 2);
        let roots = |index: usize| {
            std::array::from_fn(|number| {
                let Some(stage) = number.checked_ilog2() else { return V::ZERO };
                let part = reverse_bits(number - (1 << stage), stage as usize);
                let first = part * (height / LANES) + index * LANES;
                V::from_fn(|lane| powers[(first + lane) * ((LANES / 2) >> stage)])
            })
        };
        (0..height / SQUARE).map(roots).collect()
    }

    /// Bit reversal and the stages inside of vectors, in one pass.
    fn reversed(&self, column: &[F], out: &mut [F]) {
        let (log_lanes, part) = (LANES.ilog2() as usize, column.len() / LANES);
        let log_squares = self.log_height - 2 * log_lanes;
        for (index, roots) in self.squares.iter().enumerate() {
            let mut vectors = std::array::from_fn(|h| {
                let words = &column[reverse_bits(h, log_lanes) * part + index * LANES..];
                prefetch(words.as_ptr().wrapping_add(AHEAD * LANES));
                load(words)
            });
            all_stages::<LANES, false>(&mut vectors, roots);
            transpose(&mut vectors);
            let first = reverse_bits(index, log_squares) * LANES;
            for (lane, vector) in vectors.into_iter().enumerate() {
                store(&mut out[reverse_bits(lane, log_lanes) * part + first..], vector);
            }
        }
    }

    /// The coefficients times the height, of what the words are; as many as there are rows.
    pub fn coefficients(&self, column: &[F], out: &mut [F]) {
        if column.len() < SQUARE {
            (0..column.len()).for_each(|i| out[reverse_bits(i, self.log_height)] = column[i]);
            to_coefficients(out, &self.roots);
        } else {
            self.reversed(column, out);
            remaining_to_coefficients(out, &self.roots);
        }
    }

    /// Of the coefficients that are the first part: what they are on all cosets.
    pub fn values(&self, extended: &mut [F]) {
        let (first, others) = extended.split_at_mut(1 << self.log_height);
        for (coset, values) in others.chunks_exact_mut(first.len()).enumerate() {
            scaled_to_values(Some(first), &self.scale, values, &self.roots, coset + 1);
        }
        scaled_to_values(None, &self.scale, first, &self.roots, 0);
    }

    pub fn extend(&self, column: &[F], extended: &mut [F]) {
        self.coefficients(column, &mut extended[..1 << self.log_height]);
        self.values(extended);
    }
}
