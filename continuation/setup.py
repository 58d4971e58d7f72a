"""The keys of the continuation for a segment key: circuits recorded, lowered into one shape and committed; all follows from the text."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from continuation import circuits
from continuation.allowed import ROLES, keys_root
from continuation.layout import CLAIM
from continuation.lowering import Circuit, Lowered
from continuation.published import FOLDER, shipped
from continuation.recorder import Program, Recorder
from continuation.shape import RecursionShape, fitting
from continuation.verify import Trusted
from stark.kernels.protocol import Kernels
from stark.key import Key
from stark.machine import Machine, Value
from stark.profiles import Parameters
from stark.setup import ProvingKey, commit_fixed

U32 = npt.NDArray[np.uint32]
Text = Callable[[Machine, Key, Value], None]
TEXTS: dict[str, Text] = {"leaf": circuits.leaf, "join": circuits.join, "root": circuits.root, "batch": circuits.batch}
MOST_ROUNDS = 12


def record(text: Text, key: Key) -> Program:
    recorder = Recorder()
    text(recorder, key, recorder.statement(CLAIM))
    return recorder.program


def lower_all(segment: Key, parameters: Parameters) -> tuple[RecursionShape, dict[str, Lowered]]:
    """The smallest shape in which the circuits that verify proofs of this very shape have room."""
    leaf = Lowered(record(circuits.leaf, segment))
    shape = fitting(leaf.layout, [leaf.counts], parameters)
    for _ in range(MOST_ROUNDS):
        key = shape.key(parameters)
        lowered = {role: leaf if role == "leaf" else Lowered(record(TEXTS[role], key)) for role in ROLES}
        layout = leaf.layout
        for one in lowered.values():
            layout = layout.joined(one.layout)
        larger = fitting(layout, [one.counts for one in lowered.values()], parameters)
        if larger == shape:
            return shape, lowered
        shape = larger
    raise ValueError("the shape of the recursion does not settle")


T = TypeVar("T")


class ByRole(Mapping[str, T]):
    """Something for every role, made when it is asked for."""

    def __init__(self, make: Callable[[str], T], made: Mapping[str, T] | None = None) -> None:
        self._make, self._made = make, dict(made or {})

    def __getitem__(self, role: str) -> T:
        if role not in ROLES:
            raise KeyError(role)
        if role not in self._made:
            self._made[role] = self._make(role)
        return self._made[role]

    def __iter__(self) -> Iterator[str]:
        return iter(ROLES)

    def __len__(self) -> int:
        return len(ROLES)


class Setup:
    """Everything that proving needs; the circuit and the key of a role are made at their first use."""

    def __init__(self, segment: Key, shape: RecursionShape, parameters: Parameters, kernels: Kernels,
                 lowered: Mapping[str, Lowered] | None = None, known: Trusted | None = None) -> None:
        """`segment` is a shape, its cap is part of every leaf's tape; `known`: what an earlier setup found."""
        self.segment, self.shape = segment, shape
        self.key = shape.key(parameters)
        self.lowered = ByRole(lambda role: Lowered(record(TEXTS[role], segment if role == "leaf" else self.key)), lowered)
        self.circuits = ByRole(lambda role: Circuit(self.lowered[role], shape))
        self.proving = ByRole(lambda role: self._committed(role, kernels, known))
        self.caps: Mapping[str, U32] = known.caps if known else {role: cap_of(proving.key) for role, proving in self.proving.items()}
        self.keys = keys_root(self.caps)

    def _committed(self, role: str, kernels: Kernels, known: Trusted | None) -> ProvingKey:
        proving = commit_fixed(self.key, self.circuits[role].fixed, kernels)
        if known is not None and (cap_of(proving.key) != known.caps[role]).any():
            raise ValueError(f"the key of the {role} that ships with the package was made for another circuit")
        return proving

    @property
    def trusted(self) -> Trusted:
        """What a verifier needs of all this."""
        return Trusted(self.key, self.caps, self.keys)


def cap_of(key: Key) -> U32:
    if key.cap is None:
        raise ValueError("a key of the continuation has a cap")
    return key.cap


def build(segment: Key, parameters: Parameters, kernels: Kernels) -> Setup:
    """All keys, from the text."""
    shape, lowered = lower_all(segment, parameters)
    return Setup(segment, shape, parameters, kernels, lowered)


def load(segment: Key, parameters: Parameters, kernels: Kernels, folder: Path = FOLDER) -> Setup:
    """The keys that ship with the package, where they do; a role that is not used costs nothing then."""
    found = shipped(segment, parameters, folder)
    return Setup(segment, found[0], parameters, kernels, known=found[1]) if found else build(segment, parameters, kernels)
