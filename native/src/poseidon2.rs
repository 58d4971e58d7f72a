//! The Poseidon2 permutations of width 16 and 24: their constants, and the ways to compute them.

use p3_field::PrimeCharacteristicRing;
use p3_koala_bear::{
    KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL, KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL, KOALABEAR_POSEIDON2_RC_16_INTERNAL,
    KOALABEAR_POSEIDON2_RC_24_EXTERNAL_FINAL, KOALABEAR_POSEIDON2_RC_24_EXTERNAL_INITIAL, KOALABEAR_POSEIDON2_RC_24_INTERNAL,
    Poseidon2KoalaBear, default_koalabear_poseidon2_16, default_koalabear_poseidon2_24,
};
use p3_symmetric::Permutation;

use crate::field::{F, V, base_inverse};

/// An entry of the internal layer's diagonal.
#[derive(Clone, Copy)]
pub enum Entry {
    Small(i32),
    /// 2^-k
    Plus(u32),
    /// -(2^-k)
    Minus(u32),
}
use Entry::{Minus, Plus, Small};

impl Entry {
    pub fn value(self) -> F {
        match self {
            Small(value) => F::from_i32(value),
            Plus(bits) => base_inverse(F::TWO.exp_u64(bits.into())),
            Minus(bits) => -Plus(bits).value(),
        }
    }
}

/// One of the two permutations. Sponges overwrite RATE words, digests are the first DIGEST.
pub trait Known<const W: usize>: Sync {
    const RATE: usize;
    const DIGEST: usize;
    const DIAGONAL: [Entry; W];
    /// Four full rounds, the partial rounds, four full rounds.
    const ROUNDS: (&[[F; W]; 4], &[F], &[[F; W]; 4]);

    #[cfg(all(target_feature = "avx512f", target_feature = "avx512ifma"))]
    fn tables() -> &'static std::sync::OnceLock<crate::tables::Tables<W>>;
}

pub struct Width16;

impl Known<16> for Width16 {
    const RATE: usize = 8;
    const DIGEST: usize = 8;
    #[rustfmt::skip]
    const DIAGONAL: [Entry; 16] = [
        Small(-2), Small(1), Small(2), Plus(1), Small(3), Small(4), Minus(1), Small(-3), Small(-4),
        Plus(8), Plus(3), Plus(24), Minus(8), Minus(3), Minus(4), Minus(24),
    ];
    const ROUNDS: (&[[F; 16]; 4], &[F], &[[F; 16]; 4]) =
        (&KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL, &KOALABEAR_POSEIDON2_RC_16_INTERNAL, &KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL);

    #[cfg(all(target_feature = "avx512f", target_feature = "avx512ifma"))]
    fn tables() -> &'static std::sync::OnceLock<crate::tables::Tables<16>> {
        static TABLES: std::sync::OnceLock<crate::tables::Tables<16>> = std::sync::OnceLock::new();
        &TABLES
    }
}

pub struct Width24;

impl Known<24> for Width24 {
    const RATE: usize = 15;
    const DIGEST: usize = 9;
    #[rustfmt::skip]
    const DIAGONAL: [Entry; 24] = [
        Small(-2), Small(1), Small(2), Plus(1), Small(3), Small(4), Minus(1), Small(-3), Small(-4),
        Plus(8), Plus(2), Plus(3), Plus(4), Plus(5), Plus(6), Plus(24),
        Minus(8), Minus(3), Minus(4), Minus(5), Minus(6), Minus(7), Minus(9), Minus(24),
    ];
    const ROUNDS: (&[[F; 24]; 4], &[F], &[[F; 24]; 4]) =
        (&KOALABEAR_POSEIDON2_RC_24_EXTERNAL_INITIAL, &KOALABEAR_POSEIDON2_RC_24_INTERNAL, &KOALABEAR_POSEIDON2_RC_24_EXTERNAL_FINAL);

    #[cfg(all(target_feature = "avx512f", target_feature = "avx512ifma"))]
    fn tables() -> &'static std::sync::OnceLock<crate::tables::Tables<24>> {
        static TABLES: std::sync::OnceLock<crate::tables::Tables<24>> = std::sync::OnceLock::new();
        &TABLES
    }
}

/// A way to compute one of them on LANES states side by side, which it keeps in a form of its own.
pub trait Hash<const W: usize>: Sync {
    type Known: Known<W>;
    type State: Copy + Sync;
    const RATE: usize = Self::Known::RATE;
    const DIGEST: usize = Self::Known::DIGEST;
    fn new() -> Self;
    fn state(words: &[V; W]) -> Self::State;
    /// Overwrites a word.
    fn put(state: &mut Self::State, index: usize, word: V);
    fn word(state: &Self::State, index: usize) -> V;
    fn permute(&self, state: &mut Self::State);
}

/// What every machine can do, in the vectors that it has.
pub struct Portable<P>(P);
pub type Portable16 = Portable<Poseidon2KoalaBear<16>>;
pub type Portable24 = Portable<Poseidon2KoalaBear<24>>;

macro_rules! portable {
    ($width:literal, $known:ty, $permutation:expr) => {
        impl Hash<$width> for Portable<Poseidon2KoalaBear<$width>> {
            type Known = $known;
            type State = [V; $width];

            fn new() -> Self {
                Self($permutation)
            }

            #[inline(always)]
            fn state(words: &[V; $width]) -> Self::State {
                *words
            }

            #[inline(always)]
            fn put(state: &mut Self::State, index: usize, word: V) {
                state[index] = word;
            }

            #[inline(always)]
            fn word(state: &Self::State, index: usize) -> V {
                state[index]
            }

            fn permute(&self, state: &mut Self::State) {
                self.0.permute_mut(state);
            }
        }
    };
}

portable!(16, Width16, default_koalabear_poseidon2_16());
portable!(24, Width24, default_koalabear_poseidon2_24());

#[cfg(all(target_feature = "avx512f", target_feature = "avx512ifma"))]
mod best {
    pub type Hash16 = crate::ifma::Wide<super::Width16, 16>;
    pub type Hash24 = crate::ifma::Wide<super::Width24, 24>;
}
#[cfg(not(all(target_feature = "avx512f", target_feature = "avx512ifma")))]
mod best {
    pub type Hash16 = super::Portable16;
    pub type Hash24 = super::Portable24;
}
pub use best::{Hash16, Hash24};
