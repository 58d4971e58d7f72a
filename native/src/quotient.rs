//! The quotient of all chips: their constraints on cosets of twice their heights, divided by the vanishing polynomial.
use p3_field::{PackedValue, PrimeCharacteristicRing};

use crate::denominators::Denominators;
use crate::field::*;
use crate::flat::*;
use crate::frame::{BLOCK, Frame, ROWS, Vectors};
use crate::memory::unwritten;
use crate::terms::Terms;
use crate::threads::share;
use crate::transform::{bit_reversed, reverse_bits, roots, to_coefficients, to_values};
use crate::tree::{Matrix, coset_shift};

pub struct Job<'a> {
    pub program: Program,
    pub log_height: usize,
    pub fixed: Option<&'a Matrix>,
    pub main: &'a Matrix,
    pub logup: Option<&'a Matrix>,
    pub gamma: Ext<F>,
    pub beta: Ext<F>,
    pub total: Ext<F>,
    pub weights: Vec<Ext<F>>,
}

/// first, last, transition on the coset of twice the height, padded to a block.
type Selectors = [Vec<F>; 3];

fn selectors(log_height: usize, shift: F) -> Selectors {
    let points = domain(log_height + 1, shift);
    let inverse_root = base_inverse(root_of_unity(log_height));
    let power = shift.exp_power_of_2(log_height);
    let size = points.len().max(ROWS);
    // vanishing / (x - root): the vanishing polynomial takes one value on each half
    let divided = |root: F| {
        let mut values: Vec<F> = points.iter().map(|&x| x - root).collect();
        invert_nonzero(&mut values);
        let (first, second) = values.split_at_mut(points.len() / 2);
        scale_all(first, power - F::ONE);
        scale_all(second, -power - F::ONE);
        values
    };
    let mut out = [divided(F::ONE), divided(inverse_root), points.iter().map(|&x| x - inverse_root).collect()];
    out.iter_mut().for_each(|column| column.resize(size, F::ZERO));
    out
}

/// The row one trace row further, on the coset of twice the height.
fn next_row(row: usize, log_height: usize) -> usize {
    let height = 1 << log_height;
    let exponent = reverse_bits(row & (height - 1), log_height) + 1;
    row & height | reverse_bits(exponent & (height - 1), log_height)
}

/// The rows of a column from `first` on, or of their next rows: in place if they lie together.
fn rows(column: &[F], first: usize, next: bool, log_height: usize, copy: impl FnOnce() -> *mut Vectors) -> Option<usize> {
    let size = 2usize << log_height;
    let carries = next && (first + ROWS) & ((size >> 1) - 1) == 0; // the last block of a half: its exponents run over
    if size >= 2 * ROWS && !carries {
        return Some(if next { next_row(first, log_height) } else { first });
    }
    let target = copy();
    for t in 0..BLOCK {
        // SAFETY: `copy` gives room for a block.
        unsafe {
            (*target)[t] = V::from_fn(|lane| {
                let row = first + t * LANES + lane;
                if row >= size { F::ZERO } else { column[if next { next_row(row, log_height) } else { row }] }
            });
        }
    }
    None
}

