//! LogUp columns of a chip on its trace.
use std::iter::repeat;

use p3_field::{PackedValue, PrimeCharacteristicRing};

use crate::denominators::Denominators;
use crate::field::*;
use crate::flat::*;
use crate::frame::{BLOCK, Frame, ROWS, Vectors};
use crate::memory::unwritten;
use crate::rows::{Reader, Trace};
use crate::threads::{Shared, share};

/// Denominators that are inverted together: as many as stay in the nearest cache.
const TOGETHER: usize = 48;

/// Rows that one thread takes at a time.
const TASK: usize = 16 * ROWS;

/// The columns, one after the other, in canonical words, and the sum.
pub fn logup(threads: usize, program: &Program, trace: &Trace, gamma: &Ext<F>, beta: &Ext<F>) -> (Vec<u32>, Ext<F>) {
    let height = 1usize << trace.log_height;
    let messages = &program.messages;
    if messages.is_empty() {
        return (Vec::new(), [F::ZERO; 5]);
    }
    let columns = messages.len() / 2 + 1;
    let mut out: Vec<F> = unwritten(5 * columns * height);
    let denominators = Denominators::new(program, gamma, beta);
    let reader = Reader::new(program, trace);
    let group = (TOGETHER / messages.len()).max(1);
    let mut sums = vec![[F::ZERO; 5]; height.div_ceil(TASK)];
    let shared = Shared::new(&mut out);
    share(threads, sums.iter_mut().enumerate(), |(task, sum)| {
        let start = task * TASK;
        let mut frame = Frame::new(program);
        let mut unused = [[V::ZERO; BLOCK]; 5];
        let (mut inverses, mut before) = (Vec::new(), Vec::new());
        // columns are far apart: a block of each is written at once
        let mut results = vec![[V::ZERO; BLOCK]; 5 * columns];
        for first in (start..height.min(start + TASK)).step_by(ROWS) {
            reader.read(first, &mut frame);
            frame.run(&[], &mut unused);
            let vectors = BLOCK.min((height - first).div_ceil(LANES));
            for t in (0..vectors).step_by(group) {
                let rows = t..vectors.min(t + group);
                inverses.clear();
                for t in rows.clone() {
                    inverses.extend((0..messages.len()).map(|k| denominators.value(&frame, k, t)));
                }
                invert_all(&mut inverses, &mut before);
                for (t, inverses) in rows.zip(inverses.chunks(messages.len())) {
                    let fraction = |k: usize| ext_scale(&inverses[k], frame.value(messages[k].multiplicity, t));
                    let mut total = fraction(0);
                    for (column, k) in (1..messages.len()).step_by(2).enumerate() {
                        let pair = if k + 1 < messages.len() { ext_add(&fraction(k), &fraction(k + 1)) } else { fraction(k) };
                        total = ext_add(&total, &pair);
                        put(&mut results, column, t, &pair);
                    }
                    put(&mut results, columns - 1, t, &total);
                }
            }
            let (pairs, running) = results.split_at_mut(5 * (columns - 1));
            pairs.as_flattened_mut().iter_mut().for_each(|vector| *vector *= V::from(word_factor()));
            run(running, sum, ROWS.min(height - first));
            for (column, vectors) in results.iter().enumerate() {
                let words = &V::unpack_slice(vectors)[..ROWS.min(height - first)];
                // SAFETY: each block of rows is written by the one thread that has it.
                unsafe { shared.write(column * height + first, words) };
            }
        }
    });
    let mut total = [F::ZERO; 5];
    for sum in &mut sums {
        (*sum, total) = (total, ext_add(&total, sum));
    }
    let running = out[5 * (columns - 1) * height..].chunks_mut(height).enumerate();
    let tasks = running.flat_map(|(k, column)| column.chunks_mut(TASK).zip(&sums).zip(repeat(k)));
    share(threads, tasks, |((words, sum), k)| {
        let (vectors, rest) = V::pack_slice_with_suffix_mut(words);
        vectors.iter_mut().for_each(|vector| *vector = (*vector + V::from(sum[k])) * V::from(word_factor()));
        rest.iter_mut().for_each(|word| *word = (*word + sum[k]) * word_factor());
    });
    (raw_words(out), total)
}

fn put(results: &mut [Vectors], column: usize, t: usize, value: &Ext<V>) {
    results[5 * column..][..5].iter_mut().zip(value).for_each(|(vectors, &word)| vectors[t] = word);
}

/// Five columns become their sums before each row, from the sum so far on.
fn run(columns: &mut [Vectors], sum: &mut Ext<F>, rows: usize) {
    for t in 0..rows.div_ceil(LANES) {
        for lane in 0..LANES.min(rows - t * LANES) {
            for (column, sum) in columns.iter_mut().zip(sum.iter_mut()) {
                let word = &mut column[t].as_slice_mut()[lane];
                (*word, *sum) = (*sum, *sum + *word);
            }
        }
    }
}

/// Inverses of extension values, all at once; zero has the inverse zero.
fn invert_all(values: &mut [Ext<V>], before: &mut Vec<Ext<V>>) {
    let mut product: Ext<V> = ext_one();
    before.clear();
    for value in values.iter() {
        before.push(product);
        product = ext_mul(&product, value);
    }
    let zero = |lane: usize| product.iter().all(|word| word.as_slice()[lane] == F::ZERO);
    if (0..LANES).any(zero) {
        values.iter_mut().for_each(|value| *value = ext_inverse(value));
        return;
    }
    let mut rest = ext_inverse(&product);
    for (value, before) in values.iter_mut().zip(before.iter()).rev() {
        let inverse = ext_mul(&rest, before);
        rest = ext_mul(&rest, value);
        *value = inverse;
    }
}
