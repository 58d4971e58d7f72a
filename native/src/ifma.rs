//! Poseidon2 on AVX-512 with 52-bit multiplication: 16 states as two halves of eight, every word in a lane of 64 bits.
//!
//! Sums need no reduction (src/lanes.rs); how large the words can be is stated beside each step.
//! Round constants cost nothing: they are added where the step before has a sum anyway, pulled back through the linear layer, and in the
//! partial rounds every word carries a known offset. Two partial rounds are one step for words that are multiplied by 2^-k, because
//! (s / 2^k + a) / 2^k + b = (s + 2^k * a) / 2^2k + b.
#![cfg(all(target_feature = "avx512f", target_feature = "avx512ifma"))]
use std::arch::x86_64::*;

use crate::field::{ORDER, V};
use crate::lanes::*;
use crate::poseidon2::{Entry, Hash, Known};
use crate::tables::Tables;

/// Multiples of p, about 2^34, 2^43 and 2^48, which keep differences positive.
const LIFT: [u64; 3] = [ORDER << 3, ORDER << 12, ORDER << 17];

type Half<const W: usize> = [__m512i; W];

/// constant + x^3 for x below 2^44, where the constant is at least p and below 2p: below 2p + 2^28.
#[inline(always)]
fn cube(constant: u64, x: __m512i) -> __m512i {
    product(all(constant), product(all(ORDER), x, x), x)
}

/// The external layer, at most 49 times what comes in.
#[inline(always)]
fn mix<const W: usize>(state: &mut Half<W>) {
    for block in state.as_chunks_mut::<4>().0 {
        let [a, b, c, d] = *block;
        let (ab, cd) = (add(a, b), add(c, d));
        let both = add(ab, cd);
        let (left, right) = (add(both, b), add(both, d));
        *block = [add(left, ab), add_small(left, c, 2), add(right, cd), add_small(right, a, 2)];
    }
    let sums: [__m512i; 4] = std::array::from_fn(|k| (k + 4..W).step_by(4).fold(state[k], |sum, i| add(sum, state[i])));
    (0..W).for_each(|i| state[i] = add(state[i], sums[i % 4]));
}

/// Does something with every word, written out, so that what depends on its number alone is decided by the compiler.
macro_rules! every_word {
    ($width:ident, $index:ident => $body:expr) => {
        every_word!($width, $index => $body, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23)
    };
    ($width:ident, $index:ident => $body:expr, $($number:literal),*) => {
        $({
            let $index: usize = $number;
            if $index < $width {
                $body
            }
        })*
    };
}

/// A full round: cubes and the external layer; what comes in is below 2^44, what comes out below 2^38.
#[inline(always)]
fn full_round<const W: usize>(state: &mut Half<W>, constants: &[u64; W]) {
    state.iter_mut().zip(constants).for_each(|(word, &constant)| *word = cube(constant, *word));
    mix(state);
}

/// The sum of all words but the first.
#[inline(always)]
fn tail<const W: usize>(state: &Half<W>) -> __m512i {
    let sums: [__m512i; 3] = std::array::from_fn(|k| (k + 4..W).step_by(3).fold(state[k + 1], |sum, i| add(sum, state[i])));
    add(add(sums[0], sums[1]), sums[2])
}

/// The first word and what is added to all others, from the sum of the others.
#[inline(always)]
fn head(first: &mut __m512i, tail: __m512i, constant: u64) -> __m512i {
    let cubed = cube(constant, *first);
    *first = sub(tail, cubed);
    add(times(all(ORDER), tail, ONCE), cubed)
}

/// The highest k of all 2^-k but 2^-24.
const fn highest<const W: usize>(diagonal: &[Entry; W]) -> u32 {
    let (mut highest, mut i) = (0, 0);
    while i < W {
        if let Entry::Plus(k) | Entry::Minus(k) = diagonal[i] {
            highest = if k < 24 && k > highest { k } else { highest };
        }
        i += 1;
    }
    highest
}

