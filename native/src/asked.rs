//! How often the rows of tables are looked up by the messages of a chip.
use p3_field::{PackedValue, PrimeCharacteristicRing, PrimeField32};

use crate::field::*;
use crate::flat::*;
use crate::frame::{BLOCK, Frame, ROWS};
use crate::logup::{Trace, copy_rows, selectors};
use crate::threads::share;

/// Which table a message looks up, and what its parts count in the number of the row.
pub struct Asking {
    pub table: usize,
    pub weights: Vec<u32>,
}

/// For each table how often each of its 2^log_size rows is asked for in the first `rows` rows, one table after the other. Messages whose
/// multiplicity is zero ask for nothing, and a row that does not exist is not counted.
pub fn asked(threads: usize, program: &Program, trace: &Trace, rows: usize, asking: &[Asking], tables: usize, log_size: usize) -> Vec<u32> {
    let height = 1usize << trace.log_height;
    let selectors =
        if program.columns.iter().any(|&(kind, _)| kind == SELECTOR) { selectors(trace.log_height) } else { Default::default() };
    let sums = std::sync::Mutex::new(vec![0u32; tables << log_size]);
    let part = rows.div_ceil(threads.max(1)).next_multiple_of(ROWS).max(ROWS);
    share(threads, (0..rows).step_by(part), |start| {
        let mut frame = Frame::new(program);
        let mut unused = [[V::ZERO; BLOCK]; 5];
        // neighbouring rows often ask for the same, and one counter would wait for itself
        let mut counts = vec![[0u32; 2]; tables << log_size];
        for first in (start..rows.min(start + part)).step_by(ROWS) {
            for (position, &(kind, index)) in program.columns.iter().enumerate() {
                let next = matches!(kind, FIXED_NEXT | MAIN_NEXT) as usize;
                let (column, factor) = match kind {
                    FIXED | FIXED_NEXT => (&as_raw(trace.fixed)[index * height..][..height], raw_factor()),
                    MAIN | MAIN_NEXT => (&as_raw(trace.main)[index * height..][..height], raw_factor()),
                    _ => (&selectors[index][..], F::ONE),
                };
                copy_rows(column, first + next, factor, frame.copy(position));
            }
            frame.run(&[], &mut unused);
            for (message, asking) in program.messages.iter().zip(asking) {
                let counts = &mut counts[asking.table << log_size..][..1 << log_size];
                for t in 0..BLOCK.min((rows - first).div_ceil(LANES)) {
                    let mut row = [0u64; LANES];
                    for (&place, &weight) in message.parts.iter().zip(&asking.weights) {
                        let words = frame.value(place, t);
                        let words = words.as_slice();
                        (0..LANES).for_each(|lane| row[lane] += u64::from(weight) * u64::from(words[lane].as_canonical_u32()));
                    }
                    let times = frame.value(message.multiplicity, t);
                    let lanes = LANES.min(rows - first - t * LANES);
                    for (lane, (&row, &times)) in row.iter().zip(times.as_slice()).enumerate().take(lanes) {
                        let row = if times == F::ZERO { u64::MAX } else { row };
                        if let Some(count) = counts.get_mut(usize::try_from(row).unwrap_or(usize::MAX)) {
                            count[lane & 1] += 1;
                        }
                    }
                }
            }
        }
        let mut sums = sums.lock().expect("no worker panics while it adds");
        sums.iter_mut().zip(&counts).for_each(|(sum, [even, odd])| *sum += even + odd);
    });
    sums.into_inner().expect("no worker panics while it adds")
}
