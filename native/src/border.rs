//! What Python calls. Shapes are checked here, and once more in `stark/kernels`: no input makes this crate panic.
use numpy::{AllowTypeChange, PyArray1, PyArrayLike1, PyUntypedArrayMethods};
use p3_field::PrimeField32;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::arguments::*;
use crate::commitment::Commitment;
use crate::field::{Ext, F, ORDER, TWO_ADICITY, canonical, from_canonical};
use crate::flat::{Flat, Limits, Program, logup_columns};
use crate::packing::{Domain, Group, Member, Source};
use crate::poseidon2::{Hash16, Hash24, Portable16, Portable24, Width16, Width24};
use crate::rows::Trace;
use crate::sponges::by_width;
use crate::states::{grind as grind_state, permute_all};
use crate::trace::permutations;
use crate::tree::{PlainRows, Shape, Tree};

/// Bus number, multiplicity operand, part operands.
type Message = (u32, u32, Vec<u32>);
/// Code, slots, constants, requirements, messages.
type Code<'py> = (Rows<'py>, usize, Words<'py>, Words<'py>, Vec<Message>);
type Place<'py> = Option<(PyRef<'py, Commitment>, usize)>;
/// Code, log height, fixed, main, logup, public, gamma, beta, total, weights.
type Job<'py> = (Code<'py>, usize, Place<'py>, Place<'py>, Place<'py>, Words<'py>, Words<'py>, Words<'py>, Words<'py>, Rows<'py>);

fn known_hash(width: usize) -> PyResult<()> {
    require(width == 16 || width == 24, "a hash has the width 16 or 24")
}

/// `portable` takes the way that every machine has, also where there is a faster one: tests compare the two.
#[pyfunction]
pub fn permute<'py>(py: Python<'py>, threads: usize, states: Rows<'py>, portable: bool) -> PyResult<Out2<'py>> {
    let (words, [rows, width]) = (states.as_slice()?, [states.shape()[0], states.shape()[1]]);
    known_hash(width)?;
    let words = py.detach(|| {
        let mut states = from_canonical(threads, words);
        match (width, portable) {
            (24, false) => permute_all::<Hash24, 24>(threads, states.as_chunks_mut().0),
            (24, true) => permute_all::<Portable24, 24>(threads, states.as_chunks_mut().0),
            (_, false) => permute_all::<Hash16, 16>(threads, states.as_chunks_mut().0),
            (_, true) => permute_all::<Portable16, 16>(threads, states.as_chunks_mut().0),
        }
        canonical(threads, states)
    });
    to_array(py, words, rows, width)
}

/// Rate and words of a digest.
fn sizes(width: usize) -> (usize, usize) {
    if width == 24 { (15, 9) } else { (8, 8) }
}

/// The states behind the last block, or behind every block, one after the other.
#[pyfunction]
pub fn absorb<'py>(py: Python<'py>, threads: usize, states: Rows<'py>, words: Rows<'py>, keep: bool) -> PyResult<Out2<'py>> {
    let [rows, width] = [states.shape()[0], states.shape()[1]];
    known_hash(width)?;
    let rate = sizes(width).0;
    require(words.shape()[0] == rows && words.shape()[1].is_multiple_of(rate), "whole blocks of words for each state")?;
    let (states, words, blocks) = (states.as_slice()?, words.as_slice()?, words.shape()[1] / rate);
    let out = py.detach(|| {
        let mut states = from_canonical(1, states);
        let kept = by_width::absorb(threads, width, &mut states, words, keep);
        canonical(threads, if keep { kept } else { states })
    });
    to_array(py, out, if keep { rows * blocks } else { rows }, width)
}

/// A digest has eight words or nine; `siblings` are those of the lowest level, then those of the next, and so on.
#[pyfunction]
pub fn climb<'py>(py: Python<'py>, digests: Rows<'py>, siblings: Rows<'py>, bits: Rows<'py>) -> PyResult<Out2<'py>> {
    let ([rows, digest], levels) = ([digests.shape()[0], digests.shape()[1]], bits.shape()[1]);
    let width = hash_of(digest)?;
    let fits = siblings.shape()[1] == digest && Some(siblings.shape()[0]) == rows.checked_mul(levels);
    require(fits && bits.shape()[0] == rows, "a bit and a sibling for each digest and level")?;
    let (digests, siblings, bits) = (digests.as_slice()?, siblings.as_slice()?, bits.as_slice()?);
    require(bits.iter().all(|&bit| bit <= 1), "a bit is 0 or 1")?;
    to_array(py, by_width::climb(width, digests, siblings, bits), rows, digest)
}

fn hash_of(digest: usize) -> PyResult<usize> {
    require(digest == 8 || digest == 9, "a digest has eight words or nine")?;
    Ok(if digest == 9 { 24 } else { 16 })
}

#[pyfunction]
pub fn restore<'py>(
    py: Python<'py>,
    leaves: PyArrayLike1<'py, i64, AllowTypeChange>,
    levels: usize,
    segments: Vec<usize>,
    digest: usize,
    pruned: Words<'py>,
) -> PyResult<Out1<'py>> {
    let width = hash_of(digest)?;
    let leaves: Vec<usize> = leaves.as_array().iter().map(|&leaf| usize::try_from(leaf).unwrap_or(usize::MAX)).collect();
    require(leaves.iter().all(|&leaf| leaf >> TWO_ADICITY == 0) && levels <= TWO_ADICITY, "a leaf that does not exist")?;
    require(!segments.is_empty() && segments.iter().all(|&words| words <= 1 << TWO_ADICITY), "a row has a segment")?;
    let tape = by_width::restore(width, &leaves, levels, &segments, pruned.as_slice()?);
    tape.map(|tape| PyArray1::from_vec(py, tape)).ok_or_else(|| PyValueError::new_err("the openings have another length"))
}

#[pyfunction]
pub fn trace_permutations<'py>(py: Python<'py>, threads: usize, inputs: Rows<'py>) -> PyResult<Out2<'py>> {
    let (words, [rows, width]) = (inputs.as_slice()?, [inputs.shape()[0], inputs.shape()[1]]);
    known_hash(width)?;
    let (columns, words) = py.detach(|| {
        let (columns, words) = match width {
            24 => permutations::<Width24, 24>(threads, words.as_chunks().0),
            _ => permutations::<Width16, 16>(threads, words.as_chunks().0),
        };
        (columns, canonical(threads, words))
    });
    to_array(py, words, columns, rows)
}

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
