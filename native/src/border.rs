//! What Python calls. Shapes are checked here, and once more in `stark/kernels`: no input makes this crate panic.
use numpy::{PyArray1, PyUntypedArrayMethods};
use p3_field::PrimeField32;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arguments::*;
use crate::commitment::Commitment;
use crate::field::{Ext, F, TWO_ADICITY, canonical, from_canonical};
use crate::flat::{Flat, Limits, Program, logup_columns};
use crate::tree::{Matrix, PlainRows, Source, Tree};

/// Bus number, multiplicity operand, part operands.
type Message = (u32, u32, Vec<u32>);
/// Code, slots, constants, requirements, messages.
type Code<'py> = (Rows<'py>, usize, Words<'py>, Words<'py>, Vec<Message>);
type Place<'py> = Option<(PyRef<'py, Commitment>, usize)>;
/// Code, log height, fixed, main, logup, public, gamma, beta, total, weights.
type Job<'py> = (Code<'py>, usize, Place<'py>, Place<'py>, Place<'py>, Words<'py>, Words<'py>, Words<'py>, Words<'py>, Rows<'py>);

#[pyfunction]
pub fn permute<'py>(py: Python<'py>, threads: usize, states: Rows<'py>) -> PyResult<Out2<'py>> {
    require(states.shape()[1] == crate::hash::WIDTH, "a state has 16 words")?;
    let (words, rows) = (states.as_slice()?, states.shape()[0]);
    let words = py.detach(|| {
        let mut states = from_canonical(threads, words);
        crate::hash::permute_all(threads, states.as_chunks_mut().0);
        canonical(threads, states)
    });
    to_array(py, words, rows, crate::hash::WIDTH)
}

#[pyfunction]
pub fn trace_permutations<'py>(py: Python<'py>, threads: usize, inputs: Rows<'py>) -> PyResult<Out2<'py>> {
    require(inputs.shape()[1] == crate::hash::WIDTH, "a state has 16 words")?;
    let (words, rows) = (inputs.as_slice()?, inputs.shape()[0]);
    let words = py.detach(|| canonical(threads, crate::trace::permutations(threads, words.as_chunks().0)));
    to_array(py, words, crate::trace::COLUMNS, rows)
}

#[pyfunction]
pub fn commit(py: Python, threads: usize, matrices: Vec<Rows>, log_rows: usize, log_blowup: usize, log_cap: usize) -> PyResult<Commitment> {
    require(!matrices.is_empty(), "nothing to commit to")?;
    let mut sources: Vec<Source> = Vec::new();
    for matrix in &matrices {
        let [width, height] = [matrix.shape()[0], matrix.shape()[1]];
        let log_height = log2(height)?;
        require(width > 0, "a matrix has at least one column")?;
        let shorter = sources.last().is_some_and(|source| log_height < source.log_height);
        require(!shorter && log_height <= log_rows, "matrices go from short to tall, no taller than 2^log_rows")?;
        require(log_height + log_blowup >= log_cap, "a matrix is shorter than the cap")?;
        require(log_rows.max(log_height + log_blowup) <= TWO_ADICITY, "the field has no domain so large")?;
        sources.push(Source { words: matrix.as_slice()?, width, log_height });
    }
    let tree = py.detach(|| Tree::over_matrices(threads, &sources, log_blowup, log_cap));
    Ok(Commitment { tree, threads })
}

#[pyfunction]
pub fn commit_rows(py: Python, threads: usize, rows: Rows, log_cap: usize) -> PyResult<Commitment> {
    let [height, width] = [rows.shape()[0], rows.shape()[1]];
    let log_height = log2(height)?;
    require(width > 0 && log_height >= log_cap, "rows are at least one word wide and no fewer than the cap")?;
    let words = rows.as_slice()?;
    let tree = py.detach(|| {
        let words = from_canonical(threads, words);
        Tree::over_rows(threads, PlainRows { words, width }, log_height, log_cap)
    });
    Ok(Commitment { tree, threads })
}

fn program(code: &Code, fixed: usize, main: usize, public: &Words, with_constraints: bool) -> PyResult<Program> {
    let (code, slots, constants, requirements, messages) = code;
    require(code.shape()[1] == 4, "an instruction has four words")?;
    let flat = Flat {
        code: code.as_slice()?.as_chunks().0,
        slots: *slots,
        constants: constants.as_slice()?,
        requirements: requirements.as_slice()?,
        messages,
    };
    let limits = Limits { fixed, main, public: public.as_slice()? };
    Program::new(&flat, &limits, with_constraints).map_err(PyValueError::new_err)
}

#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub fn logup<'py>(
    py: Python<'py>,
    threads: usize,
    code: Code<'py>,
    fixed: Rows<'py>,
    main: Rows<'py>,
    public: Words<'py>,
    gamma: Words<'py>,
    beta: Words<'py>,
) -> PyResult<(Out2<'py>, Out1<'py>)> {
    let height = main.shape()[1];
    let log_height = log2(height)?;
    require(fixed.shape()[1] == height && log_height <= TWO_ADICITY, "fixed and main columns have the same height")?;
    let program = program(&code, fixed.shape()[0], main.shape()[0], &public, false)?;
    let (gamma, beta) = (extension(&gamma)?, extension(&beta)?);
    let trace = crate::logup::Trace { fixed: fixed.as_slice()?, main: main.as_slice()?, log_height };
    let (words, sum) = py.detach(|| crate::logup::logup(threads, &program, &trace, &gamma, &beta));
    let sum = sum.iter().map(|word| word.as_canonical_u32()).collect();
    Ok((to_array(py, words, 5 * logup_columns(program.messages.len()), height)?, PyArray1::from_vec(py, sum)))
}

