//! The Python object that holds a tree.
use numpy::{AllowTypeChange, PyArray1, PyArrayLike1, PyArrayLike2, PyArrayMethods};
use p3_field::PrimeField32;
use pyo3::prelude::*;

use crate::arguments::{Out1, Out2, Out3, from_extensions, require, to_array};
use crate::field::{Ext, F, TWO_ADICITY, ext_from, ext_power};
use crate::open::evaluate;
use crate::packing::Member;
use crate::tree::Tree;

/// A Merkle tree and the extended columns under it.
#[pyclass(frozen)]
pub struct Commitment {
    pub tree: Tree,
    pub threads: usize,
}

#[pymethods]
impl Commitment {
    #[getter]
    fn cap<'py>(&self, py: Python<'py>) -> PyResult<Out2<'py>> {
        let cap = self.tree.cap();
        let digest = cap.len() >> self.tree.log_cap;
        to_array(py, cap, 1 << self.tree.log_cap, digest)
    }

    #[getter]
    fn log_height(&self) -> usize {
        self.tree.log_height()
    }

    fn open<'py>(&self, py: Python<'py>, indices: PyArrayLike1<'py, i64, AllowTypeChange>) -> PyResult<Out1<'py>> {
        let indices: Vec<usize> = indices.as_array().iter().map(|&index| usize::try_from(index).unwrap_or(usize::MAX)).collect();
        require(indices.iter().all(|&index| index >> self.tree.log_height() == 0), "a leaf that does not exist")?;
        Ok(PyArray1::from_vec(py, py.detach(|| self.tree.open(&indices))))
    }

    fn evaluate<'py>(&self, py: Python<'py>, log_rows: usize, points: PyArrayLike2<'py, u32, AllowTypeChange>) -> PyResult<Out3<'py>> {
        let points = points.as_array();
        require(points.ncols() == 5 && points.iter().all(|&word| word < F::ORDER_U32), "a point is an extension value")?;
        let points: Vec<Ext<F>> = points.rows().into_iter().map(|words| ext_from(&words.to_vec())).collect();
        let members = self.tree.members();
        let fits = !members.is_empty() && members.iter().all(|member| member.log_height <= log_rows);
        require(fits && log_rows <= TWO_ADICITY, "only a commitment to matrices of at most 2^log_rows rows can be evaluated")?;
        let level_values = |level: &[Member]| {
            let power = 1 << (log_rows - level[0].log_height);
            evaluate(self.threads, level, &points.iter().map(|point| ext_power(point, power)).collect::<Vec<_>>())
        };
        let alike = |a: &Member, b: &Member| a.log_height == b.log_height && a.group.log_pack == b.group.log_pack;
        let levels: Vec<_> = py.detach(|| members.chunk_by(alike).map(level_values).collect());
        let at = |index: usize| levels.iter().flat_map(move |level| level[index].iter().copied());
        let values: Vec<Ext<F>> = (0..points.len()).flat_map(at).collect();
        let columns = members.iter().map(|member| member.width).sum::<usize>();
        from_extensions(py, 1, values)?.reshape([points.len(), columns, 5])
    }
}
