"""Carrying out one task of a bundle: what a worker can do, given the bundle and the results that the task works on.

A segment proof is verified by its leaf, which begins by running the verifier on it; leaves, joins and roots are verified by the prover
that made them. So nothing is built upon that was not verified.
"""
from __future__ import annotations

import contextlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from bundles.artefacts import Artefacts
from bundles.bundle import Bundle, at_work
from bundles.changes import to_words
from bundles.files import DIFFERENCES_LIMIT, RunFile
from bundles.keys import LeafKeys, RunKeys, trusted_keys
from bundles.memory import Memory
from bundles.opened import NOTHING, opened
from bundles.sent import SentProof
from bundles.stored import going_on, require_place
from bundles.tasks import Task
from continuation.claims import Ends
from continuation.prove import Prover
from continuation.published import publish, published
from continuation.setup import Setup
from continuation.shelf import STANDARD
from continuation.verify import Trusted
from segments.fill import fill_cheapest
from segments.memory_tree import wide
from segments.openings import openings
from segments.prove import ProvingKeys
from stark.errors import Malformed
from stark.kernels.protocol import Kernels
from stark.profiles import Profile
from stark.watch import Watch
from wasm_exec.execute import replay
from wasm_exec.program import Program
from wasm_exec.recorder import Recorder


class Work:
    """What is needed again and again is made at its first use and kept: keys, circuits, the memory at the last boundary."""

    def __init__(self, bundle: Bundle, program: Program, keys: RunKeys, artefacts: Artefacts, keys_folder: Path, kernels: Kernels) -> None:
        self.bundle, self.program, self.keys, self.artefacts = bundle, program, keys, artefacts
        self.keys_folder, self.kernels, self.watch = keys_folder, kernels, Watch()

    @cached_property
    def proving(self) -> ProvingKeys:
        return ProvingKeys(self.program, self.keys.profile.segment, self.kernels)

    @cached_property
    def prover(self) -> Prover:
        setup = Setup(self.trusted, LeafKeys(self.keys.profile, self.kernels), self.kernels, STANDARD)
        return Prover(setup, self.kernels, self.watch)

    @cached_property
    def trusted(self) -> Trusted:
        return trusted_of(self.keys.profile, self.kernels, self.keys_folder)

    @cached_property
    def memory(self) -> Memory:
        return Memory(self.bundle, self.program, wide(self.kernels, self.keys.profile.hash))

    @cached_property
    def recorder(self) -> Recorder:
        return Recorder(self.program)

    def use(self, kernels: Kernels) -> None:
        """Other kernels from now on, say of more threads; they change no result."""
        self.kernels = kernels
        if "prover" in vars(self):
            self.prover.kernels = kernels
        self.proving.kernels = kernels

    def do(self, task: Task, inputs: Sequence[bytes]) -> bytes:
        """The digest of the task's result, which is in the store then. `inputs` are the digests of the results of `task.inputs`."""
        self.see(task)
        if task.kind == "segment":
            return self.segment(task)
        if task.kind == "leaf":
            with self.watch.stage("keys"):
                prover = self.prover
            return self.artefacts.put(task, prover.leaf(self.artefacts.segment(task.inputs[0], inputs[0])))
        with self.watch.stage("keys"):
            prover = self.prover
        spans = [self.artefacts.span(needed, digest) for needed, digest in zip(task.inputs, inputs, strict=True)]
        if task.kind == "join":
            return self.artefacts.put(task, prover.join(*spans))
        run = SentProof.of(prover.run(spans[0], self.ends(task.last)), prover.trusted, self.kernels.permute)
        return self.artefacts.store.put(self.run_file(run).encode())

    def run_file(self, run: SentProof) -> RunFile:
        """With the state difference, and with what opens it if there is room."""
        with self.watch.stage("memory"):
            changes = self.bundle.difference()
            permute = wide(self.kernels, self.keys.profile.hash)
            found = opened(self.bundle.state_before(), self.bundle.state_after(), permute) if changes else NOTHING
        fits = len(to_words(changes)) + len(found.words) <= DIFFERENCES_LIMIT
        return RunFile(self.keys.profile, run, changes, found if fits else NOTHING)

    def see(self, task: Task) -> None:
        """Opens the bundle again if it has become longer since, as that of a session does."""
        if task.last > self.bundle.manifest.segments or (task.kind == "root" and self.bundle.manifest.outcome.running):
            self.bundle = at_work(self.bundle.directory)
            if "memory" in vars(self):
                self.memory.follow(self.bundle)

    def segment(self, task: Task) -> bytes:
        index = task.first
        with self.watch.stage("memory"):
            self.memory.go(index)
        start, end = self.bundle.entry(index), self.bundle.entry(index + 1)
        require_place(self.program, start.pc, start.fp, f"segment {index}")
        with self.watch.stage("replay and fill"), self.memory.moving(), going_on(f"segment {index}"):
            image, tree = self.memory.image, self.memory.tree
            trace = replay(self.program, self.bundle.boundary(index), image, self.bundle.manifest.budgets[index], self.recorder)
            if len(trace) != end.steps - start.steps:
                raise Malformed(f"segment {index} has {end.steps - start.steps} steps, its replay {len(trace)}: the bundle was damaged")
            segment = fill_cheapest(self.program, self.keys.shape, trace, image, tree, self.kernels)
        if (segment.after.pc, segment.after.status) != (end.pc, end.status):
            raise Malformed(f"segment {index} does not end where the manifest says: the bundle was damaged")
        with self.watch.stage("prove segments"):
            proof = self.proving.prove(segment)
        return self.artefacts.put_segment(task, proof)

    def ends(self, last: int) -> Ends:
        with self.watch.stage("memory"):
            self.memory.go(last)
            end = openings(self.memory.image, self.memory.tree)
        return Ends(self.memory.first, end.spaces, end.system_page, end.path)


def trusted_of(profile: Profile, kernels: Kernels, folder: Path) -> Trusted:
    """The keys of the continuation: those that ship, or those that the job keeps in its folder, or computed by whoever begins the job, so
    that no worker has to: that takes a while."""
    found = published(profile.name)
    if found is None:
        with contextlib.suppress(Malformed):
            found = published(profile.name, folder)
    if found is None:
        found = trusted_keys(profile, kernels)
        publish(profile.name, found, folder)
    return found
