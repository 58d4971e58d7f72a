//! Commitments: extended matrices (or plain rows), the Merkle tree over them, and what is read from both.
use p3_field::{PackedValue, PrimeCharacteristicRing, PrimeField32};

use crate::extend::Extension;
use crate::field::*;
use crate::hash::{Digest, Rows, layer_above, leaves};
use crate::memory::unwritten;
use crate::threads::share;

/// Columns on the extended domain, one after the other.
pub struct Matrix {
    data: Vec<F>,
    /// From one column to the next: not a power of two, so that the columns of a row lie in different sets of the cache.
    stride: usize,
    pub width: usize,
    pub log_height: usize,
    pub log_extended: usize,
    pub shift: F,
}

impl Matrix {
    pub fn column(&self, index: usize) -> &[F] {
        &self.data[index * self.stride..][..1 << self.log_extended]
    }

    pub fn columns(&self) -> impl Iterator<Item = &[F]> {
        (0..self.width).map(|index| self.column(index))
    }
}

/// The columns of all matrices of one level, side by side.
struct Columns<'a>(Vec<&'a [F]>);

impl Rows for Columns<'_> {
    fn width(&self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn word(&self, row: usize, index: usize) -> V {
        let column = self.0[index];
        prefetch(column.as_ptr().wrapping_add(row + LANES));
        load_padded(column, row)
    }
}

/// Rows of words as they are.
pub struct PlainRows {
    pub words: Vec<F>,
    pub width: usize,
}

impl Rows for PlainRows {
    fn width(&self) -> usize {
        self.width
    }

    #[inline(always)]
    fn word(&self, row: usize, index: usize) -> V {
        V::from_fn(|lane| *self.words.get((row + lane) * self.width + index).unwrap_or(&F::ZERO))
    }
}

enum Content {
    Matrices(Vec<Matrix>),
    Rows(PlainRows),
}

pub struct Tree {
    content: Content,
    /// Digests from the leaves up to the cap.
    layers: Vec<Vec<Digest>>,
    log_cap: usize,
}

/// Of the extension of a matrix with 2^log_height rows: the same under every tallest height.
pub fn coset_shift(log_height: usize) -> F {
    F::from_u64(GENERATOR).exp_power_of_2(TWO_ADICITY - log_height)
}

/// Canonical columns of one matrix: (width, 2^log_height).
pub struct Source<'a> {
    pub words: &'a [u32],
    pub width: usize,
    pub log_height: usize,
}

fn extend(threads: usize, source: &Source, log_blowup: usize) -> Matrix {
    let (height, log_extended) = (1 << source.log_height, source.log_height + log_blowup);
    let shift = coset_shift(source.log_height);
    let extension = Extension::new(source.log_height, log_blowup, shift);
    let size = 1 << log_extended;
    let stride = if size < 1024 { size } else { size + 32 };
    let mut data = unwritten(source.width * stride);
    share(threads, as_raw(source.words).chunks(height).zip(data.chunks_mut(stride)), |(column, extended)| {
        let mut scratch = unwritten(height);
        extension.extend(column, &mut extended[..size], &mut scratch);
    });
    Matrix { data, stride, width: source.width, log_height: source.log_height, log_extended, shift }
}

impl Tree {
    pub fn over_matrices(threads: usize, sources: &[Source], log_blowup: usize, log_cap: usize) -> Self {
        let matrices: Vec<Matrix> = sources.iter().map(|source| extend(threads, source, log_blowup)).collect();
        let top = matrices.iter().map(|matrix| matrix.log_extended).max().expect("at least one matrix");
        let level = |level: usize| {
            let columns: Vec<&[F]> = matrices.iter().filter(|m| m.log_extended == level).flat_map(Matrix::columns).collect();
            (!columns.is_empty()).then_some(Columns(columns))
        };
        let layers = layers(threads, top, log_cap, level);
        Self { content: Content::Matrices(matrices), layers, log_cap }
    }

    pub fn over_rows(threads: usize, rows: PlainRows, log_height: usize, log_cap: usize) -> Self {
        let layers = layers(threads, log_height, log_cap, |level| (level == log_height).then_some(&rows));
        Self { content: Content::Rows(rows), layers, log_cap }
    }

    pub fn cap(&self) -> &[Digest] {
        &self.layers[self.layers.len() - 1]
    }

    pub fn log_height(&self) -> usize {
        self.log_cap + self.layers.len() - 1
    }

    pub fn matrices(&self) -> Option<&[Matrix]> {
        match &self.content {
            Content::Matrices(matrices) => Some(matrices),
            Content::Rows(_) => None,
        }
    }

    pub fn open(&self, indices: &[usize]) -> Vec<u32> {
        let mut out = Vec::new();
        let mut put = |words: &[F]| out.extend(words.iter().map(|word| word.as_canonical_u32()));
        match &self.content {
            Content::Rows(rows) => indices.iter().for_each(|&index| put(&rows.words[index * rows.width..][..rows.width])),
            Content::Matrices(matrices) => {
                for level in matrices.chunk_by(|a, b| a.log_extended == b.log_extended) {
                    let below = self.log_height() - level[0].log_extended;
                    for index in indices {
                        level.iter().flat_map(Matrix::columns).for_each(|column| put(&[column[index >> below]]));
                    }
                }
            }
        }
        for (height, layer) in self.layers[..self.layers.len() - 1].iter().enumerate() {
            indices.iter().for_each(|index| put(&layer[index >> height ^ 1]));
        }
        out
    }
}

/// Digests from the leaves at level `top` up to the cap; `level` gives the rows that join at a level.
fn layers<R: Rows>(threads: usize, top: usize, log_cap: usize, level: impl Fn(usize) -> Option<R>) -> Vec<Vec<Digest>> {
    let mut layers = vec![unwritten(1 << top)];
    leaves(threads, &level(top).expect("the tallest level has rows"), &mut layers[0]);
    for height in (log_cap..top).rev() {
        let mut layer = unwritten(1 << height);
        layer_above(threads, &layers[layers.len() - 1], level(height).as_ref(), &mut layer);
        layers.push(layer);
    }
    layers
}
