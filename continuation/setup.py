"""The keys of the continuation: circuits recorded, lowered into the shapes of the layers and committed. All follows from the texts."""
from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from continuation import circuits
from continuation.allowed import digest_of_cap
from continuation.chips import arithmetic, permute
from continuation.digests import Digest
from continuation.kinds import LAYERS, Kind, Sort, kinds
from continuation.layout import FORMS
from continuation.lowering import Circuit, Lowered
from continuation.recorder import Program, Recorder
from continuation.shape import RecursionShape, fitting, larger
from continuation.shelf import Shelf
from continuation.verify import Trusted
from segments.heights import MOST_PERMUTATIONS
from segments.host.tables import CELLS
from stark.kernels.protocol import Kernels
from stark.key import Key
from stark.profiles import Parameters
from stark.setup import ProvingKey, commit_fixed, committed

U32 = npt.NDArray[np.uint32]
Layers = Mapping[str, Parameters]
Segments = Mapping[str, Key]                # by the name of the shape, with the cap of the fixed columns that are not the program
Told = Callable[[str, int, int], None]      # of what, how many are done, of how many
MOST_ROUNDS, FREE_ROUNDS = 16, 6
FIRST_GUESS = 8
MOST_GATES = {16: 1 << 14, 24: (1 << 14) + (1 << 13)}         # rows of a leaf that is not wide, by the width of its hash


def record(kind: Kind, keys: Mapping[str, Key], segment: Key | None = None) -> Program:
    """The program of a kind; `keys` are those of the layers, `segment` is what a leaf verifies."""
    recorder = Recorder()
    (width,) = {key.parameters.hash_width for key in ([segment] if segment else [keys[part.layer] for part in kind.parts])}
    claim = recorder.statement(FORMS[width].claim)
    if not kind.parts:
        if segment is None:
            raise ValueError("a leaf verifies segments of one shape")
        circuits.leaf(recorder, segment, claim)
    else:
        circuits.text_of(kind)(recorder, [circuits.Part(part, keys[part.layer]) for part in kind.parts], claim)
    return recorder.program


@dataclass(frozen=True)
class Made:
    """A circuit and its key."""

    circuit: Circuit
    proving: ProvingKey

    @property
    def cap(self) -> U32:
        cap = self.proving.key.cap
        if cap is None:
            raise ValueError("a key of the continuation has a cap")
        return cap


class Setup:
    """Everything that proving needs; the circuit and the key of a kind are made at their first use and must have the published digest."""

    def __init__(self, trusted: Trusted, segments: Segments, kernels: Kernels, shelf: Shelf | None = None) -> None:
        self.trusted, self.segments, self.kernels, self.shelf = trusted, segments, kernels, shelf or Shelf()
        self._made: dict[str, Made] = {}

    @property
    def keys(self) -> Digest:
        return self.trusted.keys

    def made(self, name: str) -> Made:
        if name not in self._made:
            self._made[name] = self._found(name) or self._recorded(name)
        return self._made[name]

    def _recorded(self, name: str) -> Made:
        kind = self.trusted.kinds[name]
        segment = self.segments[kind.segment] if kind.segment else None
        made = self._committed(name, circuit_of(kind, self.trusted.layers, self.trusted.shapes[kind.sort.layer], segment))
        self.trusted.key(name, made.cap)                        # refuses another one than the published
        self.shelf.put(self.what(name), made.circuit)
        return made

    def _found(self, name: str) -> Made | None:
        """From the shelf; as if nothing were there if it has another key than the published."""
        circuit = self.shelf.circuit(self.what(name), self.trusted.shapes[self.trusted.kinds[name].sort.layer])
        with contextlib.suppress(ValueError):
            if circuit:
                made = self._committed(name, circuit)
                self.trusted.key(name, made.cap)
                return made
        return None

    def _committed(self, name: str, circuit: Circuit) -> Made:
        """The rules were looked at when the digest was computed that is published (`make`)."""
        return Made(circuit, committed(self.trusted.layer(self.trusted.kinds[name].sort.layer), circuit.fixed, self.kernels))

    def what(self, name: str) -> bytes:
        """The key of a kind, its shape, and the shapes of what it verifies."""
        return repr((name, self.trusted.digests[name], self.trusted.keys, sorted(self.trusted.shapes.items()))).encode()

    def cap(self, name: str) -> U32:
        """The cap of a kind: a published one without any work."""
        return self.trusted.caps[name] if name in self.trusted.caps else self.made(name).cap


def make(kind: Kind, keys: Mapping[str, Key], shape: RecursionShape, kernels: Kernels, segment: Key | None) -> Made:
    circuit = circuit_of(kind, keys, shape, segment)
    return Made(circuit, commit_fixed(keys[kind.sort.layer], circuit.fixed, kernels))


def circuit_of(kind: Kind, keys: Mapping[str, Key], shape: RecursionShape, segment: Key | None) -> Circuit:
    return Circuit(Lowered(record(kind, keys, segment)), shape)


