//! The low-degree test's arithmetic: quotients by points, folding, the last polynomial.
use p3_field::{PackedValue, PrimeCharacteristicRing};

use crate::field::*;
use crate::memory::unwritten;
use crate::point::Point;
use crate::threads::share;
use crate::transform::{roots, to_coefficients};

const CHUNK: usize = 1024;

/// LANES rows, every `stride`-th from `first` on, coordinate by coordinate; rows past the end are zero.
fn gather(rows: &[Ext<F>], first: usize, stride: usize) -> Ext<V> {
    std::array::from_fn(|k| V::from_fn(|lane| rows.get(first + lane * stride).map_or(F::ZERO, |row| row[k])))
}

fn scatter(vectors: &Ext<V>, rows: &mut [Ext<F>]) {
    for (lane, row) in rows.iter_mut().take(LANES).enumerate() {
        *row = std::array::from_fn(|k| vectors[k].as_slice()[lane]);
    }
}

/// Sums of columns that are packed alike, and at each of the two points the polynomial that the columns under them open to.
pub struct Part<'a> {
    pub values: &'a [Ext<F>],
    pub claimed: [Vec<Ext<F>>; 2],
}

/// For every part the quotients by x^k - z^k at both points, all added up. They are linear in what is summed and claimed.
pub fn deep(threads: usize, parts: Vec<Part>, points: &[Ext<F>; 2], second: &Ext<F>, shift: F) -> Vec<Ext<F>> {
    let size = parts[0].values.len();
    let domain = domain(threads, size.ilog2() as usize, shift);
    let mut sum = unwritten::<Ext<F>>(size);
    for (number, part) in parts.into_iter().enumerate() {
        let count = part.claimed[0].len();
        let at = |k: usize| ext_power(&points[k], count as u64);
        let inverses = [Point::new(&at(0), &ext_one()), Point::new(&at(1), second)];
        // the highest coefficient first, without leading zeros: the claims may be taken away later
        let claimed = part.claimed.map(|values| {
            let known = values.iter().rev().skip_while(|value| **value == [F::ZERO; 5]);
            known.map(broadcast).collect::<Vec<Ext<V>>>()
        });
        share(threads, sum.chunks_mut(CHUNK).zip(part.values.chunks(CHUNK)).zip(domain.chunks(CHUNK)), |((sum, values), domain)| {
            let powers: Vec<V> = few(domain, count).map(|x| x.exp_power_of_2(count.ilog2() as usize)).collect();
            let mut factors = [Vec::new(), Vec::new()];
            inverses.iter().zip(&mut factors).for_each(|(inverse, factors)| inverse.inverses(&powers, factors));
            let both: Vec<Ext<V>> = factors[0].iter().zip(&factors[1]).map(|(here, there)| ext_add(here, there)).collect();
            for (t, (sum, values)) in sum.chunks_mut(LANES).zip(values.chunks(LANES)).enumerate() {
                let mut total = if number == 0 { [V::ZERO; 5] } else { gather(sum, 0, 1) };
                let value = gather(values, 0, 1);
                total = ext_add(&total, &ext_mul(&value, &spread(&both, t, count)));
                let x = load_padded(domain, t * LANES);
                for (claimed, factors) in claimed.iter().zip(&factors) {
                    if let Some(opened) = claimed.iter().copied().reduce(|sum, next| ext_add(&ext_scale(&sum, x), &next)) {
                        total = ext_sub(&total, &ext_mul(&opened, &spread(factors, t, count)));
                    }
                }
                scatter(&total, sum);
            }
        });
    }
    sum
}

/// Of points in bit-reversed order one of `count` neighbours, which have this power in common.
fn few(points: &[F], count: usize) -> impl Iterator<Item = V> {
    let distinct = points.len().div_ceil(count);
    let all = move |first| V::from_fn(|lane| points.get((first + lane) * count).copied().unwrap_or_default());
    (0..distinct).step_by(LANES).map(move |first| if count == 1 { load_padded(points, first) } else { all(first) })
}

/// For the rows of a vector what was computed for one of `count` neighbours.
#[inline(always)]
fn spread(values: &[Ext<V>], vector: usize, count: usize) -> Ext<V> {
    let place = |lane: usize| (vector * LANES + lane) / count;
    let word = |k: usize, place: usize| values[place / LANES][k].as_slice()[place % LANES];
    match count {
        1 => values[vector],
        _ if count >= LANES => std::array::from_fn(|k| V::from(word(k, place(0)))),
        _ => std::array::from_fn(|k| V::from_fn(|lane| word(k, place(lane)))),
    }
}

/// Linear in the values.
pub fn fold(threads: usize, values: &[Ext<F>], log_arity: usize, challenge: &Ext<F>, shift: F) -> Vec<Ext<F>> {
    let (mut challenge, mut shift) = (*challenge, shift);
    let mut folded: Option<Vec<Ext<F>>> = None;
    for _ in 0..log_arity {
        folded = Some(halved(threads, folded.as_deref().unwrap_or(values), &challenge, shift));
        challenge = ext_mul(&challenge, &challenge);
        shift = shift.square();
    }
    folded.unwrap_or_else(|| values.to_vec())
}

fn halved(threads: usize, values: &[Ext<F>], challenge: &Ext<F>, shift: F) -> Vec<Ext<F>> {
    let inverses = inverse_domain_of_half(threads, values.len().ilog2() as usize, shift);
    let product = multiplication(challenge);
    let mut folded = unwritten(values.len() / 2);
    share(threads, folded.chunks_mut(CHUNK).zip(values.chunks(2 * CHUNK)).zip(inverses.chunks(CHUNK)), |((folded, values), inverses)| {
        for (t, folded) in folded.chunks_mut(LANES).enumerate() {
            let [even, odd] = [0, 1].map(|parity| gather(values, 2 * t * LANES + parity, 2));
            let difference = ext_scale(&ext_sub(&even, &odd), load_padded(inverses, t * LANES));
            let weighted = multiply(&difference, &product);
            scatter(&ext_add(&ext_add(&even, &odd), &weighted), folded);
        }
    });
    folded
}

/// 1/x for the points of even index.
fn inverse_domain_of_half(threads: usize, log_size: usize, shift: F) -> Vec<F> {
    doubled(threads, base_inverse(shift), (2..=log_size).map(|level| base_inverse(root_of_unity(level))))
}

pub fn interpolate(values: &[Ext<F>], shift: F) -> Vec<Ext<F>> {
    let roots = roots(values.len().ilog2() as usize);
    let unit = base_inverse(F::from_usize(values.len()));
    let mut scale = powers(base_inverse(shift), values.len());
    scale_all(&mut scale, unit);
    let mut out = unwritten::<Ext<F>>(values.len());
    for k in 0..5 {
        let mut column: Vec<F> = values.iter().map(|value| value[k]).collect();
        to_coefficients(&mut column, &roots);
        out.iter_mut().zip(column).zip(&scale).for_each(|((value, word), &scale)| value[k] = word * scale);
    }
    out
}
