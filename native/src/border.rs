//! What Python calls. Shapes are checked here, and once more in `stark/kernels`: no input makes this crate panic.
use numpy::{AllowTypeChange, PyArray1, PyArray2, PyArrayLike1, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use p3_field::PrimeField32;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::field::{Ext, F, TWO_ADICITY, canonical, ext_from};
use crate::flat::{Flat, Limits, Program, logup_columns};
use crate::tree::{Matrix, PlainRows, Source, Tree};

type Words<'py> = PyReadonlyArray1<'py, u32>;
type Rows<'py> = PyReadonlyArray2<'py, u32>;
type Out1<'py> = Bound<'py, PyArray1<u32>>;
type Out2<'py> = Bound<'py, PyArray2<u32>>;
/// Bus number, multiplicity operand, part operands.
type Message = (u32, u32, Vec<u32>);
/// Code, slots, constants, requirements, messages.
type Code<'py> = (Rows<'py>, usize, Words<'py>, Words<'py>, Vec<Message>);
type Place<'py> = Option<(PyRef<'py, Commitment>, usize)>;
/// Code, log height, fixed, main, logup, public, gamma, beta, total, weights.
type Job<'py> =
    (Code<'py>, usize, Place<'py>, Place<'py>, Place<'py>, Words<'py>, Words<'py>, Words<'py>, Words<'py>, Rows<'py>);

fn require(good: bool, why: &str) -> PyResult<()> {
    if good { Ok(()) } else { Err(PyValueError::new_err(why.to_owned())) }
}

fn log2(size: usize) -> PyResult<usize> {
    require(size.is_power_of_two(), &format!("{size} is not a power of two"))?;
    Ok(size.ilog2() as usize)
}

fn to_array<'py>(py: Python<'py>, words: Vec<u32>, rows: usize, columns: usize) -> PyResult<Out2<'py>> {
    PyArray1::from_vec(py, words).reshape([rows, columns])
}

fn extension(words: &Words) -> PyResult<Ext<F>> {
    let words = words.as_slice()?;
    require(words.len() == 5, "an extension value has five words")?;
    Ok(ext_from(words))
}

fn extensions(rows: &Rows) -> PyResult<Vec<Ext<F>>> {
    require(rows.shape()[1] == 5, "an extension value has five words")?;
    Ok(rows.as_slice()?.chunks(5).map(ext_from).collect())
}

fn from_extensions<'py>(py: Python<'py>, threads: usize, values: Vec<Ext<F>>) -> PyResult<Out2<'py>> {
    let rows = values.len();
    let words = py.detach(|| canonical(threads, values.into_flattened()));
    to_array(py, words, rows, 5)
}

/// A Merkle tree and the extended matrices under it.
#[pyclass(frozen)]
pub struct Commitment {
    tree: Tree,
    threads: usize,
}

#[pymethods]
impl Commitment {
    #[getter]
    fn cap<'py>(&self, py: Python<'py>) -> PyResult<Out2<'py>> {
        let cap = self.tree.cap().as_flattened();
        to_array(py, cap.iter().map(|word| word.as_canonical_u32()).collect(), cap.len() / 8, 8)
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

    fn evaluate<'py>(&self, py: Python<'py>, log_rows: usize, point: PyArrayLike1<'py, u32, AllowTypeChange>) -> PyResult<Out2<'py>> {
        let point: Vec<u32> = point.as_array().to_vec();
        require(point.len() == 5 && point.iter().all(|&word| word < F::ORDER_U32), "a point is an extension value")?;
        let point = ext_from(&point);
        let matrices = self.tree.matrices().unwrap_or_default();
        let fits = !matrices.is_empty() && matrices.iter().all(|matrix| matrix.log_height <= log_rows);
        require(fits && log_rows <= TWO_ADICITY, "only a commitment to matrices of at most 2^log_rows rows can be evaluated")?;
        let evaluate = |matrix: &Matrix| {
            let inner = crate::field::ext_power(&point, 1 << (log_rows - matrix.log_height));
            crate::open::evaluate(self.threads, matrix, &inner)
        };
        let values = py.detach(|| matrices.iter().flat_map(evaluate).collect());
        from_extensions(py, 1, values)
    }
}

#[pyfunction]
pub fn permute<'py>(py: Python<'py>, threads: usize, states: Rows<'py>) -> PyResult<Out2<'py>> {
    require(states.shape()[1] == crate::hash::WIDTH, "a state has 16 words")?;
    let (words, rows) = (states.as_slice()?, states.shape()[0]);
    let words = py.detach(|| {
        let mut states: Vec<F> = words.iter().map(|&word| F::new(word)).collect();
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
    let tree = py.detach(|| Tree::over_matrices(threads, &sources, log_rows, log_blowup, log_cap));
    Ok(Commitment { tree, threads })
}

#[pyfunction]
pub fn commit_rows(py: Python, threads: usize, rows: Rows, log_cap: usize) -> PyResult<Commitment> {
    let [height, width] = [rows.shape()[0], rows.shape()[1]];
    let log_height = log2(height)?;
    require(width > 0 && log_height >= log_cap, "rows are at least one word wide and no fewer than the cap")?;
    let words = rows.as_slice()?;
    let tree = py.detach(|| {
        let words = words.iter().map(|&word| F::new(word)).collect();
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
fn matrix<'a>(place: &'a Place, log_height: usize, log_rows: usize) -> PyResult<Option<&'a Matrix>> {
    let Some((commitment, position)) = place else { return Ok(None) };
    let matrix = commitment.tree.matrices().and_then(|matrices| matrices.get(*position));
    let fits = |matrix: &&Matrix| {
        matrix.log_height == log_height
            && matrix.log_extended > log_height
            && matrix.shift == crate::tree::coset_shift(log_rows, log_height)
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
        let [fixed, main, logup] = [fixed, main, logup].map(|place| matrix(place, *log_height, log_rows));
        let (fixed, main, logup) = (fixed?, main?, logup?);
        let Some(main) = main else { return Err(PyValueError::new_err("a chip has main columns")) };
        let width = |matrix: Option<&Matrix>| matrix.map_or(0, |matrix| matrix.width);
        let program = program(code, width(fixed), main.width, public, true)?;
        let messages = program.messages.len();
        require(width(logup) == 5 * logup_columns(messages), "the LogUp columns do not fit the messages")?;
        let weights = extensions(weights)?;
        require(weights.len() == program.requirements + crate::quotient::logup_constraints(messages), "one weight for each constraint")?;
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
    let values = py.detach(|| crate::open::combine(threads, &parts, log_domain));
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
    let [claimed, points] = [&claimed, &points].map(|pair| Ok(<[Ext<F>; 2]>::try_from(extensions(pair)?)));
    let pair = |values: PyResult<Result<[Ext<F>; 2], Vec<Ext<F>>>>| values?.map_err(|_| PyValueError::new_err("there are two points"));
    let (claimed, points) = (pair(claimed)?, pair(points)?);
    py.detach(|| crate::fri::deep(threads, &mut values, &claimed, &points, &second, F::new(shift)));
    from_extensions(py, threads, values)
}

#[pyfunction]
pub fn fold<'py>(py: Python<'py>, threads: usize, values: Rows<'py>, log_arity: usize, challenge: Words<'py>, shift: u32) -> PyResult<Out2<'py>> {
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
