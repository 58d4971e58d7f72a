//! The kernels of longrun, for Python.
mod accesses;
mod arguments;
mod asked;
mod border;
mod border_chips;
mod border_hashes;
mod butterfly;
mod cells;
mod columns;
mod combine;
mod commitment;
mod deal;
mod denominators;
mod elements;
mod extend;
mod extension;
mod field;
mod flat;
mod frame;
mod fri;
mod hash;
mod ifma;
mod lanes;
mod logup;
mod memory;
mod open;
mod packing;
mod point;
mod poseidon2;
mod quotient;
mod recipes;
mod rows;
mod sponges;
mod states;
mod store;
mod tables;
mod terms;
mod threads;
mod trace;
mod transform;
mod tree;
mod unpacking;

#[global_allocator]
static ALLOCATOR: memory::Allocator = memory::Allocator;

#[pyo3::pymodule]
mod longrun_native {
    #[pymodule_export]
    use crate::border::{combine, commit, commit_rows, deep, fold, grind, interpolate};
    #[pymodule_export]
    use crate::border_chips::{asked, logup, quotient};
    #[pymodule_export]
    use crate::border_hashes::{absorb, climb, permute, restore, trace_permutations};
    #[pymodule_export]
    use crate::cells::{deal, found, pages};
    #[pymodule_export]
    use crate::columns::{put_accesses, put_columns, table};
    #[pymodule_export]
    use crate::commitment::Commitment;
    #[pymodule_export]
    use crate::elements::{horner, invert, multiply, steps};

    #[pymodule_init]
    fn init(_module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
        crate::memory::survive_forks();
        Ok(())
    }
}
