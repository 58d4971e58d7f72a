"""A lowered circuit as bytes and back, which takes a tenth of the time of making it.

The bytes list the objects that a circuit is made of, each behind those that it holds: plain values, arrays (their words stand behind the
list), and objects of the classes below with their attributes. What everybody has anyway is only named: the chips, the shape. The book and
the recorder have done their work when a circuit is made.
"""
from __future__ import annotations

import gc
import math
import struct
from collections.abc import Callable, Iterable
from typing import Any

import msgpack
import numpy as np
import numpy.typing as npt

from continuation.book import Book
from continuation.chips.arithmetic import Gates
from continuation.chips.bits import Drawn, Use
from continuation.chips.cap import Caps
from continuation.chips.constant import Constants
from continuation.chips.fold import Foldings
from continuation.chips.join import Joined
from continuation.chips.public import Published
from continuation.chips.unpack import Unpacked
from continuation.lowering import Circuit, Lowered
from continuation.openings import Opening, Openings
from continuation.permutations import Permutations
from continuation.queries import Queries, Slice
from continuation.recorder import Event, Instruction, Operand, Program, Recorder
from continuation.shape import RecursionShape
from stark.chip import Chip
from stark.errors import Malformed
from stark.machine import Value

CLASSES = {one.__name__: one for one in (
    Caps, Circuit, Constants, Drawn, Event, Foldings, Gates, Instruction, Joined, Lowered, Opening, Openings, Operand, Permutations,
    Program, Published, Queries, Slice, Unpacked, Use, Value)}
PLAIN = (type(None), bool, int, str, bytes)
GROUPS: dict[str, Any] = {"list": list, "tuple": tuple, "set": set}
FORMS = {"bool": "|b1", "words": "<u4", "short": "<i8", "long": "<i8"}
STORED = {"bool": "|b1", "words": "<u4", "short": "<u4", "long": "<i8"}
DAMAGED = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, MemoryError, struct.error,
           msgpack.exceptions.UnpackException)
HEAD, MOST = struct.Struct("<Q"), 1 << 26
Array = npt.NDArray[Any]
Maker = Callable[[list[Any], list[Any]], Any]       # of the object of a node, from those before it


def freeze(circuit: Circuit) -> bytes:
    writer = Writer(circuit.shape)
    writer.put(circuit)
    listed = msgpack.packb([writer.attributes, writer.nodes])
    return b"".join([HEAD.pack(len(listed)), listed, *writer.words])


def thaw(content: bytes, shape: RecursionShape) -> Circuit:
    """Malformed if these are no bytes that `freeze` made of a circuit of this shape by the code that runs now."""
    try:
        (size,) = HEAD.unpack_from(content)
        attributes, nodes = msgpack.unpackb(content[HEAD.size:HEAD.size + size], strict_map_key=False)
        found = Reader(shape, attributes, memoryview(content)[HEAD.size + size:]).built(nodes)
    except DAMAGED as error:
        raise Malformed(f"this is no circuit: {error}") from None
    if not isinstance(found, Circuit):
        raise Malformed("this is no circuit")
    return found


