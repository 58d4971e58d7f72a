//! The constants of a permutation as src/ifma.rs wants them.
#![cfg(all(target_feature = "avx512f", target_feature = "avx512ifma"))]
use p3_field::PrimeCharacteristicRing;

use crate::field::{F, ORDER, base_inverse};
use crate::lanes::scaled;
use crate::poseidon2::Known;

/// Round constants are times 2^52. A cube is added to a constant between p and 2p, which pulls back what the next round wants to find.
pub struct Tables<const W: usize> {
    /// The constants of the first round.
    pub first: [u64; W],
    pub full: [[u64; W]; 8],
    pub partial: Vec<u64>,
    /// What the words lack after the partial rounds.
    pub after: [u64; W],
}

/// x for which the external layer gives y: y = M(x) + the sum of M over all blocks of x, for the inverse of M = circ(2, 3, 1, 1).
fn pulled_back<const W: usize>(y: &[F; W]) -> [F; W] {
    let share = base_inverse(F::from_usize(W / 4 + 1));
    let sums: [F; 4] = std::array::from_fn(|k| y[k..].iter().step_by(4).copied().sum::<F>() * share);
    let own: [F; W] = std::array::from_fn(|i| y[i] - sums[i % 4]);
    let inverse = [-4, 3, -11, 17].map(|value| F::from_i32(value) * base_inverse(F::from_u64(35)));
    std::array::from_fn(|i| (0..4).map(|k| inverse[k] * own[i / 4 * 4 + (i + k) % 4]).sum())
}

fn lifted(value: F) -> u64 {
    ORDER + scaled(value)
}

impl<const W: usize> Tables<W> {
    pub fn new<K: Known<W>>() -> Self {
        let (first, partial, last) = K::ROUNDS;
        let diagonal = K::DIAGONAL.map(|entry| entry.value());
        // every word carries an offset through the partial rounds; the first one's is the constant of the round
        let mut offsets = [F::ZERO; W];
        offsets[0] = partial[0];
        let before = offsets;
        let mut added = Vec::new();
        for round in 0..partial.len() {
            let others: F = offsets[1..].iter().copied().sum();
            let wanted = *partial.get(round + 1).unwrap_or(&last[0][0]);
            let own = others - wanted;
            added.push(lifted(own));
            offsets = std::array::from_fn(|i| if i == 0 { wanted } else { offsets[i] * diagonal[i] + own + others });
        }
        let wanted = |round: usize| match round {
            0..3 => first[round + 1],
            3 => before,
            4..7 => last[round - 3],
            _ => [F::ZERO; W],
        };
        Self {
            first: first[0].map(scaled),
            full: std::array::from_fn(|round| pulled_back(&wanted(round)).map(lifted)),
            partial: added,
            after: std::array::from_fn(|i| scaled(last[0][i] - offsets[i])),
        }
    }
}
