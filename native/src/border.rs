//! What Python calls to commit and to test the degree. Shapes are checked here and in the other modules of the border, and once more in
//! `stark/kernels`, which also looks at words: no input makes this crate panic, but of words that are not below p nothing is promised.
use numpy::PyUntypedArrayMethods;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::arguments::*;
use crate::border_hashes::known_hash;
use crate::commitment::Commitment;
use crate::field::{Ext, F, TWO_ADICITY, from_canonical};
use crate::packing::{Domain, Group, Source};
use crate::poseidon2::{Hash16, Hash24};
use crate::states::grind as grind_state;
use crate::tree::{PlainRows, Shape, Tree};

/// Takes the matrices out of the list: what nobody else has is freed as soon as it is put in.
#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub fn commit(
    py: Python,
    threads: usize,
    given: Bound<PyList>,
    packs: Vec<usize>,
    unit: usize,
    log_rows: usize,
    log_blowup: usize,
    log_cap: usize,
    hash_width: usize,
) -> PyResult<Commitment> {
    known_hash(hash_width)?;
    require(!given.is_empty() && packs.len() == given.len(), "nothing to commit to, or not one number of packing for each")?;
    require(
        unit > 0 && log_blowup > 0 && log_rows.checked_add(log_blowup).is_some_and(|log| log <= TWO_ADICITY),
        "the field has no domain so large",
    )?;
    require(log_rows + log_blowup >= log_cap, "the rows are fewer than the cap")?;
    let mut sources: Vec<Source> = Vec::new();
    let matrices = given.iter().map(|matrix| matrix.extract()).collect::<PyResult<Vec<Rows>>>()?;
    for (matrix, &log_pack) in matrices.iter().zip(&packs) {
        let [width, height] = [matrix.shape()[0], matrix.shape()[1]];
        let log_height = log2(height)?;
        require(width > 0 && width % unit == 0, "a matrix has at least one column, and whole units of them")?;
        let order = sources.last().is_some_and(|last| log_height < last.log_height || log_pack > last.log_pack);
        require(
            !order && log_height <= log_rows,
            "matrices go from short to tall, no taller than 2^log_rows, and are packed less and less",
        )?;
        require(log_pack <= log_rows - log_height, "more columns share one than there is room for")?;
        matrix.as_slice()?;
        sources.push(Source { width, log_height, log_pack });
    }
    given.call_method0("clear")?;
    let (domain, mut matrices) = (Domain { log_rows, log_blowup, unit }, matrices.into_iter());
    let (whole, mut groups) = (domain.extension(), Vec::new());
    for own in sources.chunk_by(|a, b| a.log_pack == b.log_pack) {
        let mut group = Group::new(own, domain);
        for (index, matrix) in matrices.by_ref().take(own.len()).enumerate() {
            let words = matrix.as_slice()?;
            py.detach(|| group.put(threads, &whole, index, words));
        }
        py.detach(|| group.finish(threads, &whole));
        groups.push(group);
    }
    let tree = py.detach(|| Tree::over_groups(threads, groups, Shape { hash_width, log_cap }));
    Ok(Commitment { tree, threads })
}

#[pyfunction]
pub fn commit_rows(py: Python, threads: usize, rows: Rows, log_cap: usize, hash_width: usize) -> PyResult<Commitment> {
    known_hash(hash_width)?;
    let [height, width] = [rows.shape()[0], rows.shape()[1]];
    let log_height = log2(height)?;
    require(width > 0 && log_height >= log_cap, "rows are at least one word wide and no fewer than the cap")?;
    let words = rows.as_slice()?;
    let tree = py.detach(|| {
        let words = from_canonical(threads, words);
        Tree::over_rows(threads, PlainRows { words, width }, log_height, Shape { hash_width, log_cap })
    });
    Ok(Commitment { tree, threads })
}