/// The matrix of a chip, if it has one.
fn matrix<'a>(place: &'a Place, log_height: usize) -> PyResult<Option<&'a Matrix>> {
    let Some((commitment, position)) = place else { return Ok(None) };
    let matrix = commitment.tree.matrices().and_then(|matrices| matrices.get(*position));
    let fits = |matrix: &&Matrix| {
        matrix.log_height == log_height
            && matrix.log_extended > log_height
            && matrix.shift == crate::tree::coset_shift(log_height)
    };
    require(matrix.as_ref().is_some_and(fits), "there is no such matrix, or it has another height, shift or blow-up")?;
    Ok(matrix)
}

#[pyfunction]
pub fn quotient<'py>(py: Python<'py>, threads: usize, jobs: Vec<Job<'py>>, log_rows: usize, log_blowup: usize) -> PyResult<Out2<'py>> {
    require(log_blowup >= 1 && log_rows < TWO_ADICITY, "the quotient needs a blow-up of at least two")?;
    let mut checked = Vec::new();
    for (code, log_height, fixed, main, logup, public, gamma, beta, total, weights) in &jobs {
        require(*log_height <= log_rows, "a chip is taller than the tallest height")?;
        let [fixed, main, logup] = [fixed, main, logup].map(|place| matrix(place, *log_height));
        let (fixed, main, logup) = (fixed?, main?, logup?);
        let Some(main) = main else { return Err(PyValueError::new_err("a chip has main columns")) };
        let width = |matrix: Option<&Matrix>| matrix.map_or(0, |matrix| matrix.width);
        let program = program(code, width(fixed), main.width, public, true)?;
        let messages = program.messages.len();
        require(width(logup) == 5 * logup_columns(messages), "the LogUp columns do not fit the messages")?;
        let weights = extensions(weights)?;
        require(weights.len() == program.requirements + crate::terms::logup_constraints(messages), "one weight for each constraint")?;
        let (gamma, beta, total) = (extension(gamma)?, extension(beta)?, extension(total)?);
        checked.push(crate::quotient::Job { program, log_height: *log_height, fixed, main, logup, gamma, beta, total, weights });
    }
    let words = py.detach(|| crate::quotient::quotient(threads, &checked, log_rows));
    to_array(py, words, 10, 1 << log_rows)
}

#[pyfunction]
pub fn combine<'py>(
    py: Python<'py>,
    threads: usize,
    commitments: Vec<PyRef<'py, Commitment>>,
    weights: Vec<Rows<'py>>,
    log_domain: usize,
) -> PyResult<Out2<'py>> {
    require(commitments.len() == weights.len() && log_domain <= TWO_ADICITY, "one array of weights for each commitment")?;
    let weights = weights.iter().map(extensions).collect::<PyResult<Vec<_>>>()?;
    let mut parts: Vec<(&Matrix, &[Ext<F>])> = Vec::new();
    for (commitment, weights) in commitments.iter().zip(&weights) {
        let matrices = commitment.tree.matrices().unwrap_or_default();
        let columns: usize = matrices.iter().map(|matrix| matrix.width).sum();
        require(columns > 0 && columns == weights.len(), "one weight for each column")?;
        let mut weights = &weights[..];
        for matrix in matrices {
            require(matrix.log_extended <= log_domain, "a column is taller than the domain")?;
            let (own, rest) = weights.split_at(matrix.width);
            parts.push((matrix, own));
            weights = rest;
        }
    }
    let values = py.detach(|| crate::combine::combine(threads, &parts, log_domain));
    from_extensions(py, threads, values)
}

#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub fn deep<'py>(
    py: Python<'py>,
    threads: usize,
    combined: Rows<'py>,
    claimed: Rows<'py>,
    points: Rows<'py>,
    second: Words<'py>,
    shift: u32,
) -> PyResult<Out2<'py>> {
    let (mut values, second) = (extensions(&combined)?, extension(&second)?);
    require(log2(values.len())? <= TWO_ADICITY, "the field has no domain so large")?;
    let (claimed, points) = (pair(&claimed)?, pair(&points)?);
    py.detach(|| crate::fri::deep(threads, &mut values, &claimed, &points, &second, F::new(shift)));
    from_extensions(py, threads, values)
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
    let (values, challenge) = (extensions(&values)?, extension(&challenge)?);
    let log_size = log2(values.len())?;
    require(log_arity <= log_size && log_size <= TWO_ADICITY, "more folding than values")?;
    let values = py.detach(|| crate::fri::fold(threads, &values, log_arity, &challenge, F::new(shift)));
    from_extensions(py, threads, values)
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
    let state: [F; crate::hash::WIDTH] = state.try_into().map_err(|_| PyValueError::new_err("a state has 16 words"))?;
    py.detach(|| crate::hash::grind(threads, &state, bits)).ok_or_else(|| PyValueError::new_err("no nonce does it"))
}
