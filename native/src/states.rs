//! States that lie one after the other, read and written LANES at a time; permutations and grinding.
use std::sync::atomic::{AtomicU32, Ordering};

use p3_field::{PackedValue, PrimeCharacteristicRing, PrimeField32};

use crate::field::{F, LANES, V, load, load_padded, transpose};
use crate::poseidon2::Hash;
use crate::threads::share;

const CHUNK: usize = 1024;

/// LANES words of a state, those past its end zero.
#[inline(always)]
fn part<const W: usize>(state: &[F; W], tile: usize) -> V {
    if (tile + 1) * LANES <= W { load(&state[tile * LANES..]) } else { load_padded(state, tile * LANES) }
}

/// Up to LANES states side by side; missing ones are zero.
#[inline(always)]
pub fn gather<const W: usize>(states: &[[F; W]]) -> [V; W] {
    let mut out = [V::ZERO; W];
    for (tile, out) in out.chunks_mut(LANES).enumerate() {
        let mut square: [V; LANES] = match states.first_chunk::<LANES>() {
            Some(states) => std::array::from_fn(|lane| part(&states[lane], tile)),
            None => std::array::from_fn(|lane| states.get(lane).map_or(V::ZERO, |state| part(state, tile))),
        };
        transpose(&mut square);
        out.copy_from_slice(&square[..out.len()]);
    }
    out
}

#[inline(always)]
pub fn scatter<const W: usize>(vectors: &[V; W], states: &mut [[F; W]]) {
    for (tile, vectors) in vectors.chunks(LANES).enumerate() {
        let mut square: [V; LANES] = std::array::from_fn(|word| vectors.get(word).copied().unwrap_or(V::ZERO));
        transpose(&mut square);
        for (state, vector) in states.iter_mut().zip(square) {
            match state[tile * LANES..].first_chunk_mut::<LANES>() {
                Some(words) => *V::from_slice_mut(words) = vector,
                None => state[tile * LANES..].copy_from_slice(&vector.as_slice()[..vectors.len()]),
            }
        }
    }
}

pub fn permute_all<H: Hash<W>, const W: usize>(threads: usize, states: &mut [[F; W]]) {
    let hash = H::new();
    share(threads, states.chunks_mut(CHUNK), |chunk| {
        for group in chunk.chunks_mut(LANES) {
            let mut state = H::state(&gather(group));
            hash.permute(&mut state);
            scatter(&std::array::from_fn(|word| H::word(&state, word)), group);
        }
    });
}

/// The smallest nonce whose absorption makes the lowest bits of the state zero.
pub fn grind<H: Hash<W>, const W: usize>(threads: usize, state: &[F; W], bits: u32) -> Option<u32> {
    let found = AtomicU32::new(u32::MAX);
    let order = F::ORDER_U32;
    let hash = H::new();
    let absorbing = H::state(&std::array::from_fn(|word| if word < H::RATE { V::ZERO } else { V::from(state[word]) }));
    let starts = (0..order).step_by(CHUNK).take_while(|&start| start <= found.load(Ordering::Relaxed));
    share(threads, starts, |start| {
        for first in (start..start.saturating_add(CHUNK as u32).min(order)).step_by(LANES) {
            let mut trial = absorbing;
            H::put(&mut trial, 0, V::from_fn(|lane| F::new(first + lane as u32)));
            hash.permute(&mut trial);
            let good = |word: &F| word.as_canonical_u32() & ((1 << bits) - 1) == 0;
            if let Some(lane) = H::word(&trial, 0).as_slice().iter().position(good) {
                found.fetch_min(first + lane as u32, Ordering::Relaxed);
                return;
            }
        }
    });
    Some(found.into_inner()).filter(|&nonce| nonce < order)
}