#[pyfunction]
pub fn combine<'py>(
    py: Python<'py>,
    threads: usize,
    commitments: Vec<PyRef<'py, Commitment>>,
    weights: Vec<Rows<'py>>,
    log_pack: usize,
    log_domain: usize,
) -> PyResult<Out2<'py>> {
    require(commitments.len() == weights.len() && log_domain <= TWO_ADICITY, "one array of weights for each commitment")?;
    // words of sums come out: those are linear
    let weights = weights.iter().map(|rows| Ok(raw_extensions(rows)?.to_vec())).collect::<PyResult<Vec<_>>>()?;
    let mut parts: Vec<(&Group, &[Ext<F>])> = Vec::new();
    for (commitment, weights) in commitments.iter().zip(&weights) {
        let group = commitment.tree.group(log_pack).filter(|group| group.hashed.width == weights.len());
        let group = group.ok_or_else(|| PyValueError::new_err("one weight for each column that is packed so"))?;
        require(group.log_extended <= log_domain, "a column is taller than the domain")?;
        parts.push((group, weights));
    }
    let values = py.detach(|| crate::combine::combine(threads, &parts, log_domain));
    from_raw_extensions(py, values)
}

#[pyfunction]
pub fn deep<'py>(
    py: Python<'py>,
    threads: usize,
    combined: Vec<Rows<'py>>,
    claimed: Vec<Rows<'py>>,
    points: Rows<'py>,
    second: Words<'py>,
    shift: u32,
) -> PyResult<Out2<'py>> {
    require(!combined.is_empty() && combined.len() == claimed.len(), "one pair of polynomials for each sum")?;
    let (points, second) = (pair(&points)?, extension(&second)?);
    let mut parts = Vec::new();
    for (combined, claimed) in combined.iter().zip(&claimed) {
        let both = raw_extensions(claimed)?;
        require(log2(combined.shape()[0])? <= TWO_ADICITY, "the field has no domain so large")?;
        require(log2(both.len())? >= 1, "there are two points")?;
        let (here, there) = both.split_at(both.len() / 2);
        parts.push(crate::fri::Part { values: raw_extensions(combined)?, claimed: [here.to_vec(), there.to_vec()] });
    }
    require(parts.iter().all(|part| part.values.len() == parts[0].values.len()), "sums on one domain")?;
    let values = py.detach(|| crate::fri::deep(threads, parts, &points, &second, F::new(shift)));
    from_raw_extensions(py, values)
}

#[pyfunction]
pub fn fold<'py>(
    py: Python<'py>,
    threads: usize,
    values: Rows<'py>,
    log_arity: usize,
    challenge: Words<'py>,
    shift: u32,
) -> PyResult<Out2<'py>> {
    let (values, challenge) = (raw_extensions(&values)?, extension(&challenge)?);
    let log_size = log2(values.len())?;
    require(log_arity <= log_size && log_size <= TWO_ADICITY, "more folding than values")?;
    let values = py.detach(|| crate::fri::fold(threads, values, log_arity, &challenge, F::new(shift)));
    from_raw_extensions(py, values)
}

#[pyfunction]
pub fn interpolate<'py>(py: Python<'py>, threads: usize, values: Rows<'py>, shift: u32) -> PyResult<Out2<'py>> {
    let values = extensions(&values)?;
    require(log2(values.len())? <= TWO_ADICITY, "the field has no domain so large")?;
    let values = py.detach(|| crate::fri::interpolate(&values, F::new(shift)));
    from_extensions(py, threads, values)
}

#[pyfunction]
pub fn grind(py: Python, threads: usize, state: Words, bits: u32) -> PyResult<u32> {
    require(bits <= 30, "between 0 and 30 bits can be ground")?;
    let state: Vec<F> = state.as_slice()?.iter().map(|&word| F::new(word)).collect();
    known_hash(state.len())?;
    let nonce = py.detach(|| match state.as_array() {
        Some(state) => grind_state::<Hash24, 24>(threads, state, bits),
        None => grind_state::<Hash16, 16>(threads, state.as_array().expect("16 words if not 24"), bits),
    });
    nonce.ok_or_else(|| PyValueError::new_err("no nonce does it"))
}
