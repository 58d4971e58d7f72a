//! KoalaBear: elements, vectors of them, roots of unity, words in and out.
use p3_field::{Field, PackedFieldPow2, PackedValue, PrimeCharacteristicRing, PrimeField32, TwoAdicField};
pub use p3_koala_bear::KoalaBear as F;

pub use crate::extension::*;
use crate::memory::unwritten;
use crate::threads::share;

pub type V = <F as Field>::Packing;
pub const LANES: usize = V::WIDTH;
pub const GENERATOR: u64 = 3;
pub const ORDER: u64 = F::ORDER_U32 as u64;
/// log2 of the elements that one thread takes at a time where there is little to do with each.
pub const LOG_PIECE: usize = 14;
pub const TWO_ADICITY: usize = F::TWO_ADICITY;

/// Numbers that the extension can be built on.
pub trait Ring: PrimeCharacteristicRing + Copy + From<F> {}
impl<R: PrimeCharacteristicRing + Copy + From<F>> Ring for R {}

/// The primitive root of order 2^log that all domains use: a power of the generator 3.
pub fn root_of_unity(log: usize) -> F {
    F::from_u64(GENERATOR).exp_u64((ORDER - 1) >> log)
}

/// Canonical residues read as if they were in Montgomery form: r then stands for r / 2^32, which linear code can carry along.
pub fn as_raw(words: &[u32]) -> &[F] {
    // SAFETY: F is a transparent wrapper of u32; every caller has checked that the words are below the modulus.
    unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), words.len()) }
}

/// What `as_raw` lost: multiply by this.
pub fn raw_factor() -> F {
    F::from_u64(1 << 32)
}

/// Canonical words of a vector.
pub fn canonical_words(vector: V) -> [u32; LANES] {
    let raw = vector * V::from(word_factor());
    // SAFETY: F is a transparent wrapper of u32.
    std::array::from_fn(|lane| unsafe { std::mem::transmute::<F, u32>(raw.as_slice()[lane]) })
}

/// Zero has the inverse zero.
pub fn base_inverse<R: Ring>(a: R) -> R {
    a.exp_u64(ORDER - 2)
}

/// Inverses of values of which none is zero, all at once.
pub fn invert_nonzero(values: &mut [F]) {
    for chunk in values.chunks_mut(256 * LANES) {
        let (vectors, rest) = V::pack_slice_with_suffix_mut(chunk);
        rest.iter_mut().for_each(|value| *value = base_inverse(*value));
        let mut product = V::ONE;
        let mut before = [V::ONE; 256];
        for (vector, before) in vectors.iter().zip(&mut before) {
            *before = product;
            product *= *vector;
        }
        let mut rest = base_inverse(product);
        for (vector, before) in vectors.iter_mut().zip(before).rev() {
            (*vector, rest) = (rest * before, rest * *vector);
        }
    }
}

pub fn scale_all(values: &mut [F], factor: F) {
    let (vectors, rest) = V::pack_slice_with_suffix_mut(values);
    vectors.iter_mut().for_each(|vector| *vector *= V::from(factor));
    rest.iter_mut().for_each(|value| *value *= factor);
}

/// Every value times a factor.
pub fn scaled(values: &[F], factor: F, out: &mut [F]) {
    let ((vectors, rest), (out, out_rest)) = (V::pack_slice_with_suffix(values), V::pack_slice_with_suffix_mut(out));
    out.iter_mut().zip(vectors).for_each(|(out, &vector)| *out = vector * V::from(factor));
    out_rest.iter_mut().zip(rest).for_each(|(out, &value)| *out = value * factor);
}

pub fn multiply_into(a: &[F], b: &[F], out: &mut [F]) {
    let ((a, a_rest), (b, b_rest)) = (V::pack_slice_with_suffix(a), V::pack_slice_with_suffix(b));
    let (out, out_rest) = V::pack_slice_with_suffix_mut(out);
    out.iter_mut().zip(a).zip(b).for_each(|((out, &a), &b)| *out = a * b);
    out_rest.iter_mut().zip(a_rest).zip(b_rest).for_each(|((out, &a), &b)| *out = a * b);
}

