//! What Python calls with the code of a chip.
use numpy::{PyArray1, PyUntypedArrayMethods};
use p3_field::PrimeField32;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arguments::*;
use crate::commitment::Commitment;
use crate::field::{ORDER, TWO_ADICITY};
use crate::flat::{Flat, Limits, Program, logup_columns};
use crate::packing::Member;
use crate::rows::Trace;

/// Bus number, multiplicity operand, part operands.
type Message = (u32, u32, Vec<u32>);
/// Code, slots, constants, requirements, messages.
type Code<'py> = (Rows<'py>, usize, Words<'py>, Words<'py>, Vec<Message>);
type Place<'py> = Option<(PyRef<'py, Commitment>, usize)>;
/// Code, log height, fixed, main, logup, public, gamma, beta, total, weights.
type Job<'py> = (Code<'py>, usize, Place<'py>, Place<'py>, Place<'py>, Words<'py>, Words<'py>, Words<'py>, Words<'py>, Rows<'py>);

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

/// Columns of one height, which comes with them.
fn trace_of<'a>(fixed: &'a Rows<'_>, main: &'a Rows<'_>) -> PyResult<(Trace<'a>, usize)> {
    let height = main.shape()[1];
    let log_height = log2(height)?;
    require(fixed.shape()[1] == height && log_height <= TWO_ADICITY, "fixed and main columns have the same height")?;
    Ok((Trace { fixed: fixed.as_slice()?, main: main.as_slice()?, log_height }, height))
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
    let (trace, height) = trace_of(&fixed, &main)?;
    let program = program(&code, fixed.shape()[0], main.shape()[0], &public, false)?;
    let (gamma, beta) = (extension(&gamma)?, extension(&beta)?);
    let (words, sum) = py.detach(|| crate::logup::logup(threads, &program, &trace, &gamma, &beta));
    let sum = sum.iter().map(|word| word.as_canonical_u32()).collect();
    Ok((to_array(py, words, 5 * logup_columns(program.messages.len()), height)?, PyArray1::from_vec(py, sum)))
}

/// For each message the number of its table and the weights of its parts; the counts of all tables, (tables, 2^log_size).
#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub fn asked<'py>(
    py: Python<'py>,
    threads: usize,
    code: Code<'py>,
    fixed: Rows<'py>,
    main: Rows<'py>,
    public: Words<'py>,
    rows: usize,
    asking: Vec<(usize, Vec<u32>)>,
    tables: usize,
    log_size: usize,
) -> PyResult<Out2<'py>> {
    let (trace, height) = trace_of(&fixed, &main)?;
    require(rows <= height && log_size <= TWO_ADICITY && tables <= 1 << 8, "no more rows than there are, and tables of some size")?;
    let program = program(&code, fixed.shape()[0], main.shape()[0], &public, false)?;
    let fits = program.messages.iter().zip(&asking).all(|(message, (table, weights))| {
        let reach = weights.iter().map(|&weight| u128::from(weight) * u128::from(ORDER)).sum::<u128>();
        message.parts.len() == weights.len() && *table < tables && reach < 1 << 63
    });
    require(fits && program.messages.len() == asking.len(), "for each message a table, and a weight for each part")?;
    let asking: Vec<_> = asking.into_iter().map(|(table, weights)| crate::asked::Asking { table, weights }).collect();
    let counts = py.detach(|| crate::asked::asked(threads, &program, &trace, rows, &asking, tables, log_size));
    to_array(py, counts, tables, 1 << log_size)
}

/// The matrix of a chip, if it has one.
fn matrix<'a>(place: &'a Place, log_height: usize) -> PyResult<Option<Member<'a>>> {
    let Some((commitment, position)) = place else { return Ok(None) };
    let member = commitment.tree.members().get(*position).copied();
    require(member.is_some_and(|member| member.log_height == log_height), "there is no such matrix, or it has another height")?;
    Ok(member)
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
        let width = |member: Option<Member>| member.map_or(0, |member| member.width);
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
