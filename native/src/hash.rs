//! Poseidon2 on many states at once: permutations, sponges over columns, layers of a tree.
use std::sync::atomic::{AtomicU32, Ordering};

use p3_field::{PackedValue, PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::{Poseidon2KoalaBear, default_koalabear_poseidon2_16};
use p3_symmetric::Permutation;

use crate::field::{F, LANES, V, load, store, transpose};
use crate::threads::share;

pub const WIDTH: usize = 16;
pub const RATE: usize = 8;
pub type Digest = [F; RATE];
pub type Poseidon2 = Poseidon2KoalaBear<WIDTH>;
const CHUNK: usize = 1024;

pub fn poseidon2() -> Poseidon2 {
    default_koalabear_poseidon2_16()
}

/// Up to LANES states side by side; missing ones are zero.
pub fn gather_states(states: &[[F; WIDTH]]) -> [V; WIDTH] {
    if states.len() < LANES {
        return std::array::from_fn(|word| V::from_fn(|lane| states.get(lane).map_or(F::ZERO, |state| state[word])));
    }
    let mut out = [V::ZERO; WIDTH];
    for tile in 0..WIDTH / LANES {
        let mut square: [V; LANES] = std::array::from_fn(|lane| load(&states[lane][tile * LANES..]));
        transpose(&mut square);
        out[tile * LANES..][..LANES].copy_from_slice(&square);
    }
    out
}

pub fn scatter_states(vectors: &[V; WIDTH], states: &mut [[F; WIDTH]]) {
    if states.len() < LANES {
        for (lane, state) in states.iter_mut().enumerate() {
            *state = std::array::from_fn(|word| vectors[word].as_slice()[lane]);
        }
        return;
    }
    for tile in 0..WIDTH / LANES {
        let mut square: [V; LANES] = std::array::from_fn(|word| vectors[tile * LANES + word]);
        transpose(&mut square);
        for (state, vector) in states.iter_mut().zip(square) {
            store(&mut state[tile * LANES..], vector);
        }
    }
}

fn scatter_digests(vectors: &[V; WIDTH], digests: &mut [Digest]) {
    let mut states = [[F::ZERO; WIDTH]; LANES];
    scatter_states(vectors, &mut states);
    for (digest, state) in digests.iter_mut().zip(&states) {
        digest.copy_from_slice(&state[..RATE]);
    }
}

pub fn permute_all(threads: usize, states: &mut [[F; WIDTH]]) {
    let poseidon2 = poseidon2();
    share(threads, states.chunks_mut(CHUNK), |chunk| {
        for group in chunk.chunks_mut(LANES) {
            let mut vectors = gather_states(group);
            poseidon2.permute_mut(&mut vectors);
            scatter_states(&vectors, group);
        }
    });
}

/// Rows whose words can be read LANES at a time.
pub trait Rows: Sync {
    fn width(&self) -> usize;
    /// Word `index` of the rows from `row` on; rows past the end are zero.
    fn word(&self, row: usize, index: usize) -> V;
}

impl<R: Rows> Rows for &R {
    fn width(&self) -> usize {
        (**self).width()
    }

    #[inline(always)]
    fn word(&self, row: usize, index: usize) -> V {
        (**self).word(row, index)
    }
}

#[inline(always)]
fn sponge(poseidon2: &Poseidon2, rows: &impl Rows, row: usize) -> [V; WIDTH] {
    let width = rows.width();
    let mut state = [V::ZERO; WIDTH];
    state[RATE] = V::from(F::from_usize(width));
    for start in (0..width).step_by(RATE) {
        for (k, word) in state[..RATE].iter_mut().enumerate() {
            *word = if start + k < width { rows.word(row, start + k) } else { V::ZERO };
        }
        poseidon2.permute_mut(&mut state);
    }
    state
}

/// The digests of all rows.
pub fn leaves(threads: usize, rows: &impl Rows, digests: &mut [Digest]) {
    let poseidon2 = poseidon2();
    share(threads, digests.chunks_mut(CHUNK).enumerate(), |(chunk, digests)| {
        for (group, digests) in digests.chunks_mut(LANES).enumerate() {
            scatter_digests(&sponge(&poseidon2, rows, chunk * CHUNK + group * LANES), digests);
        }
    });
}

/// The layer above `below`: pairs compressed; where rows join at this layer, compress(their digest, that digest).
pub fn layer_above<R: Rows>(threads: usize, below: &[Digest], joining: Option<&R>, layer: &mut [Digest]) {
    let poseidon2 = poseidon2();
    let (pairs, _) = below.as_flattened().as_chunks::<WIDTH>();
    share(threads, layer.chunks_mut(CHUNK).zip(pairs.chunks(CHUNK)).enumerate(), |(chunk, (digests, pairs))| {
        for (group, (digests, pairs)) in digests.chunks_mut(LANES).zip(pairs.chunks(LANES)).enumerate() {
            let mut state = gather_states(pairs);
            poseidon2.permute_mut(&mut state);
            if let Some(rows) = joining {
                let mut both = sponge(&poseidon2, rows, chunk * CHUNK + group * LANES);
                both[RATE..].copy_from_slice(&state[..RATE]);
                poseidon2.permute_mut(&mut both);
                state = both;
            }
            scatter_digests(&state, digests);
        }
    });
}

/// The smallest nonce whose absorption makes the lowest bits of the state zero.
pub fn grind(threads: usize, state: &[F; WIDTH], bits: u32) -> Option<u32> {
    let found = AtomicU32::new(u32::MAX);
    let order = F::ORDER_U32;
    let poseidon2 = poseidon2();
    let starts = (0..order).step_by(CHUNK).take_while(|&start| start <= found.load(Ordering::Relaxed));
    share(threads, starts, |start| {
        for first in (start..start.saturating_add(CHUNK as u32).min(order)).step_by(LANES) {
            let mut trial: [V; WIDTH] = std::array::from_fn(|word| if word < RATE { V::ZERO } else { V::from(state[word]) });
            trial[0] = V::from_fn(|lane| F::new(first + lane as u32));
            poseidon2.permute_mut(&mut trial);
            let good = |word: &F| word.as_canonical_u32() & ((1 << bits) - 1) == 0;
            if let Some(lane) = trial[0].as_slice().iter().position(good) {
                found.fetch_min(first + lane as u32, Ordering::Relaxed);
                return;
            }
        }
    });
    Some(found.into_inner()).filter(|&nonce| nonce < order)
}
