//! The kernels of longrun, for Python.
mod border;
mod butterfly;
mod extend;
mod field;
mod flat;
mod fri;
mod hash;
mod logup;
mod memory;
mod open;
mod quotient;
mod threads;
mod trace;
mod transform;
mod tree;

#[pyo3::pymodule]
mod longrun_native {
    #[pymodule_export]
    use crate::border::{
        Commitment, combine, commit, commit_rows, deep, fold, grind, interpolate, logup, permute, quotient, trace_permutations,
    };
}
