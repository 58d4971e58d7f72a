"""Keys that were computed once and ship with the package, so that a verifier records no circuits. A test computes them again."""
from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path

import numpy as np

from continuation.kinds import LAYERS
from continuation.layout import Layout
from continuation.shape import RecursionShape
from continuation.verify import Trusted
from stark.profiles import Parameters

FOLDER = Path(__file__).parent / "keys"
VERSION = 3


def published(name: str, folder: Path = FOLDER, layers: Sequence[str] = LAYERS) -> Trusted | None:
    """What ships for this profile; None if nothing does, or if it was made for other chips than these. `layers`: those whose chips are
    compared; a verifier uses only the last."""
    path = folder / f"{name}.json"
    if not path.is_file():
        return None
    content = json.loads(path.read_text())
    if content["version"] != VERSION:
        return None
    shapes = {}
    for layer, found in content["layers"].items():
        layout = Layout(found["log_arity"], tuple(found["domains"]), tuple(found["skips"]), tuple(found["grindings"]))
        heights = tuple((chip, height) for chip, height in found["log_heights"])
        shapes[layer] = RecursionShape(layout, heights, Parameters(*found["parameters"]))
        if layer in layers and shapes[layer].key().digest.tolist() != found["digest"]:
            return None
    caps = {kind: np.array(cap, np.uint32) for kind, cap in content["caps"].items()}
    digests = {kind: tuple(digest) for kind, digest in content["digests"].items()}
    return Trusted(tuple(content["segments"]), shapes, digests, caps, tuple(content["wide"]),
                   tuple(content["root"]))


def publish(name: str, trusted: Trusted, folder: Path = FOLDER) -> Path:
    """Writes the file that `published` reads."""
    layers = {layer: {"digest": trusted.layers[layer].digest.tolist(), "parameters": astuple(shape.parameters),
                      "log_arity": shape.layout.log_arity, "domains": shape.layout.domains, "skips": shape.layout.skips,
                      "grindings": shape.layout.grindings, "log_heights": shape.log_heights} for layer, shape in trusted.shapes.items()}
    content = {"version": VERSION, "segments": trusted.segments, "wide": trusted.wide, "layers": layers, "digests": trusted.digests,
               "root": trusted.list.root, "caps": {kind: cap.tolist() for kind, cap in trusted.caps.items()}}
    if set(trusted.digests) != set(trusted.kinds):
        raise ValueError("every kind has a digest")
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(content) + "\n")
    return path
