//! The rows of a chip's columns as the code of the chip reads them, a block after the other.
use p3_field::{PackedValue, PrimeCharacteristicRing};

use crate::field::*;
use crate::flat::*;
use crate::frame::{Frame, ROWS, Vectors};

pub struct Trace<'a> {
    pub fixed: &'a [u32],
    pub main: &'a [u32],
    pub log_height: usize,
}

/// What a program reads of a trace.
pub struct Reader<'a> {
    program: &'a Program,
    trace: &'a Trace<'a>,
    selectors: [Vec<F>; 3],
}

impl<'a> Reader<'a> {
    pub fn new(program: &'a Program, trace: &'a Trace<'a>) -> Self {
        let selected = program.columns.iter().any(|&(kind, _)| kind == SELECTOR);
        Self { program, trace, selectors: if selected { selectors(trace.log_height) } else { Default::default() } }
    }

    /// Copies the columns of a block of rows, from `first` on.
    pub fn read(&self, first: usize, frame: &mut Frame) {
        let height = 1usize << self.trace.log_height;
        for (position, &(kind, index)) in self.program.columns.iter().enumerate() {
            let next = matches!(kind, FIXED_NEXT | MAIN_NEXT) as usize;
            let (column, factor) = match kind {
                FIXED | FIXED_NEXT => (&as_raw(self.trace.fixed)[index * height..][..height], raw_factor()),
                MAIN | MAIN_NEXT => (&as_raw(self.trace.main)[index * height..][..height], raw_factor()),
                _ => (&self.selectors[index][..], F::ONE),
            };
            copy_rows(column, first + next, factor, frame.copy(position));
        }
    }
}

/// The selector polynomials on the trace domain.
fn selectors(log_height: usize) -> [Vec<F>; 3] {
    let (height, root) = (1 << log_height, root_of_unity(log_height));
    let inverse_root = base_inverse(root);
    let size = F::from_usize(height);
    let (mut first, mut last) = (vec![F::ZERO; height], vec![F::ZERO; height]);
    first[0] = size;
    last[height - 1] = size * root;
    [first, last, powers(root, height).into_iter().map(|power| power - inverse_root).collect()]
}

/// Copies canonical rows from `first` on, cyclically, as field elements.
fn copy_rows(column: &[F], first: usize, factor: F, target: &mut Vectors) {
    let height = column.len();
    for (t, vector) in target.iter_mut().enumerate() {
        let at = first + t * LANES;
        prefetch(column.as_ptr().wrapping_add(at + ROWS));
        *vector = if at + LANES <= height { load(&column[at..]) } else { V::from_fn(|lane| column[(at + lane) % height]) };
        *vector *= V::from(factor);
    }
}
