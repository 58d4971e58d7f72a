//! What a verifier hashes: sponges that absorb many blocks, paths that are climbed, pruned openings that are written out.
use p3_field::{PackedValue, PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::{default_koalabear_poseidon2_16, default_koalabear_poseidon2_24};
use p3_symmetric::Permutation;

use crate::field::{F, LANES, V};
use crate::memory::unwritten;
use crate::poseidon2::{Hash, Hash16, Hash24};
use crate::states::{gather, permute_all, scatter};
use crate::threads::{Shared, share};

fn element(word: u32) -> F {
    F::new(word)
}

fn word(element: &F) -> u32 {
    element.as_canonical_u32()
}

/// One state: what does one permutation after the other does not need lanes, and has the answer sooner without.
fn absorb_alone<const W: usize>(
    permutation: impl Permutation<[F; W]>,
    rate: usize,
    state: &mut [F; W],
    words: &[u32],
    mut kept: impl FnMut(&[F; W]),
) {
    for words in words.chunks_exact(rate) {
        state.iter_mut().zip(words).for_each(|(own, &word)| *own = element(word));
        permutation.permute_mut(state);
        kept(state);
    }
}

/// The states after rows of whole blocks: each block takes the place of the rate. `kept` is given the number of every block, that of the
/// first state, and the states behind it.
fn absorb<H: Hash<W>, const W: usize>(threads: usize, states: &mut [[F; W]], words: &[u32], kept: impl Fn(usize, usize, &H::State) + Sync) {
    let (hash, length) = (H::new(), words.len() / states.len().max(1));
    share(threads, states.chunks_mut(LANES).enumerate(), |(group, states)| {
        let rows = &words[group * LANES * length..][..states.len() * length];
        let mut state = H::state(&gather(states));
        for start in (0..length).step_by(H::RATE) {
            for k in 0..H::RATE {
                H::put(&mut state, k, V::from_fn(|lane| rows.get(lane * length + start + k).map_or(F::ZERO, |&word| element(word))));
            }
            hash.permute(&mut state);
            kept(start / H::RATE, group * LANES, &state);
        }
        scatter(&std::array::from_fn(|word| H::word(&state, word)), states);
    });
}

/// The states after every block: those after the first one, then those after the second one, and so on.
fn absorb_kept<H: Hash<W>, const W: usize>(threads: usize, states: &mut [[F; W]], words: &[u32]) -> Vec<F> {
    let (count, blocks) = (states.len(), words.len() / (states.len() * H::RATE).max(1));
    let mut out = unwritten(count * blocks * W);
    let shared = Shared::new(&mut out);
    absorb::<H, W>(threads, states, words, |block, first, state| {
        let mut rows = [[F::ZERO; W]; LANES];
        let rows = &mut rows[..LANES.min(count - first)];
        scatter(&std::array::from_fn(|word| H::word(state, word)), rows);
        // SAFETY: no other thread has these states.
        unsafe { shared.write((block * count + first) * W, rows.as_flattened()) };
    });
    out
}

/// Digests of pairs of digests.
fn compress<H: Hash<W>, const W: usize>(pairs: &mut [[F; W]]) {
    permute_all::<H, W>(1, pairs);
}

fn pair<H: Hash<W>, const W: usize>(left: &[u32], right: &[u32]) -> [F; W] {
    std::array::from_fn(|k| left.get(k).or_else(|| right.get(k - H::DIGEST)).map_or(F::ZERO, |&word| element(word)))
}

fn digests<H: Hash<W>, const W: usize>(states: &[[F; W]]) -> Vec<u32> {
    states.iter().flat_map(|state| state[..H::DIGEST].iter().map(word)).collect()
}

/// The digests at the upper ends of paths; a bit says whether the node is a right child, row by row.
fn climb<H: Hash<W>, const W: usize>(below: &[u32], siblings: &[u32], bits: &[u32]) -> Vec<u32> {
    let (mut known, count) = (below.to_vec(), below.len() / H::DIGEST);
    let levels = bits.len() / count.max(1);
    for level in 0..levels {
        let siblings = &siblings[level * below.len()..][..below.len()];
        let sides = known.chunks_exact(H::DIGEST).zip(siblings.chunks_exact(H::DIGEST)).enumerate();
        let mut pairs: Vec<[F; W]> = sides
            .map(|(k, (own, other))| if bits[k * levels + level] == 0 { pair::<H, W>(own, other) } else { pair::<H, W>(other, own) })
            .collect();
        compress::<H, W>(&mut pairs);
        known = digests::<H, W>(&pairs);
    }
    known
}

/// The openings of one tree with one row and one path for every leaf, from those without anything twice (`restore` in stark/pruning.py);
/// None if they have another length.
fn restore<H: Hash<W>, const W: usize>(leaves: &[usize], levels: usize, segments: &[usize], pruned: &[u32]) -> Option<Vec<u32>> {
    let (width, digest) = (segments.iter().sum::<usize>(), H::DIGEST);
    let mut places = leaves.to_vec();
    places.sort_unstable();
    places.dedup();
    let mut found: Vec<usize> = leaves.iter().map(|leaf| places.partition_point(|place| place < leaf)).collect();
    let (rows, mut sent) = pruned.split_at_checked(width * places.len())?;
    let mut tape = Vec::with_capacity(leaves.len() * (width + levels * digest));
    found.iter().for_each(|&at| tape.extend_from_slice(&rows[at * width..][..width]));
    let mut known = hashed::<H, W>(rows, segments, places.len());
    for _ in 0..levels {
        let (mut siblings, mut pairs, mut above) = (Vec::with_capacity(known.len()), Vec::new(), Vec::with_capacity(places.len()));
        for (at, &place) in places.iter().enumerate() {
            let beside = if place % 2 == 0 { at + 1 } else { at.wrapping_sub(1) };
            let own = &known[at * digest..][..digest];
            let sibling = if places.get(beside) == Some(&(place ^ 1)) {
                &known[beside * digest..][..digest]
            } else {
                let (next, rest) = sent.split_at_checked(digest)?;
                sent = rest;
                next
            };
            siblings.extend_from_slice(sibling);
            if above.last() != Some(&(place >> 1)) {
                above.push(place >> 1);
                pairs.push(if place % 2 == 0 { pair::<H, W>(own, sibling) } else { pair::<H, W>(sibling, own) });
            }
        }
        found.iter().for_each(|&at| tape.extend_from_slice(&siblings[at * digest..][..digest]));
        found.iter_mut().for_each(|at| *at = above.partition_point(|&place| place < places[*at] >> 1));
        compress::<H, W>(&mut pairs);
        (known, places) = (digests::<H, W>(&pairs), above);
    }
    sent.is_empty().then_some(tape)
}

/// The digests of rows, every segment but the last filled up to whole blocks.
fn hashed<H: Hash<W>, const W: usize>(rows: &[u32], segments: &[usize], count: usize) -> Vec<u32> {
    let width = segments.iter().sum::<usize>();
    let (last, before) = segments.split_last().expect("a row has a segment");
    let length = before.iter().map(|words| words.next_multiple_of(H::RATE)).sum::<usize>() + last;
    let mut words = Vec::with_capacity(count * length.next_multiple_of(H::RATE));
    for row in rows.chunks_exact(width) {
        let (start, mut at) = (words.len(), 0);
        for segment in segments {
            words.extend_from_slice(&row[at..at + segment]);
            words.resize(start + (words.len() - start).next_multiple_of(H::RATE), 0);
            at += segment;
        }
    }
    let mut states = vec![[F::ZERO; W]; count];
    states.iter_mut().for_each(|state| state[H::RATE] = F::from_usize(length));
    absorb::<H, W>(1, &mut states, &words, |_, _, _| ());
    digests::<H, W>(&states)
}

/// The same with the hash by its width.
pub mod by_width {
    use super::*;

    /// All states are kept if it is said so: then they come out, block by block.
    pub fn absorb(threads: usize, width: usize, states: &mut [F], words: &[u32], keep: bool) -> Vec<F> {
        let mut out = Vec::new();
        match (width, keep) {
            (24, _) if states.len() == 24 => {
                let state = states.try_into().expect("one state");
                absorb_alone::<24>(default_koalabear_poseidon2_24(), Hash24::RATE, state, words, |state| {
                    if keep {
                        out.extend(state)
                    }
                });
            }
            (16, _) if states.len() == 16 => {
                let state = states.try_into().expect("one state");
                absorb_alone::<16>(default_koalabear_poseidon2_16(), Hash16::RATE, state, words, |state| {
                    if keep {
                        out.extend(state)
                    }
                });
            }
            (24, true) => out = super::absorb_kept::<Hash24, 24>(threads, states.as_chunks_mut().0, words),
            (_, true) => out = super::absorb_kept::<Hash16, 16>(threads, states.as_chunks_mut().0, words),
            (24, false) => super::absorb::<Hash24, 24>(threads, states.as_chunks_mut().0, words, |_, _, _| ()),
            (_, false) => super::absorb::<Hash16, 16>(threads, states.as_chunks_mut().0, words, |_, _, _| ()),
        }
        out
    }

    pub fn climb(width: usize, below: &[u32], siblings: &[u32], bits: &[u32]) -> Vec<u32> {
        match width {
            24 => super::climb::<Hash24, 24>(below, siblings, bits),
            _ => super::climb::<Hash16, 16>(below, siblings, bits),
        }
    }

    pub fn restore(width: usize, leaves: &[usize], levels: usize, segments: &[usize], pruned: &[u32]) -> Option<Vec<u32>> {
        match width {
            24 => super::restore::<Hash24, 24>(leaves, levels, segments, pruned),
            _ => super::restore::<Hash16, 16>(leaves, levels, segments, pruned),
        }
    }
}
