//! Butterflies on vectors in registers: up to four stages of a transform without touching memory in between.
use crate::field::{LANES, V, transpose};

/// Stages with halves R/2, ..., 1 or back. Block q of the stage with 2^t blocks has root number 2^t + q.
#[inline(always)]
fn stage<const HALF: usize, const R: usize, const FORWARD: bool>(x: &mut [V; R], roots: &[V; R]) {
    let blocks = R / (2 * HALF);
    for q in 0..blocks {
        let root = roots[blocks + q];
        for i in 0..HALF {
            let (low, high) = (2 * HALF * q + i, 2 * HALF * q + i + HALF);
            if FORWARD {
                let product = x[high] * root;
                (x[low], x[high]) = (x[low] + product, x[low] - product);
            } else {
                (x[low], x[high]) = (x[low] + x[high], (x[low] - x[high]) * root);
            }
        }
    }
}

/// All stages of R values (a power of two up to 16): X^R - c^2 to values, or back.
#[inline(always)]
pub fn all_stages<const R: usize, const FORWARD: bool>(x: &mut [V; R], roots: &[V; R]) {
    const { assert!(R.is_power_of_two() && R <= 16) };
    if FORWARD {
        if R > 8 {
            stage::<8, R, true>(x, roots);
        }
        if R > 4 {
            stage::<4, R, true>(x, roots);
        }
        if R > 2 {
            stage::<2, R, true>(x, roots);
        }
        if R > 1 {
            stage::<1, R, true>(x, roots);
        }
    } else {
        if R > 1 {
            stage::<1, R, false>(x, roots);
        }
        if R > 2 {
            stage::<2, R, false>(x, roots);
        }
        if R > 4 {
            stage::<4, R, false>(x, roots);
        }
        if R > 8 {
            stage::<8, R, false>(x, roots);
        }
    }
}

/// The stages inside a square of LANES consecutive vectors.
#[inline(always)]
pub fn square<const FORWARD: bool>(vectors: &mut [V; LANES], roots: &[V; LANES]) {
    transpose(vectors);
    all_stages::<LANES, FORWARD>(vectors, roots);
    transpose(vectors);
}
