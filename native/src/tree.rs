//! Commitments: extended matrices (or plain rows), the Merkle tree over them, and what is read from both.
use std::collections::BTreeMap;

use p3_field::{PackedValue, PrimeCharacteristicRing, PrimeField32};

use crate::extend::Extension;
use crate::field::*;
use crate::hash::{Layer, Rows, layers};
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

/// The columns of all groups, side by side, with zeros that fill up the last block of every group but the last.
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

/// Matrices whose columns share columns of the tree: 2^log_pack of them each.
pub struct Group {
    pub log_pack: usize,
    /// The numbers of its matrices.
    members: std::ops::Range<usize>,
    /// What is hashed, unless it is the members themselves.
    packed: Option<Matrix>,
}

enum Content {
    Matrices(Vec<Matrix>, Vec<Group>),
    Rows(PlainRows),
}

/// What a tree is made of and where it ends.
#[derive(Clone, Copy)]
pub struct Shape {
    pub hash_width: usize,
    pub log_cap: usize,
}

pub struct Tree {
    content: Content,
    /// Digests from the leaves up to the cap.
    layers: Vec<Layer>,
    pub log_cap: usize,
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
    pub log_pack: usize,
}

/// The tallest height, how far it is extended, and how many columns of a matrix are one unit of packing.
#[derive(Clone, Copy)]
pub struct Domain {
    pub log_rows: usize,
    pub log_blowup: usize,
    pub unit: usize,
}

fn extend(threads: usize, source: &Source, log_blowup: usize) -> Matrix {
    let (height, log_extended) = (1 << source.log_height, source.log_height + log_blowup);
    let shift = coset_shift(source.log_height);
    let unit = raw_factor() * base_inverse(F::from_usize(height));
    let extension = Extension::new(source.log_height, log_blowup, shift, unit);
    let size = 1 << log_extended;
    let stride = if size < 1024 { size } else { size + 32 };
    let mut data = unwritten(source.width * stride);
    share(threads, as_raw(source.words).chunks(height).zip(data.chunks_mut(stride)), |(column, extended)| {
        let mut scratch = unwritten(height);
        extension.extend(column, &mut extended[..size], &mut scratch);
    });
    Matrix { data, stride, width: source.width, log_height: source.log_height, log_extended, shift }
}

/// The columns F(x) = f0(x^r) + x * f1(x^r) + … of 2^log_rows rows: coefficient m of column j, of 2^h rows, is coefficient m * 2^(log_rows - h) + j.
fn pack(threads: usize, sources: &[Source], log_pack: usize, domain: Domain) -> Matrix {
    let Domain { log_rows, log_blowup, unit } = domain;
    let units: Vec<(&Source, usize)> = sources.iter().flat_map(|s| (0..s.width / unit).map(move |index| (s, index * unit))).collect();
    let width = units.len().div_ceil(1 << log_pack) * unit;
    let (height, log_extended) = (1usize << log_rows, log_rows + log_blowup);
    let (shift, size) = (coset_shift(log_rows), 1 << log_extended);
    let stride = if size < 1024 { size } else { size + 32 };
    let whole = Extension::new(log_rows, log_blowup, shift, F::ONE);
    let short: BTreeMap<usize, Extension> =
        sources.iter().map(|s| (s.log_height, Extension::new(s.log_height, 0, F::ONE, F::ONE))).collect();
    let mut data = unwritten(width * stride);
    share(threads, data.chunks_mut(stride).enumerate(), |(index, extended)| {
        let mut coefficients = unwritten(height);
        coefficients.fill(F::ZERO);
        let own = units.iter().skip(index / unit << log_pack).take(1 << log_pack);
        for (slot, (source, first)) in own.enumerate() {
            let rows = 1usize << source.log_height;
            let mut scratch = unwritten(rows);
            short[&source.log_height].coefficients(&as_raw(source.words)[(first + index % unit) * rows..][..rows], &mut scratch);
            scale_all(&mut scratch, raw_factor() * base_inverse(F::from_usize(rows)));
            let step = height >> source.log_height;
            coefficients[slot..].iter_mut().step_by(step).zip(&scratch).for_each(|(to, &from)| *to = from);
        }
        whole.values(&coefficients, &mut extended[..size]);
    });
    Matrix { data, stride, width, log_height: log_rows, log_extended, shift }
}

