//! Runs the prepared code of a chip on one block of rows.
use p3_field::{Algebra, PrimeCharacteristicRing};

use crate::field::*;
use crate::flat::{Operation, Program, Step, Weights};

/// Vectors in a block: enough to hide what it costs to read an instruction, few enough for the nearest cache.
pub const BLOCK: usize = 16;
pub const ROWS: usize = BLOCK * LANES;

pub type Vectors = [V; BLOCK];

/// The values of one block of rows, one thread's own.
pub struct Frame<'p> {
    program: &'p Program,
    /// Scalars spread out, column copies, slots.
    own: Vec<Vectors>,
    /// Where the values of each place are: in `own` or in a column itself.
    places: Vec<*const Vectors>,
}

impl<'p> Frame<'p> {
    pub fn new(program: &'p Program) -> Self {
        let mut own: Vec<Vectors> = program.scalars.iter().map(|&scalar| [V::from(scalar); BLOCK]).collect();
        own.resize(program.scalars.len() + program.columns.len() + program.slots, [V::ZERO; BLOCK]);
        let places = own.iter().map(|vectors| vectors as *const Vectors).collect();
        Self { program, own, places }
    }

    /// Reads a column in place; `words` must outlive the next `run`.
    ///
    /// # Safety
    /// `words` holds at least ROWS elements and stays alive and unchanged until the frame's values have been used.
    pub unsafe fn refer(&mut self, column: usize, words: &[F]) {
        debug_assert!(words.len() >= ROWS);
        self.places[self.program.scalars.len() + column] = words.as_ptr().cast();
    }

    /// Room for a copy of a column's rows.
    pub fn copy(&mut self, column: usize) -> &mut Vectors {
        let place = self.program.scalars.len() + column;
        let start = self.own.as_ptr();
        // SAFETY: the place is inside `own`, which is never resized.
        self.places[place] = unsafe { start.add(place) };
        &mut self.own[place]
    }

    /// Runs the code; adds weight * value of every requirement to the sums.
    pub fn run(&mut self, weights: &[Weights], sums: &mut [Vectors; 5]) {
        let own = self.own.as_mut_ptr();
        for step in &self.program.steps {
            // SAFETY: `Builder` gives only places below the length of `places`; targets are slots, which no column refers to, and each
            // vector is read before it is written.
            unsafe {
                match *step {
                    Step::Compute { operation, left, right, target } => {
                        let [left, right] = [left, right].map(|place| *self.places.get_unchecked(place as usize));
                        let target = own.add(target as usize);
                        let apply = |f: fn(V, V) -> V| (0..BLOCK).for_each(|t| (*target)[t] = f((*left)[t], (*right)[t]));
                        match operation {
                            Operation::Add => apply(|a, b| a + b),
                            Operation::Sub => apply(|a, b| a - b),
                            Operation::Mul => apply(|a, b| a * b),
                        }
                    }
                    Step::Require { group } => {
                        let places = self.program.groups[group].map(|weighed| *self.places.get_unchecked(weighed.place));
                        for t in 0..BLOCK {
                            let values = places.map(|place| (*place)[t]);
                            for (sum, weights) in sums.iter_mut().zip(&weights[group]) {
                                sum[t] += V::mixed_dot_product(&values, weights);
                            }
                        }
                    }
                }
            }
        }
    }

    pub fn value(&self, place: usize, vector: usize) -> V {
        // SAFETY: see `run` and `refer`.
        unsafe { (*self.places[place])[vector] }
    }
}
