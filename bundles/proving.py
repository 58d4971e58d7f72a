"""From a bundle to a run proof, and from run proofs to a rollup proof."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bundles.arrival import Arrival
from bundles.artefacts import Damaged
from bundles.bundle import Bundle, provable
from bundles.changes import to_words
from bundles.checking import once, short
from bundles.engine import Engine, Inline
from bundles.errors import Misuse, Unsupported
from bundles.files import DIFFERENCES_LIMIT, RUNS_LIMIT, RollupFile, RunFile
from bundles.job import Job, identity_of, opened, work_of
from bundles.keys import LeafKeys, RunKeys, trusted_keys
from bundles.machine import cores, fitting_workers
from bundles.opened import NOTHING
from bundles.processes import Processes
from bundles.rollup import folded
from bundles.sent import SentProof
from bundles.terms import Means, Progress
from bundles.work import Work
from continuation.batches import chained
from continuation.proofs import ContinuationProof
from continuation.prove import Prover
from continuation.setup import Setup
from continuation.shelf import STANDARD
from segments.shape import Shape
from stark import profiles
from stark.errors import Malformed, Rejected
from stark.kernels.protocol import Kernels
from wasm_exec.program import Program

ENGINES = ("inline", "processes", "dask")


@dataclass(frozen=True)
class Proved:
    """A run proof, how many tasks had been in flight when an earlier attempt was ended, and the seconds of all stages of this one."""

    file: RunFile
    in_flight: int
    seconds: dict[str, float]


def prove_bundle(bundle: Bundle, program: Program, keys: RunKeys, kernels: Kernels, on_progress: Progress, means: Means | None = None,
                 out: str = "") -> Proved:
    """Goes on where an earlier call for this bundle ended. `out` is remembered for the next one."""
    provable(bundle)
    means = means or Means()
    workers = fitting_workers(keys, bundle.manifest.segments, means.workers, means.memory_limit)
    with opened(bundle, keys, kernels, out, workers) as (journal, in_flight):
        while True:
            job = Job(bundle, journal, engine_of(bundle, program, keys, kernels, workers, means), cores(), on_progress)
            earlier = job.goal in job.done
            digest = job.run()
            try:
                file = handed_out(job, work_of(bundle, program, keys, kernels), digest, earlier)
                return Proved(file, in_flight, job.seconds)
            except Damaged as error:
                journal.forget(error.task, str(error))


def check_means(means: Means) -> None:
    """Misuse, before any work, if there is no such engine, or if it would leave something unused that was asked for."""
    if means.engine not in (None, *ENGINES):
        raise Misuse(f"there is no engine {means.engine}, but {', '.join(ENGINES)}")
    if means.scheduler is None:
        if means.certificates is not None:
            raise Misuse("certificates are shown to a scheduler, and none is named (--scheduler tls://HOST:8786)")
        if means.engine == "inline" and means.workers not in (None, 1):
            raise Misuse(f"the engine inline has one worker, not {means.workers}")
        return
    if means.engine not in (None, "dask"):
        raise Misuse(f"a scheduler is for the engine dask, not for {means.engine}")
    if means.workers is not None or means.memory_limit is not None:
        raise Misuse("the workers of a scheduler are started beside it: how many, and with how much memory, is said there")
    from bundles.cluster import Place
    Place(means.scheduler, means.certificates).security()


def engine_of(bundle: Bundle, program: Program, keys: RunKeys, kernels: Kernels, workers: int, means: Means) -> Engine:
    """The engine that was asked for; else this process where one worker is enough, or several."""
    name = means.engine or ("dask" if means.scheduler else "inline" if workers == 1 else "processes")
    if name == "processes":
        return Processes(bundle.directory, workers)
    work = work_of(bundle, program, keys, kernels)
    if name == "inline":
        return Inline(work)
    from bundles.cluster import Cluster, Place
    return Cluster(bundle.directory, Arrival(work), identity_of(bundle, keys, kernels), Place(means.scheduler, means.certificates), workers)


def handed_out(job: Job, work: Work, digest: bytes, earlier: bool) -> RunFile:
    """The run proof, verified once more. Damaged if it is not one of this run though it was there before this sitting: its file was damaged
    or another one put in its place. One that was made here and is refused is a fault of longrun's own."""
    try:
        return Arrival(work).run(digest)
    except Rejected as error:
        if not earlier:
            raise RuntimeError(f"a proof that was made here is refused: {error}") from error
        raise Damaged(job.goal, error) from None
    except Malformed as error:
        raise Damaged(job.goal, error) from None


def prove_batch(runs: Sequence[RunFile], kernels: Kernels, on_progress: Progress) -> RollupFile:
    """The runs in this order, of any programs. All of one profile, because one list of keys stands behind a batch."""
    profile = runs[0].profile
    if len(runs) > RUNS_LIMIT:
        raise Unsupported(f"a batch has at most {RUNS_LIMIT:,} runs, not {len(runs):,}: make several batches")
    for number, run in enumerate(runs, 1):
        if run.profile != profile:
            raise Rejected(f"run {number} has the profile of run 1, as a batch is of one profile", profile.name, run.profile.name)
    claims = [run.claim for run in runs]
    once("a batch has every claim once", claims)
    chained(claims)
    differences = sum(len(to_words(run.changes)) for run in runs)
    if differences > DIFFERENCES_LIMIT:
        raise Unsupported("the state differences of all these runs do not fit into one file: make several batches")
    trusted, made = trusted_keys(profile, kernels), 0
    prover, given = Prover(Setup(trusted, LeafKeys(profile, kernels), kernels, STANDARD), kernels), []
    for number, run in enumerate(runs, 1):
        if run.claim.keys != trusted.keys:
            raise Rejected(f"run {number} is proved with the keys of this setup", short(trusted.keys), short(run.claim.keys))
        given.append(run.proof.opened(trusted, kernels.permute))
    on_progress("joins", 0, len(runs) - 1)
    on_progress("root", 0, 1)

    def join(left: ContinuationProof, right: ContinuationProof) -> ContinuationProof:
        nonlocal made
        proof = prover.batch(left, right)
        made += 1
        on_progress("joins", made, len(runs) - 1)
        return proof
    rolled = SentProof.of(prover.rollup(folded(given, join)), trusted, kernels.permute)
    on_progress("root", 1, 1)
    fits = differences + sum(len(run.opened.words) for run in runs) <= DIFFERENCES_LIMIT
    return RollupFile(profile, rolled, tuple(claims), tuple(run.changes for run in runs),
                      tuple(run.opened if fits else NOTHING for run in runs))


def keys_of(bundle: Bundle, program: Program) -> RunKeys:
    profile = profiles.get(bundle.manifest.profile)
    return RunKeys(profile, Shape.of(bundle.manifest.size, len(program.instructions), profile.hash.width))