impl Group {
    /// The matrices whose columns are hashed.
    pub fn hashed<'a>(&'a self, matrices: &'a [Matrix]) -> &'a [Matrix] {
        self.packed.as_ref().map_or(&matrices[self.members.clone()], std::slice::from_ref)
    }
}

impl Tree {
    /// `sources` of one `log_pack` stand side by side.
    pub fn over_matrices(threads: usize, sources: &[Source], domain: Domain, shape: Shape) -> Self {
        let whole = |source: &Source| source.log_pack == 0 && source.log_height == domain.log_rows;
        let blowup = |source: &Source| if whole(source) { domain.log_blowup } else { 1 };      // what the quotient needs
        let mut groups: Vec<Group> = Vec::new();
        for own in sources.chunk_by(|a, b| a.log_pack == b.log_pack) {
            let first = groups.last().map_or(0, |group| group.members.end);
            let packed = (!own.iter().all(whole)).then(|| pack(threads, own, own[0].log_pack, domain));
            groups.push(Group { log_pack: own[0].log_pack, members: first..first + own.len(), packed });
        }
        let matrices: Vec<Matrix> = sources.iter().map(|source| extend(threads, source, blowup(source))).collect();
        let top = domain.log_rows + domain.log_blowup;
        let rate = if shape.hash_width == 24 { 15 } else { 8 };
        let zeros = vec![F::ZERO; 1 << top];
        let mut columns: Vec<&[F]> = Vec::new();
        for group in &groups {
            columns.resize(columns.len().next_multiple_of(rate), &zeros[..]);
            columns.extend(group.hashed(&matrices).iter().flat_map(Matrix::columns));
        }
        let layers = layers(threads, shape.hash_width, top, shape.log_cap, &Columns(columns));
        Self { content: Content::Matrices(matrices, groups), layers, log_cap: shape.log_cap }
    }

    pub fn over_rows(threads: usize, rows: PlainRows, log_height: usize, shape: Shape) -> Self {
        let layers = layers(threads, shape.hash_width, log_height, shape.log_cap, &rows);
        Self { content: Content::Rows(rows), layers, log_cap: shape.log_cap }
    }

    pub fn cap(&self) -> Vec<u32> {
        let cap = &self.layers[self.layers.len() - 1];
        (0..cap.count).flat_map(|index| cap.digest(index)).map(|word| word.as_canonical_u32()).collect()
    }

    pub fn log_height(&self) -> usize {
        self.log_cap + self.layers.len() - 1
    }

    pub fn matrices(&self) -> Option<&[Matrix]> {
        match &self.content {
            Content::Matrices(matrices, _) => Some(matrices),
            Content::Rows(_) => None,
        }
    }

    /// What is hashed of the matrices that are packed so.
    pub fn packed(&self, log_pack: usize) -> Option<&[Matrix]> {
        match &self.content {
            Content::Matrices(matrices, groups) => groups.iter().find(|group| group.log_pack == log_pack).map(|group| group.hashed(matrices)),
            Content::Rows(_) => None,
        }
    }

    pub fn open(&self, indices: &[usize]) -> Vec<u32> {
        let mut out = Vec::new();
        let mut put = |words: &[F]| out.extend(words.iter().map(|word| word.as_canonical_u32()));
        match &self.content {
            Content::Rows(rows) => indices.iter().for_each(|&index| put(&rows.words[index * rows.width..][..rows.width])),
            Content::Matrices(matrices, groups) => {
                let columns: Vec<&[F]> =
                    groups.iter().flat_map(|group| group.hashed(matrices)).flat_map(Matrix::columns).collect();
                indices.iter().for_each(|&index| columns.iter().for_each(|column| put(&[column[index]])));
            }
        }
        for (height, layer) in self.layers[..self.layers.len() - 1].iter().enumerate() {
            indices.iter().for_each(|index| layer.digest(index >> height ^ 1).for_each(|word| put(&[word])));
        }
        out
    }
}
