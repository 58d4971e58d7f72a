//! What crosses the border to Python: arrays in, arrays out, refusals as ValueError.
use numpy::{PyArray1, PyArray2, PyArray3, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::field::{Ext, F, as_raw, canonical, ext_from, from_canonical, raw_words};

pub type Words<'py> = PyReadonlyArray1<'py, u32>;
pub type Rows<'py> = PyReadonlyArray2<'py, u32>;
pub type Out1<'py> = Bound<'py, PyArray1<u32>>;
pub type Out2<'py> = Bound<'py, PyArray2<u32>>;
pub type Out3<'py> = Bound<'py, PyArray3<u32>>;

pub fn require(good: bool, why: &str) -> PyResult<()> {
    if good { Ok(()) } else { Err(PyValueError::new_err(why.to_owned())) }
}

pub fn log2(size: usize) -> PyResult<usize> {
    require(size.is_power_of_two(), &format!("{size} is not a power of two"))?;
    Ok(size.ilog2() as usize)
}

pub fn to_array<'py>(py: Python<'py>, words: Vec<u32>, rows: usize, columns: usize) -> PyResult<Out2<'py>> {
    PyArray1::from_vec(py, words).reshape([rows, columns])
}

pub fn extension(words: &Words) -> PyResult<Ext<F>> {
    let words = words.as_slice()?;
    require(words.len() == 5, "an extension value has five words")?;
    Ok(ext_from(words))
}

pub fn extensions(rows: &Rows) -> PyResult<Vec<Ext<F>>> {
    require(rows.shape()[1] == 5, "an extension value has five words")?;
    Ok(from_canonical(1, rows.as_slice()?).as_chunks().0.to_vec())
}

pub fn from_extensions<'py>(py: Python<'py>, threads: usize, values: Vec<Ext<F>>) -> PyResult<Out2<'py>> {
    let rows = values.len();
    let words = py.detach(|| canonical(threads, values.into_flattened()));
    to_array(py, words, rows, 5)
}

/// Extension values as raw words (see `as_raw`), which `stark/kernels/checks.py` has looked at.
pub fn raw_extensions<'a>(rows: &'a Rows) -> PyResult<&'a [Ext<F>]> {
    require(rows.shape()[1] == 5, "an extension value has five words")?;
    Ok(as_raw(rows.as_slice()?).as_chunks().0)
}

/// The other way round.
pub fn from_raw_extensions<'py>(py: Python<'py>, values: Vec<Ext<F>>) -> PyResult<Out2<'py>> {
    let rows = values.len();
    to_array(py, raw_words(values.into_flattened()), rows, 5)
}

pub fn pair(rows: &Rows) -> PyResult<[Ext<F>; 2]> {
    extensions(rows)?.try_into().map_err(|_| PyValueError::new_err("there are two points"))
}
