//! Columns that share one are taken apart where they are needed, a few rows at a time.
//!
//! On the k points x w^i, w of order k, which lie side by side, F(X) = f0(X^k) + X f1(X^k) + … takes the values of the polynomial
//! f0(y) + x f1(y) W + … at W = w^i, where y = x^k. So one small transform gives the values of all k columns at y.
use std::ops::Range;
use std::sync::Arc;

use p3_field::{PackedFieldPow2, PackedValue, PrimeCharacteristicRing};

use crate::field::*;
use crate::packing::{Member, coset_shift};
use crate::transform::{Roots, few_to_coefficients, roots};

/// For the rows of one half of the coset of twice a matrix' height.
pub struct Unpacking {
    share: usize,
    /// How far the points of one row lie behind those of the row before: more than `share` for a matrix that was lifted.
    step: usize,
    /// Where the half begins in a shared column.
    start: usize,
    /// 1/x for every row.
    inverses: Vec<F>,
    roots: Arc<Roots>,
}

impl Unpacking {
    pub fn new(threads: usize, member: &Member, half: usize) -> Self {
        let (log_rows, log_height) = (member.group.log_rows, member.log_height);
        let log_step = log_rows - log_height;
        let first = base_inverse(coset_shift(log_rows) * if half == 0 { F::ONE } else { root_of_unity(log_rows + 1) });
        let inverses = doubled(threads, first, (1..=log_height).map(|level| base_inverse(root_of_unity(level + log_step))));
        Self {
            share: 1 << member.group.log_pack,
            step: 1 << log_step,
            start: half << log_rows,
            inverses,
            roots: roots(member.group.log_pack),
        }
    }

    /// The values of some of the columns that share this one, in some vectors of rows from `first` on: `put` is given the number of the
    /// column among them, that of the vector, and the values. Behind the last row there are zeros.
    #[inline(always)]
    pub fn block(&self, shared: &[F], first: usize, vectors: usize, slots: Range<usize>, mut put: impl FnMut(usize, usize, V)) {
        let mut values = vec![V::ZERO; self.share];
        let unit = V::from(base_inverse(F::from_usize(self.share)));
        for t in 0..vectors {
            let row = first + t * LANES;
            let rows = LANES.min(self.inverses.len() - row);
            gather(&shared[self.start + row * self.step..], self.step, rows, &mut values);
            few_to_coefficients(&mut values, &self.roots);
            let (inverse, mut factor) = (load_padded(&self.inverses, row), unit);
            (0..slots.start).for_each(|_| factor *= inverse);
            for (k, &value) in values[slots.clone()].iter().enumerate() {
                put(k, t, value * factor);
                factor *= inverse;
            }
        }
    }
}

/// Lane r of value k is word r * step + k.
#[inline(always)]
fn gather(words: &[F], step: usize, rows: usize, values: &mut [V]) {
    let share = values.len();
    if rows == LANES && step == share && 4 * share <= LANES {
        values.iter_mut().enumerate().for_each(|(k, value)| *value = load(&words[k * LANES..]));
        return (0..share.ilog2()).for_each(|bit| part_evenly(values, 1 << bit));
    }
    for (part, values) in values.chunks_mut(LANES).enumerate() {
        let first = part * LANES;
        if rows == LANES && first + (LANES - 1) * step + LANES <= words.len() {
            let mut square = std::array::from_fn(|row| load(&words[first + row * step..]));
            transpose(&mut square);
            values.copy_from_slice(&square[..values.len()]);
        } else {
            let word = |row: usize, k: usize| if row < rows { words[first + row * step + k] } else { F::ZERO };
            values.iter_mut().enumerate().for_each(|(k, value)| *value = V::from_fn(|row| word(row, k)));
        }
    }
}

/// Of each two vectors so far apart the first one gets the words at even places, the second one those at odd places.
#[inline(always)]
fn part_evenly(vectors: &mut [V], apart: usize) {
    for low in (0..vectors.len()).filter(|index| index & apart == 0) {
        let mut block = LANES / 2;
        while block > 0 {
            (vectors[low], vectors[low + apart]) = vectors[low].interleave(vectors[low + apart], block);
            block /= 2;
        }
    }
}
