//! What Python calls to know what accesses to cells find (src/accesses.rs).
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::accesses;
use crate::arguments::require;

type Out<'py, T> = Bound<'py, PyArray1<T>>;

fn missing() -> PyErr {
    PyValueError::new_err("an access to a cell of no page that is there")
}

#[pyfunction]
pub fn pages<'py>(py: Python<'py>, addresses: PyReadonlyArray1<'py, i64>) -> PyResult<Out<'py, i64>> {
    let addresses = addresses.as_slice()?;
    let found = py.detach(|| accesses::pages(addresses)).ok_or_else(missing)?;
    Ok(PyArray1::from_vec(py, found))
}

/// What accesses find, the times first; and cells and times at the end.
#[pyfunction]
#[allow(clippy::type_complexity)]
pub fn found<'py>(
    py: Python<'py>,
    addresses: PyReadonlyArray1<'py, i64>,
    left: PyReadonlyArray1<'py, u64>,
    pages: PyReadonlyArray1<'py, i64>,
    cells: PyReadonlyArray1<'py, u64>,
    times: PyReadonlyArray1<'py, u32>,
) -> PyResult<(Out<'py, u32>, Out<'py, u64>, Out<'py, u64>, Out<'py, u32>)> {
    let (addresses, left, pages) = (addresses.as_slice()?, left.as_slice()?, pages.as_slice()?);
    let (mut cells, mut times) = (cells.as_slice()?.to_vec(), times.as_slice()?.to_vec());
    require(left.len() == addresses.len() && u32::try_from(addresses.len()).is_ok(), "a word is left by each access")?;
    let fits = Some(cells.len()) == pages.len().checked_mul(accesses::PAGE) && times.len() == cells.len();
    require(fits, "a page has as many cells as a page has")?;
    let found = py.detach(|| accesses::found(addresses, left, pages, &mut cells, &mut times)).ok_or_else(missing)?;
    let [then, times] = [found.then, times].map(|times| PyArray1::from_vec(py, times));
    let [cell, cells] = [found.cell, cells].map(|cells| PyArray1::from_vec(py, cells));
    Ok((then, cell, cells, times))
}
