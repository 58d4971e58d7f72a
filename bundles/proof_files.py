"""Proof files on a disk: reading one, where one may be written, and writing it."""
from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bundles.terms import Facts
from stark.errors import Malformed

if TYPE_CHECKING:
    from bundles.files import RollupFile, RunFile
    from bundles.formats import ProofFile


def opened(file: Path) -> ProofFile:
    from bundles.formats import FILE_LIMIT, decode_proof
    from bundles.store import read_limited
    if file.is_dir():
        raise IsADirectoryError(errno.EISDIR, "this is a directory, not a proof, which longrun prove makes of a bundle", str(file))
    try:
        return decode_proof(read_limited(file, "proof", FILE_LIMIT))
    except Malformed as error:
        raise Malformed(f"{file}: {error}") from None


def written(proof: RunFile | RollupFile, out_file: Path) -> Facts:
    from bundles.claim_facts import facts_of
    whole(out_file, proof.encode())
    return facts_of(proof, out_file)


def whole(out_file: Path, content: bytes) -> None:
    """Writes a file that others may read as far as this process lets them."""
    from bundles.store import write_whole
    write_whole(out_file, content, 0o644 & ~mask())


def mask() -> int:
    """Which permissions this process gives to nobody."""
    found = os.umask(0o077)
    os.umask(found)
    return found


def writable(out_file: Path) -> None:
    """Says before any work that a proof cannot be written there, and that it would take the place of something that is not one."""
    from bundles.formats import MAGIC
    from bundles.store import check_folder, check_room, replaceable
    if out_file.is_dir():
        raise IsADirectoryError(errno.EISDIR, "this is a directory, a proof is one file", str(out_file))
    check_folder(out_file)
    if out_file.exists():
        replaceable(out_file)
        with out_file.open("rb") as there:
            if there.read(len(MAGIC)) != MAGIC:
                raise FileExistsError(errno.EEXIST, "there is a file that is not a proof", str(out_file))
    check_room(out_file.parent)


def among(out_file: Path, files: Sequence[Path]) -> bool:
    """Whether a file would take the place of one of these, however the two are named."""
    return any(file.resolve() == out_file.resolve() or (file.exists() and out_file.exists() and file.samefile(out_file)) for file in files)
