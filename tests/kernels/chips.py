"""Random chips in three-address code and their inputs, for both kernel sets."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stark.kernels.protocol import U32, Commitment, Kernels
from tests.kernels.values import residues

SLOT, CONSTANT, FIXED, FIXED_NEXT, MAIN, MAIN_NEXT, PUBLIC, SELECTOR = range(8)


def operand(kind: int, index: int = 0) -> int:
    return index << 3 | kind


@dataclass
class Code:
    code: U32
    slots: int
    constants: U32
    requirements: U32
    messages: list[tuple[int, int, tuple[int, ...]]]


@dataclass
class Job:
    flat: Code
    log_height: int
    fixed: tuple[Commitment, int] | None
    main: tuple[Commitment, int]
    logup: tuple[Commitment, int] | None
    public: U32
    gamma: U32
    beta: U32
    total: U32
    weights: U32


@dataclass
class Chip:
    flat: Code
    log_height: int
    fixed: U32
    main: U32


def random_code(rng: np.random.Generator, fixed: int, main: int, public: int) -> Code:
    slots, constants = int(rng.integers(1, 6)), residues(rng, 3)
    sources = {CONSTANT: 3, FIXED: fixed, FIXED_NEXT: fixed, MAIN: main, MAIN_NEXT: main, PUBLIC: public, SELECTOR: 3}
    leaves = [operand(kind, index) for kind, count in sources.items() for index in range(count)]
    written: list[int] = []
    code = []
    for _ in range(int(rng.integers(0, 12))):
        left, right = (int(rng.choice(leaves + written)) for _ in range(2))
        target = int(rng.integers(slots))
        code.append((int(rng.integers(3)), left, right, target))
        if operand(SLOT, target) not in written:
            written.append(operand(SLOT, target))
    operands = leaves + 3 * written
    requirements = [int(rng.choice(operands)) for _ in range(int(rng.integers(0, 5)))]
    messages = []
    for _ in range(int(rng.integers(0, 6))):
        bus, multiplicity, *parts = (int(operand) for operand in rng.choice(operands, int(rng.integers(2, 6))))
        messages.append((bus % 9, multiplicity, tuple(parts)))
    return Code(np.array(code, np.uint32).reshape(-1, 4), slots, constants, np.array(requirements, np.uint32), messages)


def random_chip(rng: np.random.Generator, log_height: int, public: int) -> Chip:
    fixed, main = int(rng.integers(0, 3)), int(rng.integers(1, 5))
    flat = random_code(rng, fixed, main, public)
    return Chip(flat, log_height, residues(rng, fixed, 1 << log_height), residues(rng, main, 1 << log_height))


@dataclass
class Round:
    """Chips of one key with all their commitments and challenges."""
    jobs: list[Job]
    log_rows: int
    log_blowup: int
    commitments: list[Commitment]
    logup: list[tuple[U32, U32]]
    shared: dict[int, list[tuple[Commitment, int]]]         # by pack the commitments that have such columns, and how many hashed ones


def make_round(kernels: Kernels, rng: np.random.Generator, chips: list[Chip], log_blowup: int, public: U32, log_pack: int = 0) -> Round:
    """Of chips from short to tall; at most 2^log_pack columns share one."""
    log_rows = max(chip.log_height for chip in chips)
    packs = [min(log_pack, log_rows - chip.log_height) for chip in chips]
    gamma, beta = residues(rng, 5), residues(rng, 5)
    logup = [kernels.logup(chip.flat, chip.fixed, chip.main, public, gamma, beta) for chip in chips]
    trees: list[tuple[Commitment | None, dict[int, int]]] = []
    shared: dict[int, list[tuple[Commitment, int]]] = {}
    for matrices, unit in (([chip.fixed for chip in chips], 1), ([chip.main for chip in chips], 1), ([columns for columns, _ in logup], 5)):
        present = [i for i, matrix in enumerate(matrices) if len(matrix)]
        if not present:
            trees.append((None, {}))
            continue
        own = [packs[i] for i in present]
        commitment = kernels.commit([matrices[i] for i in present], log_rows, log_blowup, 0, 16, own, unit)
        for pack in sorted(set(own)):
            units = sum(len(matrices[i]) for i in present if packs[i] == pack) // unit
            shared.setdefault(pack, []).append((commitment, -(-units // (1 << pack)) * unit))
        trees.append((commitment, {i: position for position, i in enumerate(present)}))

    def place(tree: int, i: int) -> tuple[Commitment, int] | None:
        commitment, positions = trees[tree]
        return (commitment, positions[i]) if commitment is not None and i in positions else None

    jobs = []
    for i, (chip, (_, total)) in enumerate(zip(chips, logup, strict=True)):
        messages = len(chip.flat.messages)
        count = len(chip.flat.requirements) + (messages // 2 + 3 if messages else 0)
        main = place(1, i)
        assert main is not None
        jobs.append(Job(chip.flat, chip.log_height, place(0, i), main, place(2, i), public, gamma, beta, total, residues(rng, count, 5)))
    return Round(jobs, log_rows, log_blowup, [commitment for commitment, _ in trees if commitment is not None], logup, shared)
