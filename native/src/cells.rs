//! What Python calls to deal the steps of a trace (src/deal.rs), and to know what their accesses to cells find (src/accesses.rs).
use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::accesses;
use crate::arguments::{Out2, require, to_array};

type Out<'py, T> = Bound<'py, PyArray1<T>>;

fn missing() -> PyErr {
    PyValueError::new_err("an access to a cell of no page that is there")
}

/// Rows by chip; sums of counts, (counts, steps); how often each instruction is fetched.
#[pyfunction]
#[allow(clippy::type_complexity)]
pub fn deal<'py>(
    py: Python<'py>,
    fetched: PyReadonlyArray1<'py, u32>,
    chip: PyReadonlyArray1<'py, u8>,
    counts: PyReadonlyArray2<'py, u32>,
    chips: usize,
) -> PyResult<(Vec<Out<'py, i64>>, Out2<'py>, Out<'py, i64>)> {
    let (fetched, chip) = (fetched.as_slice()?, chip.as_slice()?);
    let [kinds, instructions] = [counts.shape()[0], counts.shape()[1]];
    require(instructions == chip.len() && chips <= 1 << 8, "counts for each instruction, and no more chips than there are numbers")?;
    let words = counts.as_slice()?;
    let counts: Vec<_> = (0..kinds).map(|kind| &words[kind * instructions..][..instructions]).collect();
    let dealt = py.detach(|| crate::deal::deal(fetched, chip, &counts, chips));
    let dealt = dealt.ok_or_else(|| PyValueError::new_err("a step of no instruction, or of one without a chip"))?;
    let rows = dealt.rows.into_iter().map(|rows| PyArray1::from_vec(py, rows)).collect();
    Ok((rows, to_array(py, dealt.before, kinds, fetched.len())?, PyArray1::from_vec(py, dealt.fetched)))
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
