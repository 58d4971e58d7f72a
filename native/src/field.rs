//! KoalaBear words, vectors of them, and the degree-5 extension modulo X^5 + X^2 - 1 over either.
use std::sync::OnceLock;

use p3_field::{Field, PackedFieldPow2, PackedValue, PrimeCharacteristicRing, PrimeField32, TwoAdicField};
pub use p3_koala_bear::KoalaBear as F;

pub type V = <F as Field>::Packing;
pub type Ext<R> = [R; 5];
pub const LANES: usize = V::WIDTH;
pub const GENERATOR: u64 = 3;
pub const ORDER: u64 = F::ORDER_U32 as u64;

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

pub fn ext_from(words: &[u32]) -> Ext<F> {
    std::array::from_fn(|k| F::new(words[k]))
}

pub fn broadcast(a: &Ext<F>) -> Ext<V> {
    a.map(V::from)
}

pub fn ext_add<R: Ring>(a: &Ext<R>, b: &Ext<R>) -> Ext<R> {
    std::array::from_fn(|k| a[k] + b[k])
}

pub fn ext_sub<R: Ring>(a: &Ext<R>, b: &Ext<R>) -> Ext<R> {
    std::array::from_fn(|k| a[k] - b[k])
}

pub fn ext_scale<R: Ring>(a: &Ext<R>, b: R) -> Ext<R> {
    a.map(|word| word * b)
}

#[inline(always)]
pub fn ext_mul<R: Ring>(a: &Ext<R>, b: &Ext<R>) -> Ext<R> {
    let b14 = b[1] - b[4];
    let b03 = b[0] - b[3];
    let b42 = b[4] - b[2];
    let b314 = b[3] - b14;
    [
        R::dot_product(a, &[b[0], b[4], b[3], b[2], b14]),
        R::dot_product(a, &[b[1], b[0], b[4], b[3], b[2]]),
        R::dot_product(a, &[b[2], b14, b03, b42, b314]),
        R::dot_product(a, &[b[3], b[2], b14, b03, b42]),
        R::dot_product(a, &[b[4], b[3], b[2], b14, b03]),
    ]
}

pub fn ext_one<R: Ring>() -> Ext<R> {
    [R::ONE, R::ZERO, R::ZERO, R::ZERO, R::ZERO]
}

pub fn ext_power(a: &Ext<F>, mut exponent: u64) -> Ext<F> {
    let (mut result, mut square) = (ext_one(), *a);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = ext_mul(&result, &square);
        }
        square = ext_mul(&square, &square);
        exponent >>= 1;
    }
    result
}

/// (X^k)^p for k = 0..4.
fn frobenius_images() -> &'static [Ext<F>; 5] {
    static IMAGES: OnceLock<[Ext<F>; 5]> = OnceLock::new();
    IMAGES.get_or_init(|| {
        let image = ext_power(&[F::ZERO, F::ONE, F::ZERO, F::ZERO, F::ZERO], ORDER);
        std::array::from_fn(|k| ext_power(&image, k as u64))
    })
}

fn frobenius<R: Ring>(a: &Ext<R>) -> Ext<R> {
    let images = frobenius_images();
    std::array::from_fn(|j| (1..5).fold(a[0] * R::from(images[0][j]), |sum, k| sum + a[k] * R::from(images[k][j])))
}

/// Zero has the inverse zero.
pub fn base_inverse<R: Ring>(a: R) -> R {
    a.exp_u64(ORDER - 2)
}

/// Zero has the inverse zero.
pub fn ext_inverse<R: Ring>(a: &Ext<R>) -> Ext<R> {
    let first = frobenius(a);
    let pair = ext_mul(&first, &frobenius(&first));
    let rest = ext_mul(&pair, &frobenius(&frobenius(&pair)));
    let norm = ext_mul(a, &rest)[0];
    ext_scale(&rest, base_inverse(norm))
}

/// 1, x, x^2, ...
pub fn powers(x: F, count: usize) -> Vec<F> {
    std::iter::successors(Some(F::ONE), |&power| Some(power * x)).take(count).collect()
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

/// What of p3's two-adic roots we do not use: our roots are fixed by the protocol, not by a library.
pub const TWO_ADICITY: usize = F::TWO_ADICITY;

/// Canonical words of field elements, in the same memory.
pub fn canonical(threads: usize, mut values: Vec<F>) -> Vec<u32> {
    let one = as_raw(&[1])[0];                          // multiplying by the raw word 1 takes an element out of Montgomery form
    crate::threads::share(threads, values.chunks_mut(1 << 16), |chunk| {
        let (vectors, rest) = V::pack_slice_with_suffix_mut(chunk);
        vectors.iter_mut().for_each(|vector| *vector *= V::from(one));
        rest.iter_mut().for_each(|value| *value *= one);
    });
    let mut values = std::mem::ManuallyDrop::new(values);
    // SAFETY: F is a transparent wrapper of u32, and what it wraps is below the modulus.
    unsafe { Vec::from_raw_parts(values.as_mut_ptr().cast(), values.len(), values.capacity()) }
}
