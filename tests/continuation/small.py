"""A small machine with the statement of a segment: steps of a Fibonacci register, whose boundaries carry real memory roots."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from continuation.claims import EXIT_LIMBS, INPUT, OUTPUT, PAGE_LEVELS, PAGE_LIMBS, SPACES, SYSTEM, Ends
from continuation.digests import Digest, compress, page_digest, sponge, tree_root
from segments.claim import FORMS, Boundary, Form, SegmentProof
from segments.setup import program_level
from stark.chip import Bus, Chip
from stark.kernels.protocol import Kernels
from stark.key import Key
from stark.poseidon2 import of_digest, of_width
from stark.profiles import Parameters
from stark.prover import prove
from stark.setup import ProvingKey, commit_fixed

U32 = npt.NDArray[np.uint32]
RANGE = Bus(1, "range", ("value",), tables=("table",))
TOY = Parameters(log_blowup=1, queries=4, log_arity=3, log_cap=2, batch_grinding=3, grinding=2, min_log_final=3)
LOG_STEPS, LOG_LONG, LOG_TABLE = 7, 9, 5


def steps(form: Form) -> Chip:
    """The pc counts the steps; what the statement says of status, memory and the number of steps is taken as it is."""
    chip = Chip("steps", "the pc rises by one with every row")
    pc, small = chip.column("pc"), chip.column("small")
    chip.require("it starts at the first boundary", pc - chip.public(0), "first")
    chip.require("it ends at the second boundary", pc + 1 - chip.public(form.after.start), "last")
    chip.require("the pc rises", pc.next - pc - chip.fixed("step"), "next")
    chip.send(RANGE, small)
    return chip


def table() -> Chip:
    chip = Chip("table", "the values below the height")
    chip.receive(RANGE, chip.fixed("value"), times=chip.count("times"))
    return chip


def once() -> Chip:
    """A chip of one row: the caps of its trees are smaller than others."""
    chip = Chip("once", "one small value")
    chip.send(RANGE, chip.column("small"))
    return chip


def segment_key(log_steps: int = LOG_STEPS, width: int = 16) -> Key:
    form = FORMS[of_width(width).digest]
    parameters = replace(TOY, hash_width=width)
    return Key([(steps(form), log_steps), (table(), LOG_TABLE), (once(), 0)], parameters, form.words, ["table"])


def segment_setup(kernels: Kernels, first_value: int = 0, log_steps: int = LOG_STEPS, width: int = 16) -> ProvingKey:
    """Another first value of the table is another program."""
    key = segment_key(log_steps, width)
    values = np.arange(first_value, first_value + (1 << LOG_TABLE))
    fixed = {"table": table().fixed_table({"value": values}, LOG_TABLE), "steps": np.ones((1, 1 << log_steps), np.uint32)}
    return commit_fixed(key, fixed, kernels)


def prove_segment(proving: ProvingKey, before: Boundary, after: Boundary, kernels: Kernels, said: int | None = None) -> SegmentProof:
    log_steps = proving.key.log_rows
    rows = 1 << log_steps
    value = int(proving.fixed["table"][0, 3])
    mains: Mapping[str, U32] = {
        "steps": steps(FORMS[proving.key.hash.digest]).table({"pc": before.pc + np.arange(rows), "small": np.full(rows, value)}, log_steps),
        "table": table().table({"times": np.array([0, 0, 0, rows + 1])}, LOG_TABLE),
        "once": once().table({"small": np.array([value])}, 0)}
    statement = np.array([*before.words, *after.words, rows if said is None else said], np.uint32)
    words = prove(proving, mains, statement, kernels)
    return SegmentProof(f"2^{log_steps}", proving.key.caps["program"], statement, words, program_level(proving.key))


def ends(seed: int = 0, exit_code: int = 7, width: int = 16) -> Ends:
    """Two memories that differ in the system space, in the output and in the input."""
    numbers, kind = np.random.default_rng(seed), of_width(width)

    def digest() -> Digest:
        return tuple(int(word) for word in numbers.integers(0, 2**30, kind.digest))
    before = [digest() for _ in range(SPACES)]
    page = [0] * PAGE_LIMBS
    page[EXIT_LIMBS.start] = exit_code
    path = tuple(digest() for _ in range(PAGE_LEVELS))
    root = page_digest(page, kind)
    for sibling in path:
        root = compress(root, sibling)
    after = list(before)
    after[SYSTEM], after[OUTPUT], after[INPUT] = root, digest(), digest()
    return Ends(tuple(before), tuple(after), tuple(page), path)


def boundaries(sizes: Sequence[int], memory: Ends, last_status: int = 1) -> list[Boundary]:
    """Of a run of segments with 2^size steps each."""
    places = np.cumsum([0, *(1 << size for size in sizes)]).tolist()
    kind = of_digest(len(memory.before[0]))
    middle = [Boundary(place, 0, sponge([place], kind)) for place in places[1:-1]]
    return [Boundary(0, 0, tree_root(memory.before)), *middle, Boundary(places[-1], last_status, tree_root(memory.after))]
