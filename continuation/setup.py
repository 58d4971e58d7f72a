"""The keys of the continuation for a segment key: circuits recorded, lowered into one shape and committed; all follows from the text."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from continuation import circuits
from continuation.allowed import ROLES, keys_root
from continuation.claims import Digest
from continuation.layout import CLAIM
from continuation.lowering import Circuit, Lowered
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


@dataclass(frozen=True)
class Setup:
    """Everything that proving needs."""

    segment: Key                            # its shape; the cap is part of every leaf's tape
    shape: RecursionShape
    circuits: Mapping[str, Circuit]
    proving: Mapping[str, ProvingKey]
    keys: Digest

    @property
    def caps(self) -> dict[str, U32]:
        return {role: cap_of(proving.key) for role, proving in self.proving.items()}

    @property
    def trusted(self) -> Trusted:
        """What a verifier needs of all this."""
        key = self.proving["root"].key
        return Trusted(Key(list(zip(key.chips, key.log_heights, strict=True)), key.parameters, key.statement), self.caps, self.keys)


def cap_of(key: Key) -> U32:
    if key.cap is None:
        raise ValueError("a key of the continuation has a cap")
    return key.cap


def build(segment: Key, parameters: Parameters, kernels: Kernels) -> Setup:
    shape, lowered = lower_all(segment, parameters)
    key = shape.key(parameters)
    made = {role: Circuit(one, shape) for role, one in lowered.items()}
    proving = {role: commit_fixed(key, circuit.fixed, kernels) for role, circuit in made.items()}
    return Setup(segment, shape, made, proving, keys_root({role: cap_of(one.key) for role, one in proving.items()}))
