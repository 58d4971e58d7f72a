//! What a verifier computes with few extension elements, as words of 64 bits: numpy has them so, and a call is worth more than a product.
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use p3_field::PrimeField32;
use pyo3::prelude::*;

use crate::arguments::require;
use crate::field::{Ext, F, ORDER, ext_add, ext_inverse, ext_mul, ext_sub};

type Wide<'py> = PyReadonlyArray2<'py, u64>;
type Out<'py> = Bound<'py, PyArray2<u64>>;

fn elements(words: &[u64]) -> PyResult<Vec<F>> {
    require(words.iter().all(|&word| word < ORDER), "a word is not canonical")?;
    Ok(words.iter().map(|&word| F::new(word as u32)).collect())
}

fn extensions(rows: &Wide) -> PyResult<Vec<Ext<F>>> {
    require(rows.shape()[1] == 5, "an extension value has five words")?;
    Ok(elements(rows.as_slice()?)?.as_chunks().0.to_vec())
}

fn out<'py>(py: Python<'py>, values: impl Iterator<Item = Ext<F>>) -> PyResult<Out<'py>> {
    let words: Vec<u64> = values.flatten().map(|word| word.as_canonical_u32().into()).collect();
    let rows = words.len() / 5;
    PyArray1::from_vec(py, words).reshape([rows, 5])
}

/// Products of elements side by side, or of all with one.
#[pyfunction]
pub fn multiply<'py>(py: Python<'py>, a: Wide<'py>, b: Wide<'py>) -> PyResult<Out<'py>> {
    let (a, b) = (extensions(&a)?, extensions(&b)?);
    match (a.as_slice(), b.as_slice()) {
        (a, [b]) => out(py, a.iter().map(|a| ext_mul(a, b))),
        ([a], b) => out(py, b.iter().map(|b| ext_mul(b, a))),
        (a, b) => {
            require(a.len() == b.len(), "as many factors on both sides")?;
            out(py, a.iter().zip(b).map(|(a, b)| ext_mul(a, b)))
        }
    }
}

/// Zero has the inverse zero.
#[pyfunction]
pub fn invert<'py>(py: Python<'py>, values: Wide<'py>) -> PyResult<Out<'py>> {
    out(py, extensions(&values)?.iter().map(ext_inverse))
}

/// start * point^k + values . (point^(k-1), …, 1) for every row; `unit` says of how many words a value is. One point may be for all rows.
#[pyfunction]
pub fn horner<'py>(py: Python<'py>, start: Wide<'py>, points: Wide<'py>, values: Wide<'py>, unit: usize) -> PyResult<Out<'py>> {
    let (rows, words) = (values.shape()[0], values.shape()[1]);
    require((unit == 1 || unit == 5) && words.is_multiple_of(unit), "a value has one word or five")?;
    let (start, points, values) = (extensions(&start)?, extensions(&points)?, elements(values.as_slice()?)?);
    require(start.len() == rows && (points.len() == rows || points.len() == 1), "a start and a point for each row, or one point for all")?;
    let total = |row: usize| {
        let point = &points[if points.len() == 1 { 0 } else { row }];
        values[row * words..][..words].chunks_exact(unit).fold(start[row], |total, value| {
            let mut next = ext_mul(&total, point);
            next.iter_mut().zip(value).for_each(|(word, &more)| *word += more);
            next
        })
    };
    out(py, (0..rows).map(total))
}

/// Steps on a growing list of values: each is (operation, how often), and appends so many results. Its operands are positions in the list
/// before it: first all left ones, then all right ones, then those of sums. What comes out stands at `outputs`.
#[pyfunction]
pub fn steps<'py>(
    py: Python<'py>,
    values: Wide<'py>,
    code: PyReadonlyArray2<'py, u32>,
    operands: PyReadonlyArray1<'py, u32>,
    outputs: PyReadonlyArray1<'py, u32>,
) -> PyResult<Out<'py>> {
    require(code.shape()[1] == 2, "a step has an operation and a number")?;
    let (mut values, mut operands) = (extensions(&values)?, operands.as_slice()?);
    for &[operation, count] in code.as_slice()?.as_chunks().0 {
        let count = count as usize;
        require(operation < 4, "there is no such operation")?;
        let needed = count.checked_mul(if operation == MUL_ADD { 3 } else { 2 });
        let (own, rest) = needed.and_then(|needed| operands.split_at_checked(needed)).unwrap_or((&[], &[]));
        require(count == 0 || !own.is_empty(), "a step without operands")?;
        require(own.iter().all(|&place| (place as usize) < values.len()), "an operand that does not exist")?;
        operands = rest;
        let (left, others) = own.split_at(count);
        let (right, added) = others.split_at(count);
        for k in 0..count {
            let (a, b) = (&values[left[k] as usize], &values[right[k] as usize]);
            values.push(match operation {
                ADD => ext_add(a, b),
                SUB => ext_sub(a, b),
                MUL => ext_mul(a, b),
                _ => ext_add(&ext_mul(a, b), &values[added[k] as usize]),
            });
        }
    }
    require(operands.is_empty(), "operands without a step")?;
    let outputs = outputs.as_slice()?;
    require(outputs.iter().all(|&place| (place as usize) < values.len()), "a result that does not exist")?;
    out(py, outputs.iter().map(|&place| values[place as usize]))
}

const ADD: u32 = 0;
const SUB: u32 = 1;
const MUL: u32 = 2;
const MUL_ADD: u32 = 3;
