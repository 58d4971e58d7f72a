//! The columns that a tree hashes: 2^k columns of short matrices share one, and are taken apart again for whoever reads them.
use std::collections::BTreeMap;
use std::ops::Range;

use p3_field::{PackedValue, PrimeCharacteristicRing};

use crate::extend::Extension;
use crate::field::*;
use crate::memory::unwritten;
use crate::threads::share;
use crate::unpacking::Unpacking;

/// Columns on an extended domain, one after the other.
pub struct Matrix {
    data: Vec<F>,
    /// From one column to the next: not a power of two, so that the columns of a row lie in different sets of the cache.
    stride: usize,
    size: usize,
    pub width: usize,
}

impl Matrix {
    fn unwritten(width: usize, size: usize) -> Self {
        let stride = if size < 1024 { size } else { size + 32 };
        Self { data: unwritten(width * stride), stride, size, width }
    }

    pub fn column(&self, index: usize) -> &[F] {
        &self.data[index * self.stride..][..self.size]
    }

    pub fn columns(&self) -> impl Iterator<Item = &[F]> {
        (0..self.width).map(|index| self.column(index))
    }

    fn columns_mut(&mut self) -> impl Iterator<Item = &mut [F]> {
        self.data.chunks_mut(self.stride).map(|column| &mut column[..self.size])
    }
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

impl Source<'_> {
    fn column(&self, index: usize) -> &[F] {
        &as_raw(self.words)[index << self.log_height..][..1 << self.log_height]
    }
}

/// The tallest height, how far it is extended, and how many columns of a matrix are one unit of packing.
#[derive(Clone, Copy)]
pub struct Domain {
    pub log_rows: usize,
    pub log_blowup: usize,
    pub unit: usize,
}

/// Matrices whose columns share columns of the tree: 2^log_pack of them each. Only what is hashed is kept.
pub struct Group {
    pub log_pack: usize,
    pub log_rows: usize,
    pub log_extended: usize,
    pub unit: usize,
    pub hashed: Matrix,
    /// Width and log height of every matrix.
    shapes: Vec<(usize, usize)>,
}

impl Group {
    /// The columns F(x) = f0(x^r) + x * f1(x^r) + … of 2^log_rows rows: coefficient m of column j, of 2^h rows, is coefficient
    /// m * 2^(log_rows - h) + j.
    pub fn new(threads: usize, sources: &[Source], domain: Domain) -> Self {
        let (Domain { log_rows, log_blowup, unit }, log_pack) = (domain, sources[0].log_pack);
        let units: Vec<(&Source, usize)> = sources.iter().flat_map(|s| (0..s.width / unit).map(move |index| (s, index * unit))).collect();
        let mut hashed = Matrix::unwritten(units.len().div_ceil(1 << log_pack) * unit, 1 << (log_rows + log_blowup));
        let whole = Extension::new(log_rows, log_blowup, coset_shift(log_rows), raw_factor() * base_inverse(F::from_usize(1 << log_rows)));
        let short: BTreeMap<usize, Extension> = sources
            .iter()
            .filter(|s| s.log_height < log_rows)
            .map(|s| (s.log_height, Extension::new(s.log_height, 0, F::ONE, F::ONE)))
            .collect();
        share(threads, hashed.columns_mut().enumerate(), |(index, extended)| {
            let mut coefficients = unwritten(1 << log_rows);
            let own = &units[index / unit << log_pack..];
            if own[0].0.log_height == log_rows {
                return whole.extend(own[0].0.column(own[0].1 + index % unit), extended, &mut coefficients);
            }
            coefficients.fill(F::ZERO);
            for (slot, (source, first)) in own.iter().take(1 << log_pack).enumerate() {
                let mut scratch = unwritten(1 << source.log_height);
                short[&source.log_height].coefficients(source.column(first + index % unit), &mut scratch);
                let step = 1 << (log_rows - source.log_height);
                scale_all(&mut scratch, F::from_usize(step)); // as often as `whole` divides too much
                coefficients[slot..].iter_mut().step_by(step).zip(&scratch).for_each(|(to, &from)| *to = from);
            }
            whole.values(&coefficients, extended);
        });
        let shapes = sources.iter().map(|s| (s.width, s.log_height)).collect();
        Self { log_pack, log_rows, log_extended: log_rows + log_blowup, unit, hashed, shapes }
    }

    pub fn members(&self) -> impl Iterator<Item = Member<'_>> {
        self.shapes.iter().scan(0, |next, &(width, log_height)| {
            let first = *next;
            *next += width / self.unit;
            Some(Member { group: self, first, width, log_height })
        })
    }
}

/// One of the matrices that share columns of a group.
#[derive(Clone, Copy)]
pub struct Member<'a> {
    pub group: &'a Group,
    /// The number of its first unit in the group.
    pub first: usize,
    pub width: usize,
    pub log_height: usize,
}

impl<'a> Member<'a> {
    /// Whether its columns are hashed as they are.
    pub fn stands_alone(&self) -> bool {
        self.log_height == self.group.log_rows
    }

    /// A column that stands alone, on the extended domain.
    pub fn column(&self, index: usize) -> &'a [F] {
        self.group.hashed.column(self.first * self.group.unit + index)
    }

    /// The columns of the group that have some of it, and which parts of them.
    pub fn places(&self) -> impl Iterator<Item = Place<'a>> {
        let (member, share, unit) = (*self, 1usize << self.group.log_pack, self.group.unit);
        let units = member.first..member.first + member.width / unit;
        (units.start / share..units.end.div_ceil(share)).flat_map(move |shared| {
            let (start, end) = (units.start.max(shared * share), units.end.min((shared + 1) * share));
            (0..unit).map(move |offset| Place {
                column: member.group.hashed.column(shared * unit + offset),
                parts: start - shared * share..end - shared * share,
                first: (start - member.first) * unit + offset,
            })
        })
    }

    /// The columns on one half of the coset of twice the height: the first 2^log_height rows or the next ones.
    pub fn half(&self, threads: usize, half: usize) -> Matrix {
        let (height, unit) = (1usize << self.log_height, self.group.unit);
        let unpacking = Unpacking::new(self, half);
        let mut out = Matrix::unwritten(self.width, height);
        let mut columns: Vec<Option<&mut [F]>> = out.columns_mut().map(Some).collect();
        let mut own = |place: &Place| -> Vec<&mut [F]> {
            (0..place.parts.len()).map(|k| columns[place.first + k * unit].take().expect("each column has one place")).collect()
        };
        let places: Vec<_> = self.places().map(|place| (own(&place), place)).collect();
        share(threads, places.into_iter(), |(mut own, place)| {
            let Range { start, end } = place.parts;
            unpacking.block(place.column, 0, height.div_ceil(LANES), |k, t, values| {
                if (start..end).contains(&k) {
                    let words = &mut own[k - start][t * LANES..height.min((t + 1) * LANES)];
                    words.copy_from_slice(&values.as_slice()[..words.len()]);
                }
            });
        });
        out
    }
}

/// A shared column, which of its parts are meant, and the number of the first of them in its matrix; the next ones follow a unit apart.
pub struct Place<'a> {
    pub column: &'a [F],
    pub parts: Range<usize>,
    pub first: usize,
}
