//! Numbers modulo p in the lanes of 64 bits of AVX-512 vectors, multiplied 52 bits at a time.
//!
//! A value v is any number below 2^52 that is v * 2^52 modulo p. Sums are not reduced; what each step leaves is stated beside it.
#![cfg(all(target_feature = "avx512f", target_feature = "avx512ifma"))]
use std::arch::x86_64::*;

use p3_field::{PrimeCharacteristicRing, PrimeField32};

use crate::field::{F, ORDER};

const MASK: u64 = (1 << 52) - 1;
/// The inverse of p modulo 2^52: 2 - p is right modulo 2^48, since p is 1 modulo 2^24, and a step of Newton's doubles that.
const INVERSE: u64 = {
    let first = 2u64.wrapping_sub(ORDER);
    first.wrapping_mul(2u64.wrapping_sub(ORDER.wrapping_mul(first))) & MASK
};

/// A constant to multiply with: c and c / p modulo 2^52.
#[derive(Clone, Copy)]
pub struct Factor(u64, u64);

/// The power of a number modulo p.
const fn power(base: u64, exponent: u64) -> u64 {
    let (mut result, mut base, mut exponent) = (1, base, exponent);
    while exponent > 0 {
        result = if exponent % 2 == 1 { result * base % ORDER } else { result };
        (base, exponent) = (base * base % ORDER, exponent / 2);
    }
    result
}

pub const fn inverse(value: u64) -> u64 {
    power(value, ORDER - 2)
}

pub const ONCE: Factor = Factor::constant(1);
pub const SMALL: [Factor; 5] = [Factor::constant(0), ONCE, Factor::constant(2), Factor::constant(3), Factor::constant(4)];

pub const fn power_of_two(negative_exponent: u32) -> Factor {
    Factor::constant(inverse(1 << negative_exponent))
}

impl Factor {
    /// The product with this is the product with `value`.
    pub const fn constant(value: u64) -> Self {
        let c = value % ORDER * power(2, 52) % ORDER;
        Self(c, c.wrapping_mul(INVERSE) & MASK)
    }
}

/// value * 2^52 modulo p.
pub fn scaled(value: F) -> u64 {
    u64::from((value * F::TWO.exp_u64(52)).as_canonical_u32())
}

// SAFETY of all intrinsics below: this module is compiled only where the target has AVX-512 with IFMA.

#[inline(always)]
pub fn all(value: u64) -> __m512i {
    unsafe { _mm512_set1_epi64(value as i64) }
}

#[inline(always)]
pub fn add(a: __m512i, b: __m512i) -> __m512i {
    unsafe { _mm512_add_epi64(a, b) }
}

#[inline(always)]
pub fn sub(a: __m512i, b: __m512i) -> __m512i {
    unsafe { _mm512_sub_epi64(a, b) }
}

/// sum + a * b, which must stay below 2^52.
#[inline(always)]
pub fn add_small(sum: __m512i, a: __m512i, b: u64) -> __m512i {
    unsafe { _mm512_madd52lo_epu64(sum, a, all(b)) }
}

#[inline(always)]
pub fn low(a: __m512i, b: __m512i) -> __m512i {
    unsafe { _mm512_madd52lo_epu64(_mm512_setzero_si512(), a, b) }
}

#[inline(always)]
pub fn high(sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
    unsafe { _mm512_madd52hi_epu64(sum, a, b) }
}

/// sum + a * b / 2^52 modulo p, more than sum - p and at most sum plus the upper part of a * b.
#[inline(always)]
pub fn product(sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
    let quotient = low(low(a, b), all(INVERSE));
    sub(high(sum, a, b), high(unsafe { _mm512_setzero_si512() }, quotient, all(ORDER)))
}

/// The same with a constant, whose quotient needs no product before it.
#[inline(always)]
pub fn times(sum: __m512i, a: __m512i, b: Factor) -> __m512i {
    let quotient = low(a, all(b.1));
    sub(high(sum, a, all(b.0)), high(unsafe { _mm512_setzero_si512() }, quotient, all(ORDER)))
}
