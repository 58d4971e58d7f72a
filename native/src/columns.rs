//! What Python calls to compute columns by a recipe (src/recipes.rs).
use numpy::{PyReadonlyArray1, PyReadonlyArray2, PyReadwriteArray1, PyReadwriteArray2, PyUntypedArrayMethods};
use pyo3::exceptions::{PyMemoryError, PyValueError};
use pyo3::prelude::*;

use crate::arguments::{Out2, require, to_array};
use crate::memory::zeros;
use crate::recipes::{Out, Recipe, Tables};

/// Code, slots, constants, tables of words and of numbers.
type Given<'py> =
    (PyReadonlyArray2<'py, i64>, usize, PyReadonlyArray1<'py, i64>, Vec<PyReadonlyArray1<'py, u32>>, Vec<PyReadonlyArray1<'py, i64>>);

fn cook(given: &Given, rows: &[i64], out: &mut Out) -> PyResult<()> {
    let (code, slots, constants, words, numbers) = given;
    require(code.shape()[1] == 6, "an instruction has six numbers")?;
    let tables = Tables {
        words: words.iter().map(|words| words.as_slice()).collect::<Result<_, _>>()?,
        numbers: numbers.iter().map(|numbers| numbers.as_slice()).collect::<Result<_, _>>()?,
    };
    let recipe = Recipe::new(code.as_slice()?.as_chunks().0, *slots, constants.as_slice()?, &tables, out);
    let recipe = recipe.ok_or_else(|| PyValueError::new_err("an instruction names what does not exist"))?;
    recipe.run(rows, &tables, out).ok_or_else(|| PyValueError::new_err("a table or a column is too short"))
}

#[pyfunction]
pub fn table(py: Python, columns: usize, rows: usize) -> PyResult<Out2> {
    let words = columns.checked_mul(rows).filter(|&words| words <= 1 << 32);
    let words = words.ok_or_else(|| PyValueError::new_err("a table has 2^32 words at most"))?;
    let zeros = zeros(words).ok_or_else(|| PyMemoryError::new_err(format!("a table of {words} words")))?;
    to_array(py, zeros, columns, rows)
}

#[pyfunction]
pub fn put_columns<'py>(given: Given<'py>, rows: PyReadonlyArray1<'py, i64>, mut table: PyReadwriteArray2<'py, u32>) -> PyResult<()> {
    let mut table = table.as_array_mut();
    let columns = table.rows_mut().into_iter().map(|row| row.into_slice());
    let columns = columns.collect::<Option<Vec<_>>>();
    let columns = columns.ok_or_else(|| PyValueError::new_err("the words of a column follow each other"))?;
    cook(&given, rows.as_slice()?, &mut Out::Columns(columns))
}

#[pyfunction]
pub fn put_accesses<'py>(
    given: Given<'py>,
    rows: PyReadonlyArray1<'py, i64>,
    mut cells: PyReadwriteArray1<'py, i64>,
    mut left: PyReadwriteArray1<'py, u64>,
) -> PyResult<()> {
    cook(&given, rows.as_slice()?, &mut Out::Accesses { cells: cells.as_slice_mut()?, left: left.as_slice_mut()? })
}
