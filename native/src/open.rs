//! All columns of matrices of one height at a point.
use std::sync::Mutex;

use p3_field::{PackedValue, PrimeCharacteristicRing};

use crate::field::*;
use crate::packing::{Member, Parts, coset_shift};
use crate::point::Point;
use crate::threads::share;
use crate::unpacking::Unpacking;

/// Vectors whose weights stay in the cache while all columns pass.
const BLOCK: usize = 64;
/// Rows that one thread takes at a time, and at least.
const TASK: usize = 16 * LEAST;
const LEAST: usize = BLOCK * LANES;

/// The values of the columns, side by side, from what they are on the first coset. The members are of one group and height.
pub fn evaluate(threads: usize, members: &[Member], point: &Ext<F>) -> Vec<Ext<F>> {
    let (log_height, unit) = (members[0].log_height, members[0].group.unit);
    let (height, shift) = (1usize << log_height, coset_shift(log_height));
    let width = members.iter().map(|member| member.width).sum();
    let all = Member { width, ..members[0] };
    let points = domain(threads, log_height, shift);
    // p(z) = ((z/s)^n - 1)/n * sum of p(x) * x/(z - x)
    let mut factor = ext_power(&ext_scale(point, base_inverse(shift)), height as u64);
    factor[0] -= F::ONE;
    if factor == [F::ZERO; 5] {
        let row = points.iter().position(|x| *x == point[0]).expect("a point that is on the coset");
        return all.half(threads, 0).columns().map(|column| [column[row], F::ZERO, F::ZERO, F::ZERO, F::ZERO]).collect();
    }
    let factor = ext_scale(&factor, -base_inverse(F::from_usize(height)));
    let inverse = Point::new(point, &ext_one());
    let unpacking = Unpacking::new(threads, &all, 0);
    let sums = Mutex::new(vec![[F::ZERO; 5]; width]);
    let task = (height / 8).clamp(LEAST, TASK);
    share(threads, (0..height).step_by(task), |start| {
        let mut own = vec![[V::ZERO; 5]; width];
        let (mut x, mut weights) = (Vec::new(), Vec::new());
        let mut parts = vec![[V::ZERO; BLOCK + 1]; 1 << members[0].group.log_pack]; // one more: in different sets of the cache
        for first in (start..height.min(start + task)).step_by(LEAST) {
            x.clear();
            x.extend((first..height.min(first + LEAST)).step_by(LANES).map(|row| load_padded(&points, row)));
            inverse.inverses(&x, &mut weights);
            weights.iter_mut().zip(&x).for_each(|(weight, &x)| *weight = ext_scale(weight, x));
            // four rows at a time, coordinate by coordinate
            let fours: Vec<[[V; 4]; 5]> = weights.as_chunks().0.iter().map(|four: &[Ext<V>; 4]| across(four)).collect();
            let add = |sum: &mut Ext<V>, words: &[F]| {
                for (group, weights) in fours.iter().enumerate() {
                    let words: [V; 4] = std::array::from_fn(|r| load(&words[(4 * group + r) * LANES..]));
                    for k in 0..5 {
                        sum[k] += V::dot_product(&weights[k], &words);
                    }
                }
                for (r, weight) in weights.iter().enumerate().skip(4 * fours.len()) {
                    *sum = ext_add(sum, &ext_scale(weight, load_padded(words, r * LANES)));
                }
            };
            if all.stands_alone() {
                own.iter_mut().enumerate().for_each(|(index, sum)| add(sum, &all.column(index)[first..height]));
                continue;
            }
            for Parts { column, slots, first: index } in all.parts() {
                unpacking.block(all.group.hashed.column(column), first, x.len(), |k, t, values| parts[k][t] = values);
                for (k, part) in parts[slots].iter().enumerate() {
                    add(&mut own[index + k * unit], V::unpack_slice(part));
                }
            }
        }
        let mut sums = sums.lock().expect("nothing panics while the sums are locked");
        sums.iter_mut().zip(own).for_each(|(sum, own)| *sum = ext_add(sum, &own.map(|word| word.as_slice().iter().copied().sum())));
    });
    let sums = sums.into_inner().expect("no worker has panicked");
    sums.iter().map(|sum| ext_mul(sum, &factor)).collect()
}

fn across<const N: usize>(rows: &[Ext<V>; N]) -> [[V; N]; 5] {
    std::array::from_fn(|k| std::array::from_fn(|r| rows[r][k]))
}