/// The weighted constraints of a chip over the vanishing polynomial, on the coset of twice its height.
fn chip(threads: usize, job: &Job, selectors: &Selectors, shift: F) -> Vec<Ext<V>> {
    let size = 2usize << job.log_height;
    let power = shift.exp_power_of_2(job.log_height);
    let inverse_vanishing = [base_inverse(power - F::ONE), base_inverse(-power - F::ONE)];
    let (requirement_weights, logup_weights) = job.weights.split_at(job.program.requirements);
    let requirement_weights = job.program.arrange(requirement_weights);
    let logup_weights: Vec<_> = logup_weights.iter().map(multiplication).collect();
    let denominators = Denominators::new(&job.program, &job.gamma, &job.beta);
    let terms = Terms { program: &job.program, denominators, weights: &logup_weights, total: broadcast(&job.total) };
    let mut out = unwritten::<Ext<V>>(size.div_ceil(LANES));
    share(threads, out.chunks_mut(16 * BLOCK).enumerate(), |(chunk, out)| {
        let mut frame = Frame::new(&job.program);
        for (block, out) in out.chunks_mut(BLOCK).enumerate() {
            let first = (16 * chunk + block) * ROWS;
            for (position, &(kind, index)) in job.program.columns.iter().enumerate() {
                let column = match kind {
                    FIXED | FIXED_NEXT => job.fixed.expect("a fixed column is only named where there is one").column(index),
                    MAIN | MAIN_NEXT => job.main.column(index),
                    LOGUP | LOGUP_NEXT => job.logup.expect("a chip with messages has LogUp columns").column(index),
                    _ => &selectors[index][..],
                };
                let next = matches!(kind, FIXED_NEXT | MAIN_NEXT | LOGUP_NEXT);
                if let Some(at) = rows(column, first, next, job.log_height, || frame.copy(position)) {
                    // SAFETY: `rows` gives the start of a whole block inside the column, which outlives the frame.
                    unsafe { frame.refer(position, &column[at..]) };
                }
            }
            let mut sums = [[V::ZERO; BLOCK]; 5];
            frame.run(&requirement_weights, &mut sums);
            for (t, out) in out.iter_mut().enumerate() {
                let mut sum: Ext<V> = std::array::from_fn(|k| sums[k][t]);
                if !job.program.messages.is_empty() {
                    sum = ext_add(&sum, &terms.value(&frame, t));
                }
                let row = first + t * LANES;
                let inverse = V::from_fn(|lane| inverse_vanishing[((row + lane) >> job.log_height).min(1)]);
                *out = ext_scale(&sum, inverse);
            }
        }
    });
    out
}

/// The halves of the quotient, five columns each, on the subgroup in natural order.
pub fn quotient(threads: usize, jobs: &[Job], log_rows: usize) -> Vec<u32> {
    // one sum per height; a short one is repeated into the next
    let mut sums: Vec<Vec<F>> = vec![Vec::new(); log_rows + 1];
    for (log_height, sum) in sums.iter_mut().enumerate() {
        let mut jobs = jobs.iter().filter(|job| job.log_height == log_height).peekable();
        if jobs.peek().is_none() {
            continue;
        }
        let (size, shift) = (2usize << log_height, coset_shift(log_height));
        let selectors = selectors(log_height, shift);
        *sum = vec![F::ZERO; 5 * size];
        for job in jobs {
            let values = chip(threads, job, &selectors, shift);
            share(threads, sum.chunks_mut(size).enumerate(), |(k, column)| {
                for (words, value) in column.chunks_mut(LANES).zip(&values) {
                    words.iter_mut().zip(value[k].as_slice()).for_each(|(word, &part)| *word += part);
                }
            });
        }
    }
    let mut total = vec![F::ZERO; 5 << 1];
    for (level, sum) in sums.into_iter().enumerate() {
        if level > 0 {
            let mut taller = unwritten(2 * total.len());
            taller.chunks_exact_mut(2).zip(&total).for_each(|(pair, &value)| pair.fill(value));
            total = taller;
        }
        total.iter_mut().zip(sum).for_each(|(value, part)| *value += part);
    }
    let height = 1usize << log_rows;
    let roots = roots(log_rows + 1);
    let mut scale = powers(base_inverse(coset_shift(log_rows)), 2 * height);
    scale_all(&mut scale, base_inverse(F::from_usize(2 * height)));
    let mut out = vec![F::ZERO; 10 * height];
    let (low, high) = out.split_at_mut(5 * height);
    let columns = total.chunks_mut(2 * height).zip(low.chunks_mut(height).zip(high.chunks_mut(height)));
    share(threads, columns, |(column, (low, high))| {
        to_coefficients(column, &roots);
        column.iter_mut().zip(&scale).for_each(|(value, &scale)| *value *= scale);
        for (half, out) in column.chunks_mut(height).zip([low, high]) {
            to_values(half, &roots, 0);
            bit_reversed(half, out);
        }
    });
    canonical(threads, out)
}
