//! The LogUp constraints of a chip, weighted and added up, evaluated without going through the code.
use p3_field::PrimeCharacteristicRing;

use crate::denominators::Denominators;
use crate::field::*;
use crate::flat::Program;
use crate::frame::Frame;

/// How many constraints the LogUp of so many messages has.
pub fn logup_constraints(messages: usize) -> usize {
    if messages == 0 { 0 } else { messages / 2 + 3 }
}

/// The LogUp constraints of a chip, weighted and added up.
pub struct Terms<'a> {
    pub program: &'a Program,
    pub denominators: Denominators<'a>,
    pub weights: &'a [[[F; 5]; 5]],
    pub total: Ext<V>,
}

impl Terms<'_> {
    pub fn value(&self, frame: &Frame, t: usize) -> Ext<V> {
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
            sum = ext_add(&sum, &multiply(&value, &weights[index]));
            index += 1;
        }
        let (running, next, denominator) = (column(index), column(index + 1), self.denominators.value(frame, 0, t));
        let own = |step: &Ext<V>| minus(ext_mul(&ext_sub(&ext_sub(step, &running), &pairs), &denominator), 0);
        let constraints = [running, own(&self.total), own(&next)];
        for (constraint, (selector, weight)) in constraints.iter().zip([(0, 0), (1, 2), (2, 1)]) {
            sum = ext_add(&sum, &multiply(&ext_scale(constraint, place(selector)), &weights[index + weight]));
        }
        sum
    }
}
