//! States that lie one after the other, read and written LANES at a time; permutations and grinding.
use std::sync::atomic::{AtomicU32, Ordering};

use p3_field::{PackedValue, PrimeCharacteristicRing, PrimeField32};

use crate::field::{F, LANES, V, load_padded, transpose};
use crate::poseidon2::Hash;
use crate::threads::share;

const CHUNK: usize = 1024;

/// Up to LANES states side by side; missing ones are zero.
fn gather<const W: usize>(states: &[[F; W]]) -> [V; W] {
    let mut out = [V::ZERO; W];
    for (tile, out) in out.chunks_mut(LANES).enumerate() {
        let mut square: [V; LANES] = std::array::from_fn(|lane| states.get(lane).map_or(V::ZERO, |state| load_padded(state, tile * LANES)));
        transpose(&mut square);
        out.copy_from_slice(&square[..out.len()]);
    }
    out
}

fn scatter<const W: usize>(vectors: &[V; W], states: &mut [[F; W]]) {
    for (tile, vectors) in vectors.chunks(LANES).enumerate() {
        let mut square: [V; LANES] = std::array::from_fn(|word| vectors.get(word).copied().unwrap_or(V::ZERO));
        transpose(&mut square);
        for (state, vector) in states.iter_mut().zip(square) {
            state[tile * LANES..][..vectors.len()].copy_from_slice(&vector.as_slice()[..vectors.len()]);
        }
    }
}

pub fn permute_all<H: Hash<W>, const W: usize>(threads: usize, states: &mut [[F; W]]) {
    let hash = H::new();
    share(threads, states.chunks_mut(CHUNK), |chunk| {
        for group in chunk.chunks_mut(LANES) {
            let mut vectors = gather(group);
            hash.permute(&mut vectors);
            scatter(&vectors, group);
        }
    });
}

/// The smallest nonce whose absorption makes the lowest bits of the state zero.
pub fn grind<H: Hash<W>, const W: usize>(threads: usize, state: &[F; W], bits: u32) -> Option<u32> {
    let found = AtomicU32::new(u32::MAX);
    let order = F::ORDER_U32;
    let hash = H::new();
    let starts = (0..order).step_by(CHUNK).take_while(|&start| start <= found.load(Ordering::Relaxed));
    share(threads, starts, |start| {
        for first in (start..start.saturating_add(CHUNK as u32).min(order)).step_by(LANES) {
            let mut trial: [V; W] = std::array::from_fn(|word| if word < H::RATE { V::ZERO } else { V::from(state[word]) });
            trial[0] = V::from_fn(|lane| F::new(first + lane as u32));
            hash.permute(&mut trial);
            let good = |word: &F| word.as_canonical_u32() & ((1 << bits) - 1) == 0;
            if let Some(lane) = trial[0].as_slice().iter().position(good) {
                found.fetch_min(first + lane as u32, Ordering::Relaxed);
                return;
            }
        }
    });
    Some(found.into_inner()).filter(|&nonce| nonce < order)
}
