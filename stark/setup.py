"""From a key's fixed columns to a proving key: their commitments belong to the key, their extension is kept for all proofs."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stark.expression import P
from stark.kernels.protocol import Commitment, Kernels
from stark.key import Key, Tree
from stark.rules import violations
from stark.wrapping import check_wrapping

U32 = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class ProvingKey:
    """A key with its caps, the fixed tables by chip, and what the kernels hold of them."""

    key: Key
    fixed: Mapping[str, U32]
    trees: Mapping[str, Commitment]


def commit_fixed(key: Key, fixed: Mapping[str, U32], kernels: Kernels) -> ProvingKey:
    """`fixed` has a table (columns, rows) for every chip with fixed columns; ValueError for a machine that breaks the rules."""
    check_tables(key, fixed)
    check_rules(key, fixed)
    return unasked(key, fixed, kernels)


def check_rules(key: Key, fixed: Mapping[str, U32]) -> None:
    logs = {chip.name: log for chip, log in zip(key.chips, key.log_heights, strict=True)}
    broken = violations(key.chips, logs, fixed, key.statement)
    if broken:
        raise ValueError(broken[0] if len(broken) == 1 else "\n- ".join(["this machine is not set up:", *broken]))
    for chip in key.chips:
        check_wrapping(chip, fixed.get(chip.name, np.zeros((0, 0), np.uint32)))


def committed(key: Key, fixed: Mapping[str, U32], kernels: Kernels) -> ProvingKey:
    """The same of a machine about which nobody asks what it breaks: of one whose caps are known from when it was looked at."""
    check_tables(key, fixed)
    return unasked(key, fixed, kernels)


def unasked(key: Key, fixed: Mapping[str, U32], kernels: Kernels) -> ProvingKey:
    """The same of tables that were looked at."""
    trees = {}
    for tree in key.fixed_trees:
        tables = [fixed[chip.name] for chip, width in zip(key.chips, tree.widths, strict=True) if width]
        trees[tree.name] = commit_tree(key, tree, tables, kernels)
    return ProvingKey(key.with_caps({name: tree.cap for name, tree in trees.items()}), fixed, trees)


def check_tables(key: Key, fixed: Mapping[str, U32]) -> None:
    """ValueError unless every chip with fixed columns, and no other, has a table of words below p: what the rules look at is committed."""
    logs = zip(key.chips, key.log_heights, strict=True)
    expected = {chip.name: (len(chip.fixed_names), 1 << log) for chip, log in logs if chip.fixed_names}
    if strangers := sorted(fixed.keys() ^ expected.keys()):
        raise ValueError(f"the fixed tables of these chips are missing, or they have no fixed columns: {', '.join(strangers)}")
    for name, shape in expected.items():
        table = fixed[name]
        if type(table) is not np.ndarray or table.dtype != np.uint32 or table.shape != shape:
            kind = getattr(table, "dtype", type(table).__name__)
            raise ValueError(f"the fixed table of chip {name} has shape {np.shape(table)}, not {shape}, or is of {kind}, not of uint32")
        if (table >= P).any():
            raise ValueError(f"the fixed table of chip {name} has a number that is not below p")


def commit_tree(key: Key, tree: Tree, tables: Iterable[U32], kernels: Kernels) -> Commitment:
    """A commitment to the columns that the chips of the key have in a tree: `tables` of those that have some."""
    packs = [group.pack for group in key.groups(tree) for _ in group.chips]
    log_blowup = key.parameters.log_blowup
    return kernels.commit(tables, key.log_tree(tree) - log_blowup, log_blowup, key.log_cap(tree.name), key.hash.width, packs, tree.unit)
