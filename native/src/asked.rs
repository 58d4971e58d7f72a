//! How often the rows of tables are looked up by the messages of a chip.
use p3_field::{PackedValue, PrimeCharacteristicRing};

use crate::field::*;
use crate::flat::*;
use crate::frame::{BLOCK, Frame, ROWS};
use crate::rows::{Reader, Trace};
use crate::threads::share;

/// Which table a message looks up, and what its parts count in the number of the row.
pub struct Asking {
    pub table: usize,
    pub weights: Vec<u32>,
}

/// For each table how often each of its 2^log_size rows is asked for in the first `rows` rows, one table after the other. Messages whose
/// multiplicity is zero ask for nothing, and a row that does not exist is not counted.
pub fn asked(threads: usize, program: &Program, trace: &Trace, rows: usize, asking: &[Asking], tables: usize, log_size: usize) -> Vec<u32> {
    let reader = Reader::new(program, trace);
    let sums = std::sync::Mutex::new(vec![0u32; tables << log_size]);
    let part = rows.div_ceil(threads.max(1)).next_multiple_of(ROWS).max(ROWS);
    share(threads, (0..rows).step_by(part), |start| {
        let mut frame = Frame::new(program);
        let mut unused = [[V::ZERO; BLOCK]; 5];
        // neighbouring rows often ask for the same, and one counter would wait for itself
        let mut counts = vec![vec![[0u32; 2]; (1 << log_size) + 1]; tables];
        for first in (start..rows.min(start + part)).step_by(ROWS) {
            reader.read(first, &mut frame);
            frame.run(&[], &mut unused);
            for (message, asking) in program.messages.iter().zip(asking) {
                let counts = &mut counts[asking.table];
                for t in 0..BLOCK.min((rows - first).div_ceil(LANES)) {
                    let mut sum = [0u64; LANES];
                    for (&place, &weight) in message.parts.iter().zip(&asking.weights) {
                        let words = canonical_words(frame.value(place, t));
                        (0..LANES).for_each(|lane| sum[lane] += u64::from(weight) * u64::from(words[lane]));
                    }
                    let times = frame.value(message.multiplicity, t);
                    let nowhere = 1u64 << log_size;
                    let row = |lane: usize| if times.as_slice()[lane] == F::ZERO { nowhere } else { sum[lane].min(nowhere) };
                    let row: [u64; LANES] = std::array::from_fn(row);
                    let lanes = LANES.min(rows - first - t * LANES);
                    if row.iter().all(|&other| other == row[0]) {
                        counts[row[0] as usize][0] += lanes as u32;
                    } else {
                        (0..lanes).for_each(|lane| counts[row[lane] as usize][lane & 1] += 1);
                    }
                }
            }
        }
        let mut sums = sums.lock().expect("no worker panics while it adds");
        for (sums, counts) in sums.chunks_mut(1 << log_size).zip(&counts) {
            sums.iter_mut().zip(counts).for_each(|(sum, [even, odd])| *sum += even + odd);
        }
    });
    sums.into_inner().expect("no worker panics while it adds")
}