class Writer:
    def __init__(self, shape: RecursionShape) -> None:
        self.shape, self.nodes, self.words = shape, list[Any](), list[bytes]()
        self.attributes: dict[str, list[str]] = {}      # of the objects of every class
        self.numbers: dict[object, int] = {}            # of what is listed: plain values by themselves, others by where they are
        self.kept: list[object] = []                    # so that nothing else comes to be there
        self.at = 0

    def put(self, found: Any) -> int:
        """The number of an object, which is listed at its first mention."""
        key = (type(found), found) if isinstance(found, PLAIN) else id(found)
        if key not in self.numbers:
            self.kept.append(found)
            node = self.node(found)
            self.numbers[key] = len(self.nodes)
            self.nodes.append(node)
        return self.numbers[key]

    def node(self, found: Any) -> Any:
        kind = type(found)
        if isinstance(found, PLAIN):
            return found
        if kind is np.ndarray:
            return self.array(found)
        if isinstance(found, np.integer):
            return ["number", int(found)]
        if kind.__name__ in GROUPS:
            return [kind.__name__, *map(self.put, found)]
        if kind is dict:
            return ["dict", *(self.put(part) for pair in found.items() for part in pair)]
        if kind is slice:
            return ["slice", found.start, found.stop]
        if found is self.shape or isinstance(found, Chip | Book | Recorder):
            return ["given", kind.__name__, found.name if isinstance(found, Chip) else ""]
        if CLASSES.get(kind.__name__) is not kind:
            raise ValueError(f"a circuit has an object of {kind.__name__}, which cannot be kept")
        names = self.attributes.setdefault(kind.__name__, list(kind.__slots__ if hasattr(kind, "__slots__") else vars(found)))
        return [kind.__name__, *(self.put(getattr(found, name)) for name in names)]

    def array(self, found: Array) -> list[Any]:
        """Addresses below 2^32 take four bytes, evenly rising ones a few."""
        flat = found.reshape(-1)
        if found.dtype == np.int64 and len(flat) > 1:
            step = int(flat[1]) - int(flat[0])
            if step > 0 and (np.diff(flat) == step).all():
                return ["even", int(flat[0]), step, *found.shape]
        form = {"bool": "bool", "uint32": "words", "int64": "long"}[found.dtype.name]
        if form == "long" and not (flat < 0).any() and not (flat >> 32).any():
            form = "short"
        self.words.append(flat.astype(STORED[form]).tobytes())
        self.at += len(self.words[-1])
        return [form, self.at - len(self.words[-1]), *found.shape]


class Reader:
    def __init__(self, shape: RecursionShape, attributes: dict[str, list[str]], words: memoryview) -> None:
        self.words = words
        self.given: dict[tuple[str, str], Any] = {("Chip", name): chip for name, chip in shape.chips.items()}
        self.given |= {("RecursionShape", ""): shape, ("Book", ""): None, ("Recorder", ""): Recorder()}
        self.makers: dict[str, Maker] = {"even": even, "dict": pairs, "given": self.named, "number": lambda node, made: np.int64(node[1]),
                                         "slice": lambda node, made: slice(node[1], node[2])}
        self.makers |= {kind: self.array for kind in FORMS} | {kind: group(form) for kind, form in GROUPS.items()}
        self.makers |= {kind: maker(CLASSES[kind], names) for kind, names in attributes.items()}

    def built(self, nodes: Iterable[Any]) -> Any:
        """The last object, of those before it. They are many and none of them is garbage: nobody looks for any meanwhile."""
        makers, made, looking = self.makers, list[Any](), gc.isenabled()
        gc.disable()
        try:
            for node in nodes:
                made.append(makers[node[0]](node, made) if type(node) is list else node)
        finally:
            if looking:
                gc.enable()
        return made[-1]

    def array(self, node: list[Any], made: list[Any]) -> Array:
        kind, at, *shape = node
        found = np.frombuffer(self.words, STORED[kind], size(shape), at).astype(FORMS[kind])
        return found if len(shape) == 1 else found.reshape(shape)

    def named(self, node: list[Any], made: list[Any]) -> Any:
        return self.given[node[1], node[2]]


def even(node: list[Any], made: list[Any]) -> Array:
    _, first, step, *shape = node
    found = np.arange(first, first + step * size(shape), step, dtype=np.int64)
    return found if len(shape) == 1 else found.reshape(shape)


def pairs(node: list[Any], made: list[Any]) -> dict[Any, Any]:
    values = [made[part] for part in node[1:]]
    return dict(zip(values[::2], values[1::2], strict=True))


def group(form: Any) -> Maker:
    return lambda node, made: form([made[part] for part in node[1:]])


def maker(kind: type, names: list[str]) -> Maker:
    """Of objects of a class with these attributes."""
    def slotted(node: list[Any], made: list[Any]) -> Any:
        found: Any = object.__new__(kind)
        for name, part in zip(names, node[1:], strict=True):
            setattr(found, name, made[part])
        return found

    def plain(node: list[Any], made: list[Any]) -> Any:
        found: Any = object.__new__(kind)
        found.__dict__.update(zip(names, [made[part] for part in node[1:]], strict=True))
        return found
    return slotted if hasattr(kind, "__slots__") else plain


def size(shape: list[int]) -> int:
    count = math.prod(shape)
    if not 0 <= count <= MOST:
        raise ValueError(f"no array of a circuit has {count} numbers")
    return count
