"""The proof of one segment as a file of its own: to look into a run that cannot be proved, and for whoever proves segments elsewhere.

It says that these instructions lead from one boundary to the next in so many steps. What the memory holds there, and how the run came to be
there, is what the proof of the whole run says.
"""
from __future__ import annotations

from pathlib import Path

from bundles.artefacts import piece_of
from bundles.checking import short
from bundles.formats import ProofFile
from bundles.keys import shapes_of
from bundles.terms import Facts
from segments.claim import FORMS, Boundary, SegmentProof
from segments.setup import program_words, setup
from segments.shape import log_program_of
from segments.verify import is_of_program
from stark import profiles, soundness
from stark.errors import Malformed, Rejected
from stark.kernels.protocol import Kernels
from stark.verifier import check_proof
from wasm_exec.errors import TrapKind
from wasm_exec.program import Program
from wasm_exec.recording import Status

SAYS = "instructions of the program were carried out; nothing of the data, arguments or input that they began with"


def check_segment(file: ProofFile, place: Path, program: Program, kernels: Kernels) -> Facts:
    """What the file proves; Malformed or Rejected if it proves nothing, or of other instructions."""
    proof, profile = piece_of(file), profiles.get(file.profile)
    if not isinstance(proof, SegmentProof):
        raise Malformed(f"{place}: a {file.kind.name.lower()} proof is for the joins of its bundle and is not verified alone")
    shape = shapes_of(profile)[proof.shape]
    count = len(program.instructions)
    if log_program_of(count) != shape.log_program:
        raise Rejected("the program is the one given", f"{count:,} instructions", f"a table for up to {(1 << shape.log_program) - 1:,}")
    key = setup(program, shape, profile.segment, kernels).key
    if not is_of_program(proof, key):
        raise Rejected("the program is the one given", "the commitment to its instructions", "another one")
    check_proof(key, proof.statement, proof.words, kernels.permute)
    bits = soundness.bits(key.parameters, soundness.shape_of(key))
    facts = {"kind": "segment", "says": SAYS, "profile": profile.name, "provable bits": round(bits, 1), "bytes": place.stat().st_size,
             "instructions of the program": short(program_words(key))}
    return {**facts, **segment_facts(proof)}


def segment_facts(proof: SegmentProof) -> Facts:
    form = FORMS[proof.cap.shape[1]]
    before, after = (Boundary.of(proof.statement[part].tolist()) for part in (form.before, form.after))
    return {"shape": proof.shape, "steps": int(proof.statement[form.steps]), **boundaries(before, after)}


def boundaries(before: Boundary, after: Boundary) -> Facts:
    return {name: f"pc {there.pc}, {status_name(there.status)}, memory {short(there.root)}"
            for name, there in (("from", before), ("to", after))}


def status_name(status: int) -> str:
    """How a run stands at a boundary, in words."""
    if status in {Status.TRAPPED + kind for kind in TrapKind}:
        return f"trapped({TrapKind(status - Status.TRAPPED).name.lower()})"
    if status in {Status.RUNNING, Status.EXITED, Status.PAUSED}:
        return Status(status).name.lower()
    return f"status {status}"                       # no proof has it, but a file may say so