/// Appends every value times a factor.
pub fn double_with(values: &mut Vec<F>, factor: F) {
    let half = values.len();
    values.extend_from_within(..);
    scale_all(&mut values[half..], factor);
}

/// 1, x, x^2, ...
pub fn powers(mut x: F, count: usize) -> Vec<F> {
    let mut out = Vec::with_capacity(count.next_power_of_two());
    out.push(F::ONE);
    while out.len() < count {
        double_with(&mut out, x);
        x = x.square();
    }
    out.truncate(count);
    out
}

/// `first` times, for every bit of the place that is set, the factor of this bit.
pub fn doubled(threads: usize, first: F, factors: impl Iterator<Item = F>) -> Vec<F> {
    let factors: Vec<F> = factors.collect();
    let (low, high) = factors.split_at(factors.len().min(LOG_PIECE));
    let mut piece = Vec::with_capacity(1 << low.len());
    piece.push(first);
    low.iter().for_each(|&factor| double_with(&mut piece, factor));
    if high.is_empty() {
        return piece;
    }
    let mut out = unwritten(1 << factors.len());
    share(threads, out.chunks_mut(piece.len()).enumerate(), |(index, out)| {
        let factor = high.iter().enumerate().filter(|(bit, _)| index >> bit & 1 == 1).map(|(_, &factor)| factor).product();
        scaled(&piece, factor, out);
    });
    out
}

/// The points shift * w^bitreverse(i).
pub fn domain(threads: usize, log_size: usize, shift: F) -> Vec<F> {
    doubled(threads, shift, (1..=log_size).map(root_of_unity))
}

/// Swaps lane number and vector number in a square of LANES vectors.
#[inline(always)]
pub fn transpose(square: &mut [V; LANES]) {
    let mut block = 1;
    while block < LANES {
        for i in 0..LANES {
            if i & block == 0 {
                (square[i], square[i | block]) = square[i].interleave(square[i | block], block);
            }
        }
        block *= 2;
    }
}

pub fn load(words: &[F]) -> V {
    *V::from_slice(&words[..LANES])
}

pub fn store(words: &mut [F], vector: V) {
    words[..LANES].copy_from_slice(vector.as_slice());
}

/// Asks for a word's cache line before it is read; any address will do.
#[inline(always)]
pub fn prefetch(word: *const F) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch never faults.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(word.cast())
    };
    #[cfg(not(target_arch = "x86_64"))]
    let _ = word;
}

/// LANES words; words past the end are zero.
#[inline(always)]
pub fn load_padded(words: &[F], first: usize) -> V {
    if words.len() - first < LANES { V::from_fn(|lane| *words.get(first + lane).unwrap_or(&F::ZERO)) } else { load(&words[first..]) }
}

/// Field elements of canonical words.
pub fn from_canonical(threads: usize, words: &[u32]) -> Vec<F> {
    let (mut values, factor) = (unwritten(words.len()), raw_factor());
    let pieces = values.chunks_mut(1 << LOG_PIECE).zip(as_raw(words).chunks(1 << LOG_PIECE));
    share(threads, pieces, |(values, words)| scaled(words, factor, values));
    values
}

/// What takes an element out of Montgomery form: the product is the canonical word.
pub fn word_factor() -> F {
    as_raw(&[1])[0]
}

/// Canonical words of field elements, in the same memory.
pub fn canonical(threads: usize, mut values: Vec<F>) -> Vec<u32> {
    share(threads, values.chunks_mut(1 << LOG_PIECE), |chunk| scale_all(chunk, word_factor()));
    raw_words(values)
}

/// The words that elements are stored as, in the same memory.
pub fn raw_words(values: Vec<F>) -> Vec<u32> {
    let mut values = std::mem::ManuallyDrop::new(values);
    // SAFETY: F is a transparent wrapper of u32, and what it wraps is below the modulus.
    unsafe { Vec::from_raw_parts(values.as_mut_ptr().cast(), values.len(), values.capacity()) }
}
