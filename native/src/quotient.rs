//! The quotient of all chips: their constraints on cosets of twice their heights, divided by the vanishing polynomial.
//!
//! The rows of a coset's first half are next to each other only, and so are those of the second one: a chip is taken half by half, and of
//! columns that share others no more is extended at once.
use std::iter::repeat;
use std::sync::Mutex;

use p3_field::{PackedValue, PrimeCharacteristicRing};

use crate::combine::add_repeated;
use crate::denominators::Denominators;
use crate::field::*;
use crate::flat::*;
use crate::frame::{BLOCK, Frame, ROWS, Vectors};
use crate::memory::unwritten;
use crate::packing::{Matrix, Member, coset_shift};
use crate::terms::Terms;
use crate::threads::share;
use crate::transform::{bit_reversed, reverse_bits, roots, to_coefficients, to_values};

pub struct Job<'a> {
    pub program: Program,
    pub log_height: usize,
    pub fixed: Option<Member<'a>>,
    pub main: Member<'a>,
    pub logup: Option<Member<'a>>,
    pub gamma: Ext<F>,
    pub beta: Ext<F>,
    pub total: Ext<F>,
    pub weights: Vec<Ext<F>>,
}

/// The columns of a chip on one half of the coset.
enum Half<'a> {
    Hashed(Member<'a>, usize),
    Unpacked(Matrix),
    None,
}

impl<'a> Half<'a> {
    fn new(threads: usize, member: Option<Member<'a>>, half: usize) -> Self {
        match member {
            Some(member) if member.stands_alone() => Self::Hashed(member, half << member.log_height),
            Some(member) => Self::Unpacked(member.half(threads, half)),
            None => Self::None,
        }
    }

    fn column(&self, index: usize) -> &[F] {
        match self {
            Self::Hashed(member, first) => &member.column(index)[*first..][..1 << member.log_height],
            Self::Unpacked(matrix) => matrix.column(index),
            Self::None => unreachable!("a column is only named where there is one"),
        }
    }
}

/// first, last, transition on the coset of twice the height.
type Selectors = [Vec<F>; 3];

fn selectors(threads: usize, log_height: usize, shift: F) -> Selectors {
    let points = domain(threads, log_height + 1, shift);
    let inverse_root = base_inverse(root_of_unity(log_height));
    let power = shift.exp_power_of_2(log_height);
    // vanishing / (x - root): the vanishing polynomial takes one value on each half
    let divided = |root: F| {
        let mut values = unwritten(points.len());
        let (first, second) = values.split_at_mut(points.len() / 2);
        let halves = [(first, power - F::ONE), (second, -power - F::ONE)].into_iter().zip(points.chunks(points.len() / 2));
        let pieces = halves.flat_map(|((values, factor), points)| {
            values.chunks_mut(1 << LOG_PIECE).zip(points.chunks(1 << LOG_PIECE)).zip(repeat(factor))
        });
        share(threads, pieces, |((values, points), factor)| {
            values.iter_mut().zip(points).for_each(|(value, &x)| *value = x - root);
            invert_nonzero(values);
            scale_all(values, factor);
        });
        values
    };
    [divided(F::ONE), divided(inverse_root), points.iter().map(|&x| x - inverse_root).collect()]
}

/// The row one trace row further, on the same half of the coset of twice the height.
fn next_row(row: usize, log_height: usize) -> usize {
    reverse_bits((reverse_bits(row, log_height) + 1) & ((1 << log_height) - 1), log_height)
}

/// The rows of a column from `first` on, or of their next rows: in place if they lie together.
fn rows(column: &[F], first: usize, next: bool, log_height: usize, copy: impl FnOnce() -> *mut Vectors) -> Option<usize> {
    let size = 1usize << log_height;
    let carries = next && first + ROWS >= size; // the last block: its exponents run over
    if size >= ROWS && !carries {
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

/// The weighted constraints of a chip over the vanishing polynomial, on one half of the coset of twice its height.
fn chip(threads: usize, job: &Job, selectors: &Selectors, shift: F, half: usize) -> Vec<Ext<V>> {
    let size = 1usize << job.log_height;
    let power = shift.exp_power_of_2(job.log_height);
    let inverse_vanishing = base_inverse(if half == 0 { power } else { -power } - F::ONE);
    let [fixed, main, logup] = [job.fixed, Some(job.main), job.logup].map(|member| Half::new(threads, member, half));
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
                    FIXED | FIXED_NEXT => fixed.column(index),
                    MAIN | MAIN_NEXT => main.column(index),
                    LOGUP | LOGUP_NEXT => logup.column(index),
                    _ => &selectors[index][half * size..][..size],
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
                *out = ext_scale(&sum, V::from(inverse_vanishing));
            }
        }
    });
    out
}

/// The halves of the quotient, five columns each, on the subgroup in natural order.
pub fn quotient(threads: usize, jobs: &[Job], log_rows: usize) -> Vec<u32> {
    // one sum per height; a short one is repeated into the next, up to the tallest
    let mut sums: Vec<Vec<F>> = vec![Vec::new(); log_rows + 1];
    for (log_height, sum) in sums.iter_mut().enumerate() {
        let mut jobs = jobs.iter().filter(|job| job.log_height == log_height).peekable();
        if jobs.peek().is_none() && log_height < log_rows {
            continue;
        }
        let (size, shift) = (1usize << log_height, coset_shift(log_height));
        let selectors = selectors(threads, log_height, shift);
        *sum = vec![F::ZERO; 5 * 2 * size];
        // short chips side by side, of tall ones the rows
        let (across, within) = if log_height < LOG_PIECE { (threads, 1) } else { (1, threads) };
        let all = Mutex::new(sum);
        share(across, jobs.flat_map(|job| [(job, 0), (job, 1)]), |(job, half)| {
            let values = chip(within, job, &selectors, shift, half);
            let mut sum = all.lock().expect("nothing panics while the sums are locked");
            let columns = sum.chunks_mut(size).skip(half).step_by(2).enumerate();
            let pieces = columns
                .flat_map(|(k, column)| column.chunks_mut(1 << LOG_PIECE).zip(values.chunks((1 << LOG_PIECE) / LANES)).zip(repeat(k)));
            share(within, pieces, |((words, values), k)| {
                for (words, value) in words.chunks_mut(LANES).zip(values) {
                    words.iter_mut().zip(value[k].as_slice()).for_each(|(word, &part)| *word += part);
                }
            });
        });
    }
    let mut total = vec![F::ZERO; 10];
    for mut sum in sums.into_iter().filter(|sum| !sum.is_empty()) {
        add_repeated(threads, &total, &mut sum);
        total = sum;
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
