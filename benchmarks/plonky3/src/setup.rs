//! Plonky3 with our field, extension, hash and FRI parameters.
use p3_challenger::DuplexChallenger;
use p3_commit::ExtensionMmcs;
use p3_dft::Radix2DitParallel;
use p3_field::Field;
use p3_field::extension::QuinticTrinomialExtensionField;
use p3_fri::{FriParameters, TwoAdicFriPcs};
use p3_koala_bear::{KoalaBear, Poseidon2KoalaBear, default_koalabear_poseidon2_16};
use p3_merkle_tree::MerkleTreeMmcs;
use p3_symmetric::{PaddingFreeSponge, TruncatedPermutation};
use p3_uni_stark::StarkConfig;

pub type Vector = <KoalaBear as Field>::Packing;
pub type Extension = QuinticTrinomialExtensionField<KoalaBear>;
pub type Permutation = Poseidon2KoalaBear<16>;
pub type Sponge = PaddingFreeSponge<Permutation, 16, 8, 8>;
pub type Compression = TruncatedPermutation<Permutation, 2, 8, 16>;
pub type Trees = MerkleTreeMmcs<Vector, Vector, Sponge, Compression, 2, 8>;
pub type Transform = Radix2DitParallel<KoalaBear>;
pub type Commitments = TwoAdicFriPcs<KoalaBear, Transform, Trees, ExtensionMmcs<KoalaBear, Extension, Trees>>;
pub type Config = StarkConfig<Commitments, Extension, DuplexChallenger<KoalaBear, Permutation, 16, 8>>;

#[derive(Clone, Copy, Debug)]
pub struct Parameters {
    pub log_blowup: usize,
    pub queries: usize,
    pub log_arity: usize,
    pub log_cap: usize,
    pub grinding: usize,
    pub batch_grinding: usize,
    pub log_final: usize,
}

pub fn trees(log_cap: usize) -> Trees {
    let permutation = default_koalabear_poseidon2_16();
    Trees::new(Sponge::new(permutation.clone()), Compression::new(permutation), log_cap)
}

pub fn config(parameters: &Parameters) -> Config {
    let trees = trees(parameters.log_cap);
    let fri = FriParameters {
        log_blowup: parameters.log_blowup,
        log_final_poly_len: parameters.log_final,
        max_log_arity: parameters.log_arity,
        num_queries: parameters.queries,
        batch_proof_of_work_bits: parameters.batch_grinding,
        commit_proof_of_work_bits: 0,
        query_proof_of_work_bits: parameters.grinding,
        mmcs: ExtensionMmcs::new(trees.clone()),
    };
    Config::new(Commitments::new(Transform::default(), trees, fri), DuplexChallenger::new(default_koalabear_poseidon2_16()))
}
