"""Keys that were computed once and ship with the package, so that a verifier records no circuits. A test computes them again."""
from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from continuation.key_file import VERSION, read
from continuation.kinds import LAYERS
from continuation.verify import Trusted
from stark.profiles import Parameters

FOLDER = Path(__file__).parent / "keys"


def published(name: str, folder: Path = FOLDER, layers: Sequence[str] = LAYERS) -> Trusted | None:
    """What ships for this profile; None if nothing does, or if it was made for other chips than these; Malformed if the file is damaged.
    `layers`: those whose chips are compared; a verifier uses only the last."""
    path = file_of(name, folder)
    return read(path.read_bytes(), layers) if path.is_file() else None


def file_of(name: str, folder: Path = FOLDER) -> Path:
    return folder / f"{name}.json"


def listed(parameters: Parameters) -> tuple[int, ...]:
    """The last one is left out where it is 0: it came later."""
    numbers = astuple(parameters)
    return numbers if numbers[-1] else numbers[:-1]


def contents(trusted: Trusted) -> dict[str, Any]:
    """What the file says, as it is read again."""
    layers = {layer: {"digest": trusted.layers[layer].digest.tolist(), "parameters": listed(shape.parameters),
                      "log_arity": shape.layout.log_arity, "domains": shape.layout.domains, "skips": shape.layout.skips,
                      "grindings": shape.layout.grindings, "log_heights": shape.log_heights} for layer, shape in trusted.shapes.items()}
    if set(trusted.digests) != set(trusted.kinds):
        raise ValueError("every kind has a digest")
    said = {"version": VERSION, "segments": trusted.segments, "wide": trusted.wide, "layers": layers, "digests": trusted.digests,
               "root": trusted.list.root, "caps": {kind: cap.tolist() for kind, cap in trusted.caps.items()}}
    return dict(json.loads(json.dumps(said)))


def publish(name: str, trusted: Trusted, folder: Path = FOLDER) -> Path:
    """Writes the file that `published` reads."""
    path, content = file_of(name, folder), json.dumps(contents(trusted)) + "\n"
    folder.mkdir(exist_ok=True)
    path.write_text(content)
    return path
