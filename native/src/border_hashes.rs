//! What Python calls of the hash: permutations, sponges, Merkle paths.
use numpy::{AllowTypeChange, PyArray1, PyArrayLike1, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arguments::*;
use crate::field::{TWO_ADICITY, canonical, from_canonical};
use crate::poseidon2::{Hash16, Hash24, Portable16, Portable24, Width16, Width24};
use crate::sponges::by_width;
use crate::states::permute_all;
use crate::trace::permutations;

pub fn known_hash(width: usize) -> PyResult<()> {
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
