//! All columns of matrices of one height at some points.
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

/// At every point the values of the columns, side by side, from what they are on the first coset. The members are of one group and
/// height. Columns that share others are taken apart once for all points.
pub fn evaluate(threads: usize, members: &[Member], at: &[Ext<F>]) -> Vec<Vec<Ext<F>>> {
    let (log_height, unit) = (members[0].log_height, members[0].group.unit);
    let (height, shift) = (1usize << log_height, coset_shift(log_height));
    let width = members.iter().map(|member| member.width).sum();
    let all = Member { width, ..members[0] };
    let points = domain(threads, log_height, shift);
    // p(z) = ((z/s)^n - 1)/n * sum of p(x) * x/(z - x)
    let factors = at.iter().map(|point| {
        let mut factor = ext_power(&ext_scale(point, base_inverse(shift)), height as u64);
        factor[0] -= F::ONE;
        ext_scale(&factor, -base_inverse(F::from_usize(height)))
    });
    let factors: Vec<Ext<F>> = factors.collect();
    let inverses: Vec<Point> = at.iter().map(|point| Point::new(point, &ext_one())).collect();
    let unpacking = Unpacking::new(threads, &all, 0);
    let sums = Mutex::new(vec![vec![[F::ZERO; 5]; width]; at.len()]);
    let task = (height / 8).clamp(LEAST, TASK);
    share(threads, (0..height).step_by(task), |start| {
        let mut own = vec![vec![[V::ZERO; 5]; width]; at.len()];
        let (mut x, mut weights) = (Vec::new(), vec![Vec::new(); at.len()]);
        let mut parts = vec![[V::ZERO; BLOCK + 1]; 1 << members[0].group.log_pack]; // one more: in different sets of the cache
        for first in (start..height.min(start + task)).step_by(LEAST) {
            x.clear();
            x.extend((first..height.min(first + LEAST)).step_by(LANES).map(|row| load_padded(&points, row)));
            for (inverse, weights) in inverses.iter().zip(&mut weights) {
                inverse.inverses(&x, weights);
                weights.iter_mut().zip(&x).for_each(|(weight, &x)| *weight = ext_scale(weight, x));
            }
            // four rows at a time, coordinate by coordinate
            let fours = |weights: &Vec<Ext<V>>| weights.as_chunks().0.iter().map(across).collect::<Vec<[[V; 4]; 5]>>();
            let arranged: Vec<_> = weights.iter().map(|weights| (weights, fours(weights))).collect();
            let mut add = |index: usize, words: &[F]| {
                for (sums, (weights, fours)) in own.iter_mut().zip(&arranged) {
                    let sum = &mut sums[index];
                    for (group, weights) in fours.iter().enumerate() {
                        let words: [V; 4] = std::array::from_fn(|r| load(&words[(4 * group + r) * LANES..]));
                        for k in 0..5 {
                            sum[k] += V::dot_product(&weights[k], &words);
                        }
                    }
                    for (r, weight) in weights.iter().enumerate().skip(4 * fours.len()) {
                        *sum = ext_add(sum, &ext_scale(weight, load_padded(words, r * LANES)));
                    }
                }
            };
            if all.stands_alone() {
                (0..width).for_each(|index| add(index, &all.column(index)[first..height]));
                continue;
            }
            for Parts { column, slots, first: index } in all.parts() {
                let count = slots.len();
                unpacking.block(all.group.hashed.column(column), first, x.len(), slots, |k, t, values| parts[k][t] = values);
                for (k, part) in parts[..count].iter().enumerate() {
                    add(index + k * unit, V::unpack_slice(part));
                }
            }
        }
        let mut sums = sums.lock().expect("nothing panics while the sums are locked");
        for (sum, own) in sums.iter_mut().flatten().zip(own.into_iter().flatten()) {
            *sum = ext_add(sum, &own.map(|word| word.as_slice().iter().copied().sum()));
        }
    });
    let sums = sums.into_inner().expect("no worker has panicked");
    let found = sums.iter().zip(&factors).zip(at).map(|((sums, factor), point)| {
        if *factor != [F::ZERO; 5] {
            return sums.iter().map(|sum| ext_mul(sum, factor)).collect();
        }
        let row = points.iter().position(|x| *x == point[0]).expect("a point that is on the coset");
        all.half(threads, 0).columns().map(|column| [column[row], F::ZERO, F::ZERO, F::ZERO, F::ZERO]).collect()
    });
    found.collect()
}

fn across<const N: usize>(rows: &[Ext<V>; N]) -> [[V; N]; 5] {
    std::array::from_fn(|k| std::array::from_fn(|r| rows[r][k]))
}
