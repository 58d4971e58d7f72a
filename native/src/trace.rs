//! The columns of a chip of permutations: the round function written out, with every committed value kept.
use p3_field::{PackedValue, PrimeCharacteristicRing};
use p3_koala_bear::{
    KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL, KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL, KOALABEAR_POSEIDON2_RC_16_INTERNAL,
};

use crate::field::*;
use crate::hash::WIDTH;
use crate::memory::unwritten;
use crate::threads::{Shared, share};

const CHUNK: usize = 1024;
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
        small(-2),
        small(1),
        small(2),
        part(1),
        small(3),
        small(4),
        -part(1),
        small(-3),
        small(-4),
        part(8),
        part(3),
        part(24),
        -part(8),
        -part(3),
        -part(4),
        -part(24),
    ];
    values.map(V::from)
}

fn full_round(state: &mut [V; WIDTH], constants: &[F; WIDTH]) {
    state.iter_mut().zip(constants).for_each(|(word, &constant)| *word = (*word + V::from(constant)).cube());
    external(state);
}

/// All columns of all inputs, one after the other.
pub fn permutations(threads: usize, inputs: &[[u32; WIDTH]]) -> Vec<F> {
    let rows = inputs.len();
    let mut out: Vec<F> = unwritten(COLUMNS * rows);
    let (diagonal, shared) = (diagonal(), Shared::new(&mut out));
    share(threads, (0..rows).step_by(CHUNK), |start| {
        (start..rows.min(start + CHUNK)).step_by(LANES).for_each(|first| permutation(inputs, first, &diagonal, &shared));
    });
    out
}

/// The columns of LANES inputs from `first` on.
fn permutation(inputs: &[[u32; WIDTH]], first: usize, diagonal: &[V; WIDTH], shared: &Shared<F>) {
    let rows = inputs.len();
    let mut column = 0;
    let mut put = |values: &[V]| {
        for value in values {
            // SAFETY: no other thread has these rows.
            unsafe { shared.write(column * rows + first, &value.as_slice()[..LANES.min(rows - first)]) };
            column += 1;
        }
    };
    let word = |word: usize, lane: usize| inputs.get(first + lane).map_or(F::ZERO, |row| F::new(row[word]));
    let mut state: [V; WIDTH] = std::array::from_fn(|index| V::from_fn(|lane| word(index, lane)));
    external(&mut state);
    for constants in &KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL {
        full_round(&mut state, constants);
        put(&state);
    }
    for constant in KOALABEAR_POSEIDON2_RC_16_INTERNAL {
        state[0] = (state[0] + V::from(constant)).cube();
        put(&state[..1]);
        let total: V = state.iter().copied().sum();
        state.iter_mut().zip(diagonal).for_each(|(word, &d)| *word = *word * d + total);
    }
    for constants in &KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL {
        full_round(&mut state, constants);
        put(&state);
    }
}