def settled(segments: Segments, layers: Layers, most: int | None = None, known: Trusted | None = None,
            told: Told = lambda *_: None) -> tuple[dict[str, RecursionShape], tuple[str, ...]]:
    """The smallest shapes in which the circuits that verify proofs of these very shapes have room, and the segments whose leaves are wide:
    those that take more than `most` permutations (MOST_PERMUTATIONS if left out) or MOST_GATES rows, and those that call host functions.
    Leaves verify no recursion: they come first; other layers depend on each other. `known`: what came out for the first of these segments.
    """
    shapes = {layer: shape for layer, shape in known.shapes.items() if layer in ("leaf", "wide")} if known else {}
    wide = list(known.wide) if known else []
    for number, name in enumerate(segments):
        told("leaves measured", number, len(segments))
        if known is None or name not in known.segments:
            lowered, is_wide = leaf_of(name, segments[name], layers["leaf"], most)
            if is_wide:
                wide.append(name)
            layer = "wide" if is_wide else "leaf"
            widen(shapes, layer, needed(lowered, layers[layer]))
    told("leaves measured", len(segments), len(segments))
    first = dict(shapes)
    some = next(iter(first.values()))
    low = tuple((name, FIRST_GUESS) for name, _ in some.log_heights)
    for layer in LAYERS:                            # from below: proofs of a tall shape need a tall circuit, so a tall shape settles too
        if layer != "wide":
            shapes.setdefault(layer, RecursionShape(some.layout, low, layers[layer]))
    room: dict[tuple[str, tuple[RecursionShape, ...]], RecursionShape] = {}         # that a kind needs whose parts have these shapes
    for number in range(MOST_ROUNDS):
        keys = {layer: shape.key() for layer, shape in shapes.items()}
        # In the last rounds no shape shrinks: two could take turns for ever.
        found = {"leaf": shapes["leaf"], **first} if number < FREE_ROUNDS else dict(shapes)
        for kind in kinds((), wide).values():
            asked = kind.name, tuple(shapes[part.layer] for part in kind.parts)
            if asked not in room:
                room[asked] = needed(Lowered(record(kind, keys)), layers[kind.sort.layer])
            widen(found, kind.sort.layer, room[asked])
        if found == shapes:
            return shapes, tuple(wide)
        shapes = found
    raise ValueError("the shapes of the recursion do not settle")


def leaf_of(name: str, segment: Key, parameters: Parameters, most: int | None) -> tuple[Lowered, bool]:
    """The circuit of a leaf, and whether it is wide."""
    lowered = Lowered(record(kinds([name], ())[f"{Sort.LEAF.label} of {name}"], {}, segment))
    most = MOST_PERMUTATIONS[parameters.hash_width] if most is None else most
    many = lowered.counts[permute.NAME] > most or lowered.counts[arithmetic.NAME] > MOST_GATES[parameters.hash_width]
    return lowered, many or calls_hosts(segment)


def calls_hosts(segment: Key) -> bool:
    """Whether it has the chips of host functions, whose leaves take twice as many gates. Few programs call any: the leaves of all others
    stay as small as they are."""
    return any(chip.name == CELLS for chip in segment.chips)


def needed(lowered: Lowered, parameters: Parameters) -> RecursionShape:
    return fitting(lowered.layout, lowered.counts, {name: rows.first for name, rows in lowered.halves.items()}, parameters)


def widen(shapes: dict[str, RecursionShape], layer: str, shape: RecursionShape) -> None:
    shapes[layer] = larger(shapes[layer], shape) if layer in shapes else shape


def build(segments: Segments, layers: Layers, kernels: Kernels, most: int | None = None, known: Trusted | None = None,
          told: Told = lambda *_: None) -> Trusted:
    """All keys, from the texts. One circuit after the other is made and dropped, so that little memory is needed. `known` has the keys for
    the first of these segments: those whose shapes have not changed by the others are believed."""
    shapes, wide = settled(segments, layers, most, known, told)
    keys = {layer: shape.key() for layer, shape in shapes.items()}
    same = {layer for layer, shape in shapes.items() if known and known.shapes.get(layer) == shape}
    digests: dict[str, Digest] = {}
    caps: dict[str, U32] = {}
    everything = kinds(tuple(segments), wide).values()
    for kind in everything:
        told("circuits", len(digests), len(everything))
        if known and kind.name in known.digests and {kind.sort.layer, *(part.layer for part in kind.parts)} <= same:
            digests[kind.name] = known.digests[kind.name]
            caps |= {kind.name: known.caps[kind.name]} if kind.name in known.caps else {}
            continue
        segment = segments[kind.segment] if kind.segment else None
        cap = make(kind, keys, shapes[kind.sort.layer], kernels, segment).cap
        digests[kind.name] = digest_of_cap(cap)
        if kind.sort.layer == "last":
            caps[kind.name] = cap
    told("circuits", len(digests), len(everything))
    return Trusted(tuple(segments), shapes, digests, caps, wide)
