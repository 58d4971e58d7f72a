//! Denominators of LogUp fractions: gamma + bus + beta*(p0 + beta*(p1 + ...)) for each message.
use p3_field::Algebra;

use crate::field::*;
use crate::flat::Program;
use crate::frame::Frame;

const TOGETHER: usize = 4;

pub struct Denominators<'p> {
    program: &'p Program,
    start: Vec<Ext<F>>,
    /// Powers of beta, some together, coordinate by coordinate.
    powers: Vec<[[F; TOGETHER]; 5]>,
}

impl<'p> Denominators<'p> {
    pub fn new(program: &'p Program, gamma: &Ext<F>, beta: &Ext<F>) -> Self {
        let start = program.messages.iter().map(|message| {
            let mut start = *gamma;
            start[0] += message.bus;
            start
        });
        let longest = program.messages.iter().map(|message| message.parts.len()).max().unwrap_or(0);
        let powers = std::iter::successors(Some(*beta), |power| Some(ext_mul(power, beta)));
        let powers: Vec<Ext<F>> = powers.take(longest.next_multiple_of(TOGETHER)).collect();
        let arranged = powers.as_chunks::<TOGETHER>().0.iter().map(|powers| std::array::from_fn(|k| powers.map(|power| power[k])));
        Self { program, start: start.collect(), powers: arranged.collect() }
    }

    #[inline(always)]
    pub fn value(&self, frame: &Frame, message: usize, vector: usize) -> Ext<V> {
        let mut value = broadcast(&self.start[message]);
        for (parts, powers) in self.program.messages[message].parts.chunks(TOGETHER).zip(&self.powers) {
            match parts.len() {
                1 => add::<1>(&mut value, frame, parts, powers, vector),
                2 => add::<2>(&mut value, frame, parts, powers, vector),
                3 => add::<3>(&mut value, frame, parts, powers, vector),
                _ => add::<4>(&mut value, frame, parts, powers, vector),
            }
        }
        value
    }
}

#[inline(always)]
fn add<const N: usize>(value: &mut Ext<V>, frame: &Frame, parts: &[usize], powers: &[[F; TOGETHER]; 5], vector: usize) {
    let parts: [V; N] = std::array::from_fn(|j| frame.value(parts[j], vector));
    for k in 0..5 {
        let powers: [F; N] = std::array::from_fn(|j| powers[k][j]);
        value[k] += V::mixed_dot_product(&parts, &powers);
    }
}
