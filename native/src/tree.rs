//! Commitments: the Merkle tree over the extended columns of matrices (or plain rows), and what is read from it.
use p3_field::{PackedValue, PrimeCharacteristicRing, PrimeField32};

use crate::field::*;
use crate::hash::{Layer, Rows, layers};
use crate::packing::{Group, Member};

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

enum Content {
    Groups(Vec<Group>),
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

impl Tree {
    /// Over groups into which all matrices have been put.
    pub fn over_groups(threads: usize, groups: Vec<Group>, shape: Shape) -> Self {
        let top = groups[0].log_extended;
        let rate = if shape.hash_width == 24 { 15 } else { 8 };
        let zeros = vec![F::ZERO; 1 << top];
        let mut columns: Vec<&[F]> = Vec::new();
        for group in &groups {
            columns.resize(columns.len().next_multiple_of(rate), &zeros[..]);
            columns.extend(group.hashed.columns());
        }
        let layers = layers(threads, shape.hash_width, top, shape.log_cap, &Columns(columns));
        Self { content: Content::Groups(groups), layers, log_cap: shape.log_cap }
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

    fn groups(&self) -> &[Group] {
        match &self.content {
            Content::Groups(groups) => groups,
            Content::Rows(_) => &[],
        }
    }

    /// The matrices that it is a commitment to.
    pub fn members(&self) -> Vec<Member<'_>> {
        self.groups().iter().flat_map(Group::members).collect()
    }

    /// The matrices that are packed so.
    pub fn group(&self, log_pack: usize) -> Option<&Group> {
        self.groups().iter().find(|group| group.log_pack == log_pack)
    }

    pub fn open(&self, indices: &[usize]) -> Vec<u32> {
        let mut out = Vec::new();
        let mut put = |words: &[F]| out.extend(words.iter().map(|word| word.as_canonical_u32()));
        match &self.content {
            Content::Rows(rows) => indices.iter().for_each(|&index| put(&rows.words[index * rows.width..][..rows.width])),
            Content::Groups(groups) => {
                let columns: Vec<&[F]> = groups.iter().flat_map(|group| group.hashed.columns()).collect();
                indices.iter().for_each(|&index| columns.iter().for_each(|column| put(&[column[index]])));
            }
        }
        for (height, layer) in self.layers[..self.layers.len() - 1].iter().enumerate() {
            indices.iter().for_each(|index| layer.digest(index >> height ^ 1).for_each(|word| put(&[word])));
        }
        out
    }
}
