//! The Poseidon2 permutations of width 16 and 24, and what differs between the hashes made of them.
use p3_field::PrimeCharacteristicRing;
use p3_koala_bear::{
    KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL, KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL, KOALABEAR_POSEIDON2_RC_16_INTERNAL,
    KOALABEAR_POSEIDON2_RC_24_EXTERNAL_FINAL, KOALABEAR_POSEIDON2_RC_24_EXTERNAL_INITIAL, KOALABEAR_POSEIDON2_RC_24_INTERNAL,
    Poseidon2KoalaBear, default_koalabear_poseidon2_16, default_koalabear_poseidon2_24,
};
use p3_symmetric::Permutation;

use crate::field::{F, V, base_inverse};

/// Diagonals start with these; the rest are inverse powers of two, first some added, then some subtracted.
const SMALL: [i32; 9] = [-2, 1, 2, 0, 3, 4, 0, -3, -4];

pub struct Constants<const W: usize> {
    pub full: [[F; W]; 8],
    pub partial: Vec<F>,
    pub diagonal: [F; W],
}

impl<const W: usize> Constants<W> {
    fn new(first: &[[F; W]; 4], last: &[[F; W]; 4], partial: &[F], positive: &[u64], negative: &[u64]) -> Self {
        let part = |bits: u64| base_inverse(F::TWO.exp_u64(bits));
        let mut diagonal = [F::ZERO; W];
        let powers = positive.iter().map(|&bits| part(bits)).chain(negative.iter().map(|&bits| -part(bits)));
        diagonal.iter_mut().zip(SMALL.map(F::from_i32).into_iter().chain(powers)).for_each(|(place, value)| *place = value);
        (diagonal[3], diagonal[6]) = (part(1), -part(1));
        Self {
            full: std::array::from_fn(|round| if round < 4 { first[round] } else { last[round - 4] }),
            partial: partial.to_vec(),
            diagonal,
        }
    }
}

/// A permutation of W words; sponges overwrite RATE of them, digests are the first DIGEST.
pub trait Hash<const W: usize>: Sync {
    const RATE: usize;
    const DIGEST: usize;
    fn new() -> Self;
    fn constants() -> Constants<W>;
    fn permute(&self, state: &mut [V; W]);
}

pub struct Hash16(Poseidon2KoalaBear<16>);

impl Hash<16> for Hash16 {
    const RATE: usize = 8;
    const DIGEST: usize = 8;

    fn new() -> Self {
        Self(default_koalabear_poseidon2_16())
    }

    fn constants() -> Constants<16> {
        let (first, last) = (&KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL, &KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL);
        Constants::new(first, last, &KOALABEAR_POSEIDON2_RC_16_INTERNAL, &[8, 3, 24], &[8, 3, 4, 24])
    }

    fn permute(&self, state: &mut [V; 16]) {
        self.0.permute_mut(state);
    }
}

pub struct Hash24(Poseidon2KoalaBear<24>);

impl Hash<24> for Hash24 {
    const RATE: usize = 15;
    const DIGEST: usize = 9;

    fn new() -> Self {
        Self(default_koalabear_poseidon2_24())
    }

    fn constants() -> Constants<24> {
        let (first, last) = (&KOALABEAR_POSEIDON2_RC_24_EXTERNAL_INITIAL, &KOALABEAR_POSEIDON2_RC_24_EXTERNAL_FINAL);
        let (positive, negative) = (&[8, 2, 3, 4, 5, 6, 24], &[8, 3, 4, 5, 6, 7, 9, 24]);
        Constants::new(first, last, &KOALABEAR_POSEIDON2_RC_24_INTERNAL, positive, negative)
    }

    fn permute(&self, state: &mut [V; 24]) {
        self.0.permute_mut(state);
    }
}
