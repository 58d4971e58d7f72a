"""From a bundle to a run proof, and from run proofs to a rollup proof."""
from __future__ import annotations

from collections.abc import Callable, Sequence

from bundles.bundle import Bundle
from bundles.checking import once
from bundles.errors import Unsupported
from bundles.files import RollupFile, RunFile
from bundles.keys import LeafKeys, RunKeys, trusted_keys
from bundles.rollup import folded
from continuation.claims import Ends
from continuation.proofs import ContinuationProof
from continuation.prove import Prover, RunTree
from continuation.setup import Setup
from segments.fill import fill_cheapest
from segments.memory_tree import MemoryTree, wide
from segments.openings import openings, roots
from segments.prove import ProvingKeys
from segments.shape import Shape
from stark import profiles
from stark.kernels.protocol import Kernels
from stark.profiles import Profile
from stark.watch import Watch
from wasm_exec.execute import replay
from wasm_exec.program import Program
from wasm_exec.recording import Outcome

Progress = Callable[[str, int, int], None]


def prover_of(profile: Profile, kernels: Kernels, watch: Watch | None = None) -> Prover:
    return Prover(Setup(trusted_keys(profile, kernels), LeafKeys(profile, kernels), kernels), kernels, watch)


def prove_bundle(bundle: Bundle, program: Program, keys: RunKeys, kernels: Kernels, on_progress: Progress,
                 watch: Watch | None = None) -> RunFile:
    """One segment after the other, each made a leaf and joined with its neighbours as soon as it is proved."""
    watch = watch or Watch()
    recording = bundle.recording(program)
    provable(recording.outcome)
    total = len(recording.segments)
    on_progress("keys", 0, 1)
    with watch.stage("keys"):
        proving = ProvingKeys(program, keys.profile.segment, kernels)
        tree = RunTree(prover_of(keys.profile, kernels, watch))
    on_progress("keys", 1, 1)
    image = recording.image(0)
    memory = MemoryTree(image, wide(kernels))
    before = roots(memory)
    for index, start in enumerate(recording.segments):
        on_progress("segments", index, total)
        with watch.stage("replay and fill"):
            trace = replay(program, start, image, recording.budget)
            segment = fill_cheapest(program, keys.shape, trace, image, memory, kernels.trace_permutations)
        with watch.stage("prove segments"):
            proof = proving.prove(segment)
        with watch.stage("leaves and joins"):
            tree.push(proof)
        image.apply(recording.boundary(index + 1).snapshot)
    on_progress("segments", total, total)
    on_progress("root", 0, 1)
    with watch.stage("root"):
        end = openings(image, memory)
        ends = Ends(before, end.spaces, end.system_page, end.path)
        root = tree.prover.run(tree.span(), ends)
    on_progress("root", 1, 1)
    return RunFile(keys.profile, root)


def provable(outcome: Outcome) -> None:
    """Refuses before any work a run that has no end."""
    if not (outcome.exited or outcome.trapped or outcome.paused):
        raise Unsupported(f"a run that ends as {outcome} cannot be proved yet")


def prove_batch(runs: Sequence[RunFile], kernels: Kernels, on_progress: Progress) -> RollupFile:
    """The runs in this order, of any programs. All of one profile, because one list of keys stands behind a batch."""
    profile = runs[0].profile
    for number, run in enumerate(runs, 1):
        if run.profile != profile:
            raise Unsupported(f"a batch is of one profile: run 1 is {profile.name}, run {number} is {run.profile.name}")
    claims = [run.claim for run in runs]
    once("a batch has every claim once", claims)
    prover, made = prover_of(profile, kernels), 0
    on_progress("joins", 0, len(runs) - 1)

    def join(left: ContinuationProof, right: ContinuationProof) -> ContinuationProof:
        nonlocal made
        proof = prover.batch(left, right)
        made += 1
        on_progress("joins", made, len(runs) - 1)
        return proof
    return RollupFile(profile, prover.rollup(folded([run.proof for run in runs], join)), tuple(claims))


def keys_of(bundle: Bundle, program: Program) -> RunKeys:
    return RunKeys(profiles.get(bundle.manifest.profile), Shape.of(bundle.manifest.size, len(program.instructions)))

