//! Our kernels, compiled from the sources of native/, beside Plonky3's: the same sizes, the same compiler flags, one process.
//! For every line on standard input, the name of a task, each side does it once; the answer is "name seconds" for each.
//!
//! The allocator is ours for both, so that neither side waits for fresh pages.
include!(concat!(env!("OUT_DIR"), "/native.rs"));

use p3_commit::Mmcs;
use p3_dft::{Radix2DFTSmallBatch, Radix2DitParallel, TwoAdicSubgroupDft};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::{KoalaBear, default_koalabear_poseidon2_16};
use p3_matrix::Matrix;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use p3_monty_31::dft::RecursiveDft;
use p3_symmetric::Permutation;
use poseidon2::Hash;
use yardstick::setup::{Vector, trees};
use yardstick::{arguments, seconds, serve};

#[global_allocator]
static ALLOCATOR: memory::Allocator = memory::Allocator;

const LOG_BLOWUP: usize = 1;
const LOG_CAP: usize = 4;
const APART: usize = 32;
const LOG_STATES: usize = 14;
const CHUNK: usize = 64;
const ROUNDS: usize = 32;

struct Task {
    threads: usize,
    log_rows: usize,
    width: usize,
    /// Column after column.
    words: Vec<u32>,
}

impl Task {
    fn new(threads: usize, log_rows: usize, width: usize) -> Self {
        let word = |index: usize| (index as u32).wrapping_mul(0x9e37_79b9) % KoalaBear::ORDER_U32;
        Self { threads, log_rows, width, words: (0..width << log_rows).map(word).collect() }
    }

    fn rows(&self) -> RowMajorMatrix<KoalaBear> {
        let columns = RowMajorMatrix::new(self.words.iter().map(|&word| KoalaBear::new(word)).collect(), 1 << self.log_rows);
        columns.transpose()
    }

    fn domain(&self) -> packing::Domain {
        packing::Domain { log_rows: self.log_rows, log_blowup: LOG_BLOWUP, unit: 1 }
    }

    /// What `commit` does before it hashes, as in native/src/packing.rs; columns do not start at multiples of a power of two.
    fn extend_ours(&self) -> Vec<KoalaBear> {
        let extension = self.domain().extension();
        let (height, size) = (1 << self.log_rows, 1 << (self.log_rows + LOG_BLOWUP));
        let mut data = memory::unwritten(self.width * (size + APART));
        let columns = field::as_raw(&self.words).chunks(height).zip(data.chunks_mut(size + APART));
        threads::share(self.threads, columns, |(column, extended)| {
            let mut scratch = memory::unwritten(height);
            extension.extend(column, &mut extended[..size], &mut scratch);
        });
        data
    }

    fn extend_theirs(&self, dft: &impl TwoAdicSubgroupDft<KoalaBear>, rows: RowMajorMatrix<KoalaBear>) -> RowMajorMatrix<KoalaBear> {
        dft.coset_lde_batch(rows, LOG_BLOWUP, packing::coset_shift(self.log_rows)).bit_reverse_rows().to_row_major_matrix()
    }

    fn transform(&self) -> Vec<(&'static str, f64)> {
        let (dit, small) = (Radix2DitParallel::default(), Radix2DFTSmallBatch::default());
        let recursive = RecursiveDft::new(1 << (self.log_rows + LOG_BLOWUP));
        let rows = self.rows();
        let warm = || RowMajorMatrix::new(vec![KoalaBear::ZERO; 8 << self.log_rows], 8);          // so that no side makes its table of roots
        self.extend_theirs(&dit, warm());
        self.extend_theirs(&small, warm());
        let (ours, extended) = seconds(self.threads, || self.extend_ours());
        let copies = (rows.clone(), rows.clone(), rows);
        let (dit, first) = seconds(self.threads, || self.extend_theirs(&dit, copies.0));
        self.compare(&extended, &first);
        let (small, _) = seconds(self.threads, || self.extend_theirs(&small, copies.1));
        let (recursive, _) = seconds(self.threads, || self.extend_theirs(&recursive, copies.2));
        vec![("ours", ours), ("Radix2DitParallel", dit), ("Radix2DFTSmallBatch", small), ("RecursiveDft", recursive)]
    }

    /// Both must have extended the same columns, if in different order.
    fn compare(&self, ours: &[KoalaBear], theirs: &RowMajorMatrix<KoalaBear>) {
        let size = 1 << (self.log_rows + LOG_BLOWUP);
        for column in [0, self.width - 1] {
            let mut both = [ours[column * (size + APART)..][..size].to_vec(), (0..size).map(|row| theirs.get(row, column).expect("a cell")).collect()];
            both.iter_mut().for_each(|values| values.sort_unstable());
            assert!(both[0] == both[1], "the two extensions differ");
        }
    }

    /// Hashing of extended rows and the tree above; ours is a commitment less the extension in it.
    fn merkle(&self) -> Vec<(&'static str, f64)> {
        let source = packing::Source { width: self.width, log_height: self.log_rows, log_pack: 0 };
        let (extension, extended) = seconds(self.threads, || self.extend_ours());
        drop(extended);
        let domain = self.domain();
        let shape = tree::Shape { hash_width: 16, log_cap: LOG_CAP };
        let (commitment, tree) = seconds(self.threads, || {
            let mut group = packing::Group::new(&[source], domain);
            group.put(self.threads, &domain.extension(), 0, &self.words);
            tree::Tree::over_groups(self.threads, vec![group], shape)
        });
        drop(tree);
        let rows = self.extend_theirs(&Radix2DitParallel::default(), self.rows());
        let trees = trees(LOG_CAP);
        let (theirs, _) = seconds(self.threads, || trees.commit(vec![rows]));
        vec![("ours", commitment - extension), ("MerkleTreeMmcs", theirs)]
    }

    /// States side by side in vectors before and after: what Plonky3's permutation takes and gives, and what our sponge takes and gives.
    fn permutation(&self) -> Vec<(&'static str, f64)> {
        let mut states = vec![[[Vector::ONE; 16]; CHUNK]; (1 << LOG_STATES) / CHUNK / field::LANES];
        let mut vectors = states.clone();
        let (hash, permutation) = (poseidon2::Hash16::new(), default_koalabear_poseidon2_16());
        let permute = |chunk: &mut [[Vector; 16]; CHUNK]| {
            for words in chunk {
                let mut state = poseidon2::Hash16::state(words);
                hash.permute(&mut state);
                *words = std::array::from_fn(|index| poseidon2::Hash16::word(&state, index));
            }
        };
        let (ours, ()) = seconds(self.threads, || (0..ROUNDS).for_each(|_| threads::share(self.threads, states.iter_mut(), permute)));
        let (theirs, ()) = seconds(self.threads, || {
            (0..ROUNDS).for_each(|_| vectors.par_iter_mut().for_each(|chunk| chunk.iter_mut().for_each(|state| permutation.permute_mut(state))));
        });
        assert!(states == vectors, "the two permutations differ");
        vec![("ours", ours), ("Poseidon2", theirs)]
    }
}

fn main() {
    let [threads, log_rows, width] = arguments("kernels THREADS LOG_ROWS WIDTH");
    let task = Task::new(threads, log_rows, width);
    serve(|name| {
        let times = match name {
            "transform" => task.transform(),
            "merkle" => task.merkle(),
            "permutation" => task.permutation(),
            _ => Vec::new(),
        };
        times.iter().map(|(side, time)| format!("{side} {time}")).collect::<Vec<_>>().join(" ")
    });
}
