//! Number-theoretic transforms of one column at a time: bit-reversed values to coefficients and back.
//!
//! The forward transform splits X^2m - c^2 into (X^m - c)(X^m + c) until values are left; the c of block b is the b-th root of a table in
//! bit-reversed order, whatever the stage. Block c of the stage with 2^b blocks is the coset w^bitreverse(c) of the extended domain.
use std::sync::{Arc, Mutex};

use p3_field::{PackedValue, PrimeCharacteristicRing};

use crate::field::{F, LANES, TWO_ADICITY, V, base_inverse, powers, raw_factor, root_of_unity};

/// The c of block b, and its inverse.
pub struct Roots {
    forward: Vec<F>,
    inverse: Vec<F>,
}

/// Roots for transforms of up to 2^log values, kept from call to call.
pub fn roots(log: usize) -> Arc<Roots> {
    static KEPT: Mutex<Option<Arc<Roots>>> = Mutex::new(None);
    let mut kept = KEPT.lock().expect("nothing panics while the roots are locked");
    if let Some(roots) = kept.as_ref().filter(|roots| roots.forward.len() * 2 >= 1 << log) {
        return roots.clone();
    }
    let mut table = Roots { forward: vec![F::ONE], inverse: vec![F::ONE] };
    for level in 2..=log {
        let root = root_of_unity(level);
        for (list, root) in [(&mut table.forward, root), (&mut table.inverse, base_inverse(root))] {
            list.extend_from_within(..);
            let half = list.len() / 2;
            list[half..].iter_mut().for_each(|value| *value *= root);
        }
    }
    kept.insert(Arc::new(table)).clone()
}

pub fn reverse_bits(index: usize, log: usize) -> usize {
    if log == 0 { 0 } else { index.reverse_bits() >> (usize::BITS as usize - log) }
}

/// Bit-reversed values on the subgroup to coefficients, times their number.
pub fn to_coefficients(data: &mut [F], roots: &Roots) {
    let mut half = 1;
    while half < data.len() {
        for (block, &root) in data.chunks_mut(2 * half).zip(&roots.inverse) {
            let (low, high) = block.split_at_mut(half);
            if half < LANES {
                low.iter_mut().zip(high).for_each(|(a, b)| (*a, *b) = (*a + *b, (*a - *b) * root));
            } else {
                let root = V::from(root);
                let pairs = V::pack_slice_mut(low).iter_mut().zip(V::pack_slice_mut(high));
                pairs.for_each(|(a, b)| (*a, *b) = (*a + *b, (*a - *b) * root));
            }
        }
        half *= 2;
    }
}

/// Coefficients to bit-reversed values on the coset `coset` among those of an extended domain.
pub fn to_values(data: &mut [F], roots: &Roots, coset: usize) {
    let mut half = data.len() / 2;
    let mut first = coset;
    while half > 0 {
        for (block, &root) in data.chunks_mut(2 * half).zip(&roots.forward[first..]) {
            let (low, high) = block.split_at_mut(half);
            if half < LANES {
                low.iter_mut().zip(high).for_each(|(a, b)| (*a, *b) = (*a + *b * root, *a - *b * root));
            } else {
                let root = V::from(root);
                let pairs = V::pack_slice_mut(low).iter_mut().zip(V::pack_slice_mut(high));
                pairs.for_each(|(a, b)| {
                    let product = *b * root;
                    (*a, *b) = (*a + product, *a - product);
                });
            }
        }
        half /= 2;
        first *= 2;
    }
}

/// How to extend columns of one height: natural order in, bit-reversed order on a coset out.
pub struct Extension {
    log_height: usize,
    log_blowup: usize,
    roots: Arc<Roots>,
    scale: Vec<F>,
}

impl Extension {
    /// For raw residues (see `as_raw`).
    pub fn new(log_height: usize, log_blowup: usize, shift: F) -> Self {
        assert!(log_height + log_blowup <= TWO_ADICITY);
        let unit = raw_factor() * base_inverse(F::from_usize(1 << log_height));
        let scale = powers(shift, 1 << log_height).into_iter().map(|power| power * unit).collect();
        Self { log_height, log_blowup, roots: roots(log_height + log_blowup), scale }
    }

    pub fn extend(&self, column: &[F], extended: &mut [F], scratch: &mut [F]) {
        for (i, &value) in column.iter().enumerate() {
            scratch[reverse_bits(i, self.log_height)] = value;
        }
        to_coefficients(scratch, &self.roots);
        scratch.iter_mut().zip(&self.scale).for_each(|(value, &scale)| *value *= scale);
        for (coset, values) in extended.chunks_mut(column.len()).enumerate() {
            values.copy_from_slice(scratch);
            to_values(values, &self.roots, coset);
        }
        debug_assert_eq!(extended.len(), column.len() << self.log_blowup);
    }
}