/// Two partial rounds. Words 1, 2, 4 and 5 have the diagonal 1, 2, 3 and 4, words 7 and 8 -3 and -4, all others plus or minus 2^-k.
/// What grows comes in below 2^38; if REDUCE, it leaves below 2^34.
#[inline(always)]
fn two_partial_rounds<K: Known<W>, const W: usize, const REDUCE: bool>(state: &mut Half<W>, tables: &Tables<W>, round: usize) {
    let [zero, one] = [0, 1].map(|k| tables.partial[round + k]);
    let others = tail(state);
    let added = head(&mut state[0], others, zero);
    let taken = sub(all(LIFT[0]), added);
    // the words of powers of two before their update: the sum of (word times diagonal), times the highest power
    let highest = const { highest(&K::DIAGONAL) };
    let (mut plus, mut minus) = (all(LIFT[2]), unsafe { _mm512_setzero_si512() });
    let (mut more, mut less) = (all(LIFT[1]), unsafe { _mm512_setzero_si512() });
    every_word!(W, i => match K::DIAGONAL[i] {
        Entry::Small(_) => {}
        Entry::Plus(24) => less = add_small(less, state[i], 127),
        Entry::Minus(24) => more = add_small(more, state[i], 127),
        Entry::Plus(k) => plus = add_small(plus, state[i], 1 << (highest - k)),
        Entry::Minus(k) => minus = add_small(minus, state[i], 1 << (highest - k)),
    });
    more = add_small(more, added, W as u64 - 7);
    for (i, factor) in [(2, 2), (4, 3), (5, 4)] {
        state[i] = add_small(added, state[i], factor);
        more = add(more, state[i]);
    }
    state[1] = add(state[1], added);
    more = add(more, state[1]);
    for (i, factor) in [(7, 3), (8, 4)] {
        state[i] = add_small(taken, state[i], factor); // the negative of the word
        less = add(less, state[i]);
    }
    let tail = times(sub(more, less), sub(plus, minus), Wide::<K, W>::POWER);
    let last = head(&mut state[0], tail, one);
    let lifted = add(last, all(ORDER));
    state[1] = add(state[1], last);
    for (i, factor) in [(2, 2), (4, 3), (5, 4), (7, 3), (8, 4)] {
        state[i] = if REDUCE { times(lifted, state[i], SMALL[factor]) } else { add_small(last, state[i], factor as u64) };
    }
    every_word!(W, i => {
        let before = match K::DIAGONAL[i] {
            Entry::Small(_) => None,
            Entry::Plus(24) => Some(add_small(taken, state[i], 127)),
            Entry::Minus(24) => Some(add_small(added, state[i], 127)),
            Entry::Plus(k) => Some(add_small(state[i], added, 1 << k)),
            Entry::Minus(k) => Some(add_small(state[i], taken, 1 << k)),
        };
        if let Some(before) = before {
            state[i] = times(lifted, before, Wide::<K, W>::SQUARES[i]);
        }
    });
}

/// One partial round, by products everywhere.
#[inline(always)]
fn partial_round<K: Known<W>, const W: usize>(state: &mut Half<W>, tables: &Tables<W>, round: usize) {
    let others = tail(state);
    let added = head(&mut state[0], others, tables.partial[round]);
    let lifted = add(added, all(ORDER));
    every_word!(W, i => if i > 0 { state[i] = times(lifted, state[i], Wide::<K, W>::DIAGONAL[i]) });
}

/// The halves take turns in the full rounds: while one waits for its last cubes the other one computes.
fn permute<K: Known<W>, const W: usize>(state: &mut [Half<W>; 2], tables: &Tables<W>) {
    for half in &mut *state {
        mix(half);
        every_word!(W, i => half[i] = add(half[i], all(tables.first[i])));
    }
    for constants in &tables.full[..4] {
        state.iter_mut().for_each(|half| full_round(half, constants));
    }
    state.iter_mut().for_each(|half| partial_rounds::<K, W>(half, tables));
    for constants in &tables.full[4..] {
        state.iter_mut().for_each(|half| full_round(half, constants));
    }
}

