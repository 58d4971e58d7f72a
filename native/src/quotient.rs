//! The quotient of all chips: their constraints on cosets of twice their heights, divided by the vanishing polynomial.
use p3_field::{PackedValue, PrimeCharacteristicRing};

use crate::field::*;
use crate::flat::*;
use crate::open::domain;
use crate::threads::share;
use crate::transform::{reverse_bits, roots, to_coefficients, to_values};
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

/// How many constraints the LogUp of so many messages has.
pub fn logup_constraints(messages: usize) -> usize {
    if messages == 0 { 0 } else { messages / 2 + 3 }
}

/// first, last, transition on the coset of twice the height, padded to a block.
fn selectors(log_height: usize, shift: F) -> [Vec<F>; 3] {
    let points = domain(log_height + 1, shift);
    let inverse_root = base_inverse(root_of_unity(log_height));
    let power = shift.exp_power_of_2(log_height);
    let half = points.len() / 2;
    let mut out = [const { Vec::new() }; 3];
    let inverted = |root: F| {
        let mut before = Vec::with_capacity(points.len());
        let mut product = F::ONE;
        for &x in &points {
            before.push(product);
            product *= x - root;
        }
        let mut rest = base_inverse(product);
        for (i, &x) in points.iter().enumerate().rev() {
            before[i] *= rest * (if i < half { power } else { -power } - F::ONE);
            rest *= x - root;
        }
        before
    };
    out[0] = inverted(F::ONE);
    out[1] = inverted(inverse_root);
    out[2] = points.iter().map(|&x| x - inverse_root).collect();
    out.iter_mut().for_each(|column| column.resize(column.len().max(ROWS), F::ZERO));
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
    let carries = next && (first + ROWS) & ((size >> 1) - 1) == 0;      // the last block of a half: its exponents run over
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

/// The LogUp constraints of a chip, weighted and added up.
struct Terms<'a> {
    program: &'a Program,
    denominators: Denominators,
    weights: &'a [Ext<V>],
    total: Ext<V>,
}

impl Terms<'_> {
    fn value(&self, frame: &Frame, t: usize) -> Ext<V> {
        let (messages, weights) = (&self.program.messages, self.weights);
        let place = |index: usize| frame.value(self.program.logup[index], t);
        let column = |index: usize| -> Ext<V> { std::array::from_fn(|k| place(3 + 5 * index + k)) };
        let minus = |mut value: Ext<V>, message: usize| {
            value[0] -= frame.value(messages[message].multiplicity, t);
            value
        };
        let (mut sum, mut pairs) = ([V::ZERO; 5], [V::ZERO; 5]);
        let mut index = 0;
        for k in (1..messages.len()).step_by(2) {
            let (pair, denominator) = (column(index), self.denominators.value(frame, k, t));
            pairs = ext_add(&pairs, &pair);
            let mut value = minus(ext_mul(&pair, &denominator), k);
            if k + 1 < messages.len() {
                let multiplicity = frame.value(messages[k + 1].multiplicity, t);
                value = ext_mul(&value, &self.denominators.value(frame, k + 1, t));
                value = ext_sub(&value, &ext_scale(&denominator, multiplicity));
            }
            sum = ext_add(&sum, &ext_mul(&value, &weights[index]));
            index += 1;
        }
        let (running, next, denominator) = (column(index), column(index + 1), self.denominators.value(frame, 0, t));
        let own = |step: &Ext<V>| minus(ext_mul(&ext_sub(&ext_sub(step, &running), &pairs), &denominator), 0);
        let constraints = [running, own(&self.total), own(&next)];
        for (constraint, (selector, weight)) in constraints.iter().zip([(0, 0), (1, 2), (2, 1)]) {
            sum = ext_add(&sum, &ext_mul(&ext_scale(constraint, place(selector)), &weights[index + weight]));
        }
        sum
    }
}

/// The weighted constraints of a chip over the vanishing polynomial, on the coset of twice its height.
fn chip(threads: usize, job: &Job, log_rows: usize) -> Vec<Ext<V>> {
    let size = 2usize << job.log_height;
    let shift = coset_shift(log_rows, job.log_height);
    let selectors = selectors(job.log_height, shift);
    let power = shift.exp_power_of_2(job.log_height);
    let inverse_vanishing = [base_inverse(power - F::ONE), base_inverse(-power - F::ONE)];
    let weights: Vec<Ext<V>> = job.weights.iter().map(broadcast).collect();
    let (requirement_weights, logup_weights) = weights.split_at(job.program.requirements);
    let denominators = Denominators::new(&job.program, &job.gamma, &job.beta);
    let terms = Terms { program: &job.program, denominators, weights: logup_weights, total: broadcast(&job.total) };
    let mut out = vec![[V::ZERO; 5]; size.div_ceil(LANES)];
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
            frame.run(requirement_weights, &mut sums);
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
    for job in jobs {
        let size = 2usize << job.log_height;
        let values = chip(threads, job, log_rows);
        let sum = &mut sums[job.log_height];
        sum.resize(5 * size, F::ZERO);
        for (k, column) in sum.chunks_mut(size).enumerate() {
            column.chunks_mut(LANES).zip(&values).for_each(|(words, value)| {
                words.iter_mut().zip(value[k].as_slice()).for_each(|(word, &part)| *word += part);
            });
        }
    }
    let mut total = vec![F::ZERO; 5 << 1];
    for (level, sum) in sums.into_iter().enumerate() {
        if level > 0 {
            total = total.iter().flat_map(|&value| [value, value]).collect();
        }
        total.iter_mut().zip(sum).for_each(|(value, part)| *value += part);
    }
    let height = 1usize << log_rows;
    let roots = roots(log_rows + 1);
    let scale = base_inverse(F::from_u64(GENERATOR));
    let unit = base_inverse(F::from_usize(2 * height));
    let scale: Vec<F> = powers(scale, 2 * height).into_iter().map(|power| power * unit).collect();
    let mut out = vec![F::ZERO; 10 * height];
    let (low, high) = out.split_at_mut(5 * height);
    let columns = total.chunks_mut(2 * height).zip(low.chunks_mut(height).zip(high.chunks_mut(height)));
    share(threads, columns, |(column, (low, high))| {
        to_coefficients(column, &roots);
        column.iter_mut().zip(&scale).for_each(|(value, &scale)| *value *= scale);
        for (half, out) in column.chunks_mut(height).zip([low, high]) {
            to_values(half, &roots, 0);
            half.iter().enumerate().for_each(|(i, &value)| out[reverse_bits(i, log_rows)] = value);
        }
    });
    canonical(threads, out)
}
