//! Layers of a tree: sponges over columns, pairs of digests compressed.
use p3_field::{PackedFieldPow2, PackedValue, PrimeCharacteristicRing};

use crate::field::{F, LANES, V, load_padded};
use crate::memory::unwritten;
use crate::poseidon2::{Hash, Hash16, Hash24};
use crate::threads::{Shared, share};

const CHUNK: usize = 1024;

/// The digests of one layer, word by word: the first words of all digests, then the second ones, and so on.
pub struct Layer {
    words: Vec<F>,
    pub count: usize,
}

impl Layer {
    fn new(count: usize, digest: usize) -> Self {
        Self { words: unwritten(count * digest), count }
    }

    fn word(&self, index: usize) -> &[F] {
        &self.words[index * self.count..][..self.count]
    }

    pub fn digest(&self, index: usize) -> impl Iterator<Item = F> {
        self.words.chunks_exact(self.count).map(move |word| word[index])
    }

    /// Word `index` of the left and of the right ones of LANES pairs.
    #[inline(always)]
    fn pairs(&self, pair: usize, index: usize) -> [V; 2] {
        let word = self.word(index);
        if self.count < 2 * LANES {
            return [0, 1].map(|side| V::from_fn(|lane| *word.get(2 * (pair + lane) + side).unwrap_or(&F::ZERO)));
        }
        let (mut low, mut high) = (load_padded(word, 2 * pair), load_padded(word, 2 * pair + LANES));
        let mut block = LANES / 2;
        while block > 0 {
            (low, high) = low.interleave(high, block);
            block /= 2;
        }
        [low, high]
    }
}

/// Rows whose words can be read LANES at a time.
pub trait Rows: Sync {
    fn width(&self) -> usize;
    /// Word `index` of the rows from `row` on; rows past the end are zero.
    fn word(&self, row: usize, index: usize) -> V;
}

#[inline(always)]
fn sponge<H: Hash<W>, const W: usize>(hash: &H, rows: &impl Rows, row: usize) -> H::State {
    let width = rows.width();
    let mut words = [V::ZERO; W];
    words[H::RATE] = V::from(F::from_usize(width));
    let mut state = H::state(&words);
    for start in (0..width).step_by(H::RATE) {
        for k in 0..H::RATE {
            H::put(&mut state, k, if start + k < width { rows.word(row, start + k) } else { V::ZERO });
        }
        hash.permute(&mut state);
    }
    state
}

/// `pair` gives a word of the left and the right digests.
#[inline(always)]
fn compress<H: Hash<W>, const W: usize>(hash: &H, pair: impl Fn(usize) -> [V; 2]) -> H::State {
    let mut words = [V::ZERO; W];
    for index in 0..H::DIGEST {
        [words[index], words[H::DIGEST + index]] = pair(index);
    }
    let mut state = H::state(&words);
    hash.permute(&mut state);
    state
}

/// Fills a layer: `states` gives the states whose first words are the LANES digests from an index on.
fn fill<H: Hash<W>, const W: usize>(threads: usize, count: usize, states: impl Fn(usize) -> H::State + Sync) -> Layer {
    let mut layer = Layer::new(count, H::DIGEST);
    let shared = Shared::new(&mut layer.words);
    share(threads, (0..count).step_by(CHUNK), |start| {
        for first in (start..count.min(start + CHUNK)).step_by(LANES) {
            let state = states(first);
            for index in 0..H::DIGEST {
                // SAFETY: no other thread has these digests.
                unsafe { shared.write(index * count + first, &H::word(&state, index).as_slice()[..LANES.min(count - first)]) };
            }
        }
    });
    layer
}

fn build<H: Hash<W>, const W: usize>(threads: usize, top: usize, log_cap: usize, rows: &impl Rows) -> Vec<Layer> {
    let hash = H::new();
    let mut layers = vec![fill::<H, W>(threads, 1 << top, |first| sponge(&hash, rows, first))];
    for height in (log_cap..top).rev() {
        let below = &layers[layers.len() - 1];
        layers.push(fill::<H, W>(threads, 1 << height, |first| compress(&hash, |index| below.pairs(first, index))));
    }
    layers
}

/// Digests from the leaves at level `top` up to the cap.
pub fn layers(threads: usize, width: usize, top: usize, log_cap: usize, rows: &impl Rows) -> Vec<Layer> {
    match width {
        24 => build::<Hash24, 24>(threads, top, log_cap, rows),
        _ => build::<Hash16, 16>(threads, top, log_cap, rows),
    }
}
