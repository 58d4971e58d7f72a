"""Keys that were computed once and ship with the package, so that a verifier records no circuits. A test computes them again."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from continuation.allowed import ROLES, keys_root
from continuation.layout import Layout
from continuation.shape import RecursionShape
from continuation.verify import Trusted
from stark.key import Key
from stark.profiles import Parameters

FOLDER = Path(__file__).parent / "keys"
VERSION = 1


def name_of(segment: Key, parameters: Parameters) -> str:
    """The file for segments of this shape under this recursion."""
    p = parameters
    numbers = (p.log_blowup, p.queries, p.log_arity, p.log_cap, p.batch_grinding, p.grinding, p.min_log_final)
    return segment.digest.astype(">u4").tobytes().hex()[:32] + "-" + "-".join(map(str, numbers)) + ".json"


def published(segment: Key, parameters: Parameters, folder: Path = FOLDER) -> Trusted | None:
    """What ships for this segment shape; None if nothing does, or if it was made for other chips than these."""
    found = shipped(segment, parameters, folder)
    return found[1] if found else None


def shipped(segment: Key, parameters: Parameters, folder: Path = FOLDER) -> tuple[RecursionShape, Trusted] | None:
    path = folder / name_of(segment, parameters)
    if not path.is_file():
        return None
    content = json.loads(path.read_text())
    layout = Layout(content["log_arity"], tuple(content["domains"]), tuple((low, high) for low, high in content["ranges"]),
                    tuple(content["grindings"]))
    shape = RecursionShape(layout, tuple((name, height) for name, height in content["log_heights"]))
    key = shape.key(parameters)
    if content["version"] != VERSION or key.digest.tolist() != content["digest"]:
        return None
    caps = {role: np.array(content["caps"][role], np.uint32) for role in ROLES}
    return shape, Trusted(key, caps, keys_root(caps))


def publish(segment: Key, parameters: Parameters, shape: RecursionShape, trusted: Trusted, folder: Path = FOLDER) -> Path:
    """Writes the file that `published` reads."""
    layout = shape.layout
    content = {"version": VERSION, "digest": trusted.key.digest.tolist(), "log_arity": layout.log_arity, "domains": layout.domains,
               "ranges": layout.ranges, "grindings": layout.grindings, "log_heights": shape.log_heights,
               "caps": {role: cap.tolist() for role, cap in trusted.caps.items()}}
    folder.mkdir(exist_ok=True)
    path = folder / name_of(segment, parameters)
    path.write_text(json.dumps(content) + "\n")
    return path
