//! The columns of a chip of permutations: the round function written out, with every committed value kept.
use p3_field::{PackedValue, PrimeCharacteristicRing};
use p3_koala_bear::{
    KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL, KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL, KOALABEAR_POSEIDON2_RC_16_INTERNAL,
};

use crate::field::*;
use crate::hash::WIDTH;

pub const COLUMNS: usize = 8 * WIDTH + 20;

fn external(state: &mut [V; WIDTH]) {
    for block in state.as_chunks_mut::<4>().0 {
        let [a, b, c, d] = *block;
        let (ab, cd) = (a + b, c + d);
        let (left, right) = (ab + cd + b, ab + cd + d);
        *block = [left + ab, left + c.double(), right + cd, right + a.double()];
    }
    let sums: [V; 4] = std::array::from_fn(|k| state[k] + state[k + 4] + state[k + 8] + state[k + 12]);
    state.iter_mut().enumerate().for_each(|(i, word)| *word += sums[i % 4]);
}

fn diagonal() -> [V; WIDTH] {
    let small = |value: i32| F::from_i32(value);
    let part = |bits: u64| base_inverse(F::TWO.exp_u64(bits));
    let values = [
        small(-2), small(1), small(2), part(1), small(3), small(4), -part(1), small(-3), small(-4),
        part(8), part(3), part(24), -part(8), -part(3), -part(4), -part(24),
    ];
    values.map(V::from)
}

/// All columns of all inputs, one after the other.
pub fn permutations(_threads: usize, inputs: &[[u32; WIDTH]]) -> Vec<F> {
    let rows = inputs.len();
    let mut out = vec![F::ZERO; COLUMNS * rows];
    let diagonal = diagonal();
    for first in (0..rows).step_by(LANES) {
        let count = LANES.min(rows - first);
        let mut column = 0;
        let mut put = |values: &[V]| {
            for value in values {
                out[column * rows + first..][..count].copy_from_slice(&value.as_slice()[..count]);
                column += 1;
            }
        };
        let mut state: [V; WIDTH] = std::array::from_fn(|word| V::from_fn(|lane| F::new(inputs.get(first + lane).map_or(0, |row| row[word]))));
        external(&mut state);
        let full = |state: &mut [V; WIDTH], constants: &[[F; WIDTH]; 4], put: &mut dyn FnMut(&[V])| {
            for constants in constants {
                state.iter_mut().zip(constants).for_each(|(word, &constant)| *word = (*word + V::from(constant)).cube());
                external(state);
                put(state);
            }
        };
        full(&mut state, &KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL, &mut put);
        for constant in KOALABEAR_POSEIDON2_RC_16_INTERNAL {
            state[0] = (state[0] + V::from(constant)).cube();
            put(&state[..1]);
            let total: V = state.iter().copied().sum();
            state.iter_mut().zip(&diagonal).for_each(|(word, &d)| *word = *word * d + total);
        }
        full(&mut state, &KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL, &mut put);
    }
    out
}