fn partial_rounds<K: Known<W>, const W: usize>(half: &mut Half<W>, tables: &Tables<W>) {
    half[1] = add(half[1], all(LIFT[0]));
    every_word!(W, i => if matches!(K::DIAGONAL[i], Entry::Plus(24) | Entry::Minus(24)) {
        half[i] = times(all(ORDER), half[i], ONCE);
    });
    let rounds = tables.partial.len();
    for round in (0..rounds - rounds % 4).step_by(4) {
        two_partial_rounds::<K, W, true>(half, tables, round);
        two_partial_rounds::<K, W, false>(half, tables, round + 2);
    }
    if rounds % 4 >= 2 {
        two_partial_rounds::<K, W, true>(half, tables, rounds - rounds % 4);
    }
    if rounds % 2 == 1 {
        partial_round::<K, W>(half, tables, rounds - 1);
    }
    every_word!(W, i => half[i] = add(half[i], all(tables.after[i])));
}

/// Sixteen states: those in even lanes and those in odd lanes.
pub struct Wide<K, const W: usize> {
    tables: &'static Tables<W>,
    known: std::marker::PhantomData<K>,
}

impl<K: Known<W>, const W: usize> Wide<K, W> {
    const DIAGONAL: [Factor; W] = {
        let (mut factors, mut i) = ([ONCE; W], 0);
        while i < W {
            factors[i] = match K::DIAGONAL[i] {
                Entry::Small(value) => Factor::constant((ORDER as i64 + value as i64) as u64),
                Entry::Plus(k) => power_of_two(k),
                Entry::Minus(k) => Factor::constant(ORDER - inverse(1 << k)),
            };
            i += 1;
        }
        factors
    };
    const POWER: Factor = power_of_two(highest(&K::DIAGONAL));
    /// What two rounds multiply with: 2^-2k, and -(2^-24) where a round before has multiplied with 127, which is -(2^-24) too.
    const SQUARES: [Factor; W] = {
        let (mut factors, mut i) = ([ONCE; W], 0);
        while i < W {
            factors[i] = match K::DIAGONAL[i] {
                Entry::Plus(24) | Entry::Minus(24) => Factor::constant(127),
                Entry::Plus(k) | Entry::Minus(k) => power_of_two(2 * k),
                Entry::Small(_) => ONCE,
            };
            i += 1;
        }
        factors
    };
}

impl<K: Known<W>, const W: usize> Hash<W> for Wide<K, W> {
    type Known = K;
    type State = [Half<W>; 2];

    fn new() -> Self {
        Self { tables: K::tables().get_or_init(Tables::new::<K>), known: std::marker::PhantomData }
    }

    #[inline(always)]
    fn state(words: &[V; W]) -> Self::State {
        let mut state = [[all(0); W]; 2];
        words.iter().enumerate().for_each(|(index, &word)| Self::put(&mut state, index, word));
        state
    }

    /// A word in Montgomery form is the value times 2^32.
    #[inline(always)]
    fn put(state: &mut Self::State, index: usize, word: V) {
        const ENTER: Factor = Factor::constant(1 << 20);
        // SAFETY: a vector of sixteen field elements is a vector of sixteen words below p.
        let word: __m512i = unsafe { std::mem::transmute(word) };
        let halves = unsafe { [_mm512_and_si512(word, all(u32::MAX.into())), _mm512_srli_epi64::<32>(word)] };
        (0..2).for_each(|k| state[k][index] = times(all(ORDER), halves[k], ENTER));
    }

    #[inline(always)]
    fn word(state: &Self::State, index: usize) -> V {
        const LEAVE: Factor = Factor::constant(inverse(1 << 20));
        let [even, odd] = [0, 1].map(|k| times(all(ORDER), state[k][index], LEAVE));
        // SAFETY: what `times` leaves is between 1 and p + 2^18, so that the lesser of it and itself minus p is below p.
        unsafe {
            let both = _mm512_or_si512(even, _mm512_slli_epi64::<32>(odd));
            std::mem::transmute(_mm512_min_epu32(both, _mm512_sub_epi32(both, _mm512_set1_epi32(ORDER as i32))))
        }
    }

    fn permute(&self, state: &mut Self::State) {
        permute::<K, W>(state, self.tables);
    }
}
