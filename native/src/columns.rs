//! Columns between the types of Python and words: rows gathered from tables of words, numbers written as residues.
use numpy::{PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadwriteArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;

use crate::arguments::require;
use crate::field::ORDER;

/// These rows of all columns, (columns, rows).
#[pyfunction]
pub fn gather<'py>(
    py: Python<'py>,
    columns: Vec<PyReadonlyArray1<'py, u32>>,
    rows: PyReadonlyArray1<'py, i64>,
) -> PyResult<Bound<'py, PyArray2<i64>>> {
    let (count, rows) = (columns.len(), rows.as_slice()?);
    let mut out = Vec::with_capacity(count * rows.len());
    for column in &columns {
        let column = column.as_slice()?;
        // a negative number is a large one without a sign
        let there = rows.iter().map(|&row| row as u64).max().is_none_or(|row| row < column.len() as u64);
        require(there, "a row that a column does not have")?;
        out.extend(rows.iter().map(|&row| i64::from(column[row as usize])));
    }
    numpy::PyArray1::from_vec(py, out).reshape([count, rows.len()])
}

/// Numbers of 64 bits, and bits.
#[derive(FromPyObject)]
pub enum Numbers<'py> {
    Signed(PyReadonlyArray1<'py, i64>),
    Unsigned(PyReadonlyArray1<'py, u64>),
    Bits(PyReadonlyArray1<'py, bool>),
}

/// The numbers of each column modulo the prime become the words of one row of the table.
#[pyfunction]
pub fn put<'py>(mut table: PyReadwriteArray2<'py, u32>, columns: Vec<Numbers<'py>>) -> PyResult<()> {
    let [height, width] = [table.shape()[0], table.shape()[1]];
    require(columns.len() == height, "a column for each row of the table")?;
    let mut table = table.as_array_mut();
    for (mut row, column) in table.rows_mut().into_iter().zip(&columns) {
        let Some(out) = row.as_slice_mut() else { return require(false, "the words of a row follow each other") };
        match column {
            Numbers::Signed(values) => {
                let values = values.as_slice()?;
                require(values.len() == width, "a number for each word")?;
                fill(out, values, |value| value as u64, |value| value.rem_euclid(ORDER as i64) as u32);
            }
            Numbers::Unsigned(values) => {
                let values = values.as_slice()?;
                require(values.len() == width, "a number for each word")?;
                fill(out, values, |value| value, |value| (value % ORDER) as u32);
            }
            Numbers::Bits(values) => {
                let values = values.as_slice()?;
                require(values.len() == width, "a number for each word")?;
                out.iter_mut().zip(values).for_each(|(out, &bit)| *out = bit.into());
            }
        }
    }
    Ok(())
}

fn fill<T: Copy>(out: &mut [u32], values: &[T], unsigned: impl Fn(T) -> u64, residue: impl Fn(T) -> u32) {
    let mut above = false;
    for (out, &value) in out.iter_mut().zip(values) {
        let value = unsigned(value);
        above |= value >= ORDER;
        *out = value as u32;
    }
    if above {
        out.iter_mut().zip(values).for_each(|(out, &value)| *out = residue(value));
    }
}
