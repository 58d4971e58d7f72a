//! All columns of matrices of one height at a point.
use std::sync::Mutex;

use p3_field::{PackedValue, PrimeCharacteristicRing};

use crate::field::*;
use crate::point::Point;
use crate::threads::share;
use crate::tree::Matrix;

/// Vectors whose weights stay in the cache while all columns pass.
const BLOCK: usize = 64;
const TASK: usize = 16 * BLOCK * LANES;

/// The values of the columns, side by side, from what they are on the first coset.
pub fn evaluate(threads: usize, matrices: &[Matrix], point: &Ext<F>) -> Vec<Ext<F>> {
    let height = 1usize << matrices[0].log_height;
    let columns: Vec<&[F]> = matrices.iter().flat_map(Matrix::columns).map(|column| &column[..height]).collect();
    let points = domain(matrices[0].log_height, matrices[0].shift);
    // p(z) = ((z/s)^n - 1)/n * sum of p(x) * x/(z - x)
    let mut factor = ext_power(&ext_scale(point, base_inverse(matrices[0].shift)), height as u64);
    factor[0] -= F::ONE;
    if factor == [F::ZERO; 5] {
        let row = points.iter().position(|x| *x == point[0]).expect("a point that is on the coset");
        return columns.iter().map(|column| [column[row], F::ZERO, F::ZERO, F::ZERO, F::ZERO]).collect();
    }
    let factor = ext_scale(&factor, -base_inverse(F::from_usize(height)));
    let inverse = Point::new(point, &ext_one());
    let sums = Mutex::new(vec![[F::ZERO; 5]; columns.len()]);
    share(threads, (0..height).step_by(TASK), |start| {
        let mut own = vec![[V::ZERO; 5]; columns.len()];
        let (mut x, mut weights) = (Vec::new(), Vec::new());
        for first in (start..height.min(start + TASK)).step_by(BLOCK * LANES) {
            x.clear();
            x.extend((first..height.min(first + BLOCK * LANES)).step_by(LANES).map(|row| load_padded(&points, row)));
            inverse.inverses(&x, &mut weights);
            weights.iter_mut().zip(&x).for_each(|(weight, &x)| *weight = ext_scale(weight, x));
            // four rows at a time, coordinate by coordinate
            let fours: Vec<[[V; 4]; 5]> = weights.as_chunks().0.iter().map(|four: &[Ext<V>; 4]| across(four)).collect();
            for (sum, column) in own.iter_mut().zip(&columns) {
                for (group, weights) in fours.iter().enumerate() {
                    let words: [V; 4] = std::array::from_fn(|r| load(&column[first + (4 * group + r) * LANES..]));
                    for k in 0..5 {
                        sum[k] += V::dot_product(&weights[k], &words);
                    }
                }
                for (r, weight) in weights.iter().enumerate().skip(4 * fours.len()) {
                    *sum = ext_add(sum, &ext_scale(weight, load_padded(column, first + r * LANES)));
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
