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
fn sponge<H: Hash<W>, const W: usize>(hash: &H, rows: &impl Rows, row: usize) -> [V; W] {
    let width = rows.width();
    let mut state = [V::ZERO; W];
    state[H::RATE] = V::from(F::from_usize(width));
    for start in (0..width).step_by(H::RATE) {
        for (k, word) in state[..H::RATE].iter_mut().enumerate() {
            *word = if start + k < width { rows.word(row, start + k) } else { V::ZERO };
        }
        hash.permute(&mut state);
    }
    state
}

#[inline(always)]
fn compress<H: Hash<W>, const W: usize>(hash: &H, left: impl Fn(usize) -> V, right: impl Fn(usize) -> V) -> [V; W] {
    let word = |index: usize| match index {
        _ if index < H::DIGEST => left(index),
        _ if index < 2 * H::DIGEST => right(index - H::DIGEST),
        _ => V::ZERO,
    };
    let mut state = std::array::from_fn(word);
    hash.permute(&mut state);
    state
}

/// Fills a layer: `digests` gives the LANES digests from an index on, in the first words of a state.
fn fill<H: Hash<W>, const W: usize>(threads: usize, count: usize, digests: impl Fn(usize) -> [V; W] + Sync) -> Layer {
    let mut layer = Layer::new(count, H::DIGEST);
    let shared = Shared::new(&mut layer.words);
    share(threads, (0..count).step_by(CHUNK), |start| {
        for first in (start..count.min(start + CHUNK)).step_by(LANES) {
            for (index, word) in digests(first)[..H::DIGEST].iter().enumerate() {
                // SAFETY: no other thread has these digests.
                unsafe { shared.write(index * count + first, &word.as_slice()[..LANES.min(count - first)]) };
            }
        }
    });
    layer
}

fn build<H: Hash<W>, const W: usize, R: Rows>(
    threads: usize,
    top: usize,
    log_cap: usize,
    level: impl Fn(usize) -> Option<R>,
) -> Vec<Layer> {
    let hash = H::new();
    let rows = level(top).expect("the tallest level has rows");
    let mut layers = vec![fill::<H, W>(threads, 1 << top, |first| sponge(&hash, &rows, first))];
    for height in (log_cap..top).rev() {
        let below = &layers[layers.len() - 1];
        let joining = level(height);
        layers.push(fill::<H, W>(threads, 1 << height, |first| {
            let pairs: [[V; 2]; W] = std::array::from_fn(|word| if word < H::DIGEST { below.pairs(first, word) } else { [V::ZERO; 2] });
            let node = compress(&hash, |word| pairs[word][0], |word| pairs[word][1]);
            let Some(rows) = &joining else { return node };
            let leaf: [V; W] = sponge(&hash, rows, first);
            compress(&hash, |word| leaf[word], |word| node[word])
        }));
    }
    layers
}

/// Digests from the leaves at level `top` up to the cap; `level` gives the rows that join at a level: compress(their digest, the pair's).
pub fn layers<R: Rows>(threads: usize, width: usize, top: usize, log_cap: usize, level: impl Fn(usize) -> Option<R>) -> Vec<Layer> {
    match width {
        24 => build::<Hash24, 24, R>(threads, top, log_cap, level),
        _ => build::<Hash16, 16, R>(threads, top, log_cap, level),
    }
}
