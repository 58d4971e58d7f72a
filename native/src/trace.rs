//! The columns of a chip of permutations: the round function written out, with every committed value kept.
use p3_field::{PackedValue, PrimeCharacteristicRing};

use crate::field::*;
use crate::memory::unwritten;
use crate::poseidon2::{Constants, Hash};
use crate::threads::{Shared, share};

const CHUNK: usize = 1024;

fn external<const W: usize>(state: &mut [V; W]) {
    for block in state.as_chunks_mut::<4>().0 {
        let [a, b, c, d] = *block;
        let (ab, cd) = (a + b, c + d);
        let (left, right) = (ab + cd + b, ab + cd + d);
        *block = [left + ab, left + c.double(), right + cd, right + a.double()];
    }
    let sums: [V; 4] = std::array::from_fn(|k| state[k..].iter().step_by(4).copied().sum());
    state.iter_mut().enumerate().for_each(|(i, word)| *word += sums[i % 4]);
}

fn full_round<const W: usize>(state: &mut [V; W], constants: &[F; W]) {
    state.iter_mut().zip(constants).for_each(|(word, &constant)| *word = (*word + V::from(constant)).cube());
    external(state);
}

/// The number of columns, and all columns of all inputs, one after the other.
pub fn permutations<H: Hash<W>, const W: usize>(threads: usize, inputs: &[[u32; W]]) -> (usize, Vec<F>) {
    let (rows, constants) = (inputs.len(), H::constants());
    let columns = 8 * W + constants.partial.len();
    let mut out: Vec<F> = unwritten(columns * rows);
    let shared = Shared::new(&mut out);
    share(threads, (0..rows).step_by(CHUNK), |start| {
        (start..rows.min(start + CHUNK)).step_by(LANES).for_each(|first| permutation(inputs, first, &constants, &shared));
    });
    (columns, out)
}

/// The columns of LANES inputs from `first` on.
fn permutation<const W: usize>(inputs: &[[u32; W]], first: usize, constants: &Constants<W>, shared: &Shared<F>) {
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
    let mut state: [V; W] = std::array::from_fn(|index| V::from_fn(|lane| word(index, lane)));
    external(&mut state);
    for constants in &constants.full[..4] {
        full_round(&mut state, constants);
        put(&state);
    }
    for &constant in &constants.partial {
        state[0] = (state[0] + V::from(constant)).cube();
        put(&state[..1]);
        let total: V = state.iter().copied().sum();
        state.iter_mut().zip(constants.diagonal).for_each(|(word, d)| *word = *word * d + total);
    }
    for constants in &constants.full[4..] {
        full_round(&mut state, constants);
        put(&state);
    }
}
