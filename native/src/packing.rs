//! The columns that a tree hashes: 2^k columns of short matrices share one, and are taken apart again for whoever reads them.
use std::ops::Range;

use p3_field::{PackedValue, PrimeCharacteristicRing};

use crate::extend::Extension;
use crate::field::*;
use crate::memory::unwritten;
use crate::threads::share;
use crate::unpacking::Unpacking;

/// Rows that one thread takes at a time, and how many cells are not worth a second one.
const PIECE: usize = 1 << LOG_PIECE;
const FEW: usize = 1 << 16;

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

/// Of a matrix that is committed to: (width, 2^log_height), 2^log_pack columns of which share one.
#[derive(Clone, Copy)]
pub struct Source {
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

impl Domain {
    /// How canonical columns of the tallest height are extended.
    pub fn extension(&self) -> Extension {
        let unit = raw_factor() * base_inverse(F::from_usize(1 << self.log_rows));
        Extension::new(self.log_rows, self.log_blowup, coset_shift(self.log_rows), unit)
    }
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
    /// Its matrices are still to be put in, one after the other.
    pub fn new(sources: &[Source], domain: Domain) -> Self {
        let (Domain { log_rows, log_blowup, unit }, log_pack) = (domain, sources[0].log_pack);
        let (log_extended, units) = (log_rows + log_blowup, sources.iter().map(|s| s.width / unit).sum::<usize>());
        let hashed = Matrix::unwritten(units.div_ceil(1 << log_pack) * unit, 1 << log_extended);
        Self { log_pack, log_rows, log_extended, unit, hashed, shapes: sources.iter().map(|s| (s.width, s.log_height)).collect() }
    }

    /// Puts in canonical columns. A hashed column is F(x) = f0(x^r) + x * f1(x^r) + … of 2^log_rows rows: coefficient m of column j, of 2^h
    /// rows, is coefficient m * 2^(log_rows - h) + j: its first half has those until `finish`, all others are extended.
    pub fn put(&mut self, threads: usize, whole: &Extension, index: usize, words: &[u32]) {
        let member = self.members().nth(index).expect("a matrix of the group");
        let (log_height, places, alone) = (member.log_height, member.parts().collect::<Vec<_>>(), member.stands_alone());
        let (log_rows, unit) = (self.log_rows, self.unit);
        let column = |index: usize| &as_raw(words)[index << log_height..][..1 << log_height];
        let (rows, step) = (1 << log_rows, 1 << (log_rows - log_height));
        let short = Extension::new(log_height, 0, F::ONE, F::ONE);
        let mut columns: Vec<Option<&mut [F]>> = self.hashed.columns_mut().map(Some).collect();
        let own: Vec<_> = places.into_iter().map(|parts| (columns[parts.column].take().expect("each is there once"), parts)).collect();
        share(threads, own.into_iter(), |(extended, Parts { slots, first, .. })| {
            if alone {
                return whole.extend(column(first), extended);
            }
            if slots.start == 0 {
                extended[..rows].fill(F::ZERO);
            }
            for (k, slot) in slots.clone().enumerate() {
                let mut scratch = unwritten(1 << log_height);
                short.coefficients(column(first + k * unit), &mut scratch);
                scale_all(&mut scratch, F::from_usize(step)); // as often as `whole` divides too much
                extended[slot..rows].iter_mut().step_by(step).zip(&scratch).for_each(|(to, &from)| *to = from);
            }
        });
    }

    /// When all matrices have been put in: extends the columns of which there are coefficients.
    pub fn finish(&mut self, threads: usize, whole: &Extension) {
        let mut shared = vec![false; self.hashed.width];
        self.members()
            .filter(|member| !member.stands_alone())
            .flat_map(|member| member.parts())
            .for_each(|parts| shared[parts.column] = true);
        let columns: Vec<_> = self.hashed.columns_mut().zip(shared).filter(|(_, shared)| *shared).collect();
        share(threads, columns.into_iter(), |(extended, _)| whole.values(extended));
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

    /// The columns of the group that have some of it, and which slots of them.
    pub fn parts(&self) -> impl Iterator<Item = Parts> + use<> {
        let (begin, share, unit) = (self.first, 1usize << self.group.log_pack, self.group.unit);
        let units = begin..begin + self.width / unit;
        (units.start / share..units.end.div_ceil(share)).flat_map(move |shared| {
            let (start, end) = (units.start.max(shared * share), units.end.min((shared + 1) * share));
            (0..unit).map(move |offset| Parts {
                column: shared * unit + offset,
                slots: start - shared * share..end - shared * share,
                first: (start - begin) * unit + offset,
            })
        })
    }

    /// The columns on one half of the coset of twice the height: the first 2^log_height rows or the next ones.
    pub fn half(&self, threads: usize, half: usize) -> Matrix {
        let (height, unit) = (1usize << self.log_height, self.group.unit);
        let threads = if self.width * height < FEW { 1 } else { threads };
        let unpacking = Unpacking::new(threads, self, half);
        let mut out = Matrix::unwritten(self.width, height);
        let mut columns: Vec<_> = out.columns_mut().map(|column| column.chunks_mut(PIECE)).collect();
        let mut own = |parts: &Parts| -> Vec<&mut [F]> {
            (0..parts.slots.len()).map(|k| columns[parts.first + k * unit].next().expect("each column is somewhere once")).collect()
        };
        let pieces = |parts: Parts| (0..height).step_by(PIECE).map(move |first| (first, parts.clone()));
        let pieces: Vec<_> = self.parts().flat_map(pieces).map(|(first, parts)| (own(&parts), first, parts)).collect();
        share(threads, pieces.into_iter(), |(mut own, first, parts)| {
            let (slots, shared) = (parts.slots, self.group.hashed.column(parts.column));
            let rows = PIECE.min(height - first);
            unpacking.block(shared, first, rows.div_ceil(LANES), slots, |k, t, values| {
                let words = &mut own[k][t * LANES..];
                match words.len() {
                    0..LANES => words.copy_from_slice(&values.as_slice()[..words.len()]),
                    _ => store(words, values),
                }
            });
        });
        out
    }
}

/// Which slots of a shared column are meant, and the number of the first of them in its matrix; the next ones follow a unit apart.
#[derive(Clone)]
pub struct Parts {
    pub column: usize,
    pub slots: Range<usize>,
    pub first: usize,
}
