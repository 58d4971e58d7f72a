"""`longrun certificates`: what the machines of a cluster show each other."""
from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Annotated

import typer

from longrun.options import Json
from longrun.telling import show
from wasm_exec.kept_files import own_folder


def certificates(folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="a folder that does not exist yet")],
                 json: Json = False) -> None:
    """Make a key and a certificate for a cluster. Who has them is a peer. Needs the extra `dask`."""
    from bundles.cluster import CERTIFICATES, needed
    from bundles.store import check_folder
    check_folder(folder)
    needed()
    from distributed.security import Security
    if folder.exists():
        raise FileExistsError(errno.EEXIST, "this is there already", str(folder))
    made = Security.temporary()
    own_folder(folder)
    for option, name in CERTIFICATES.items():
        with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(str(getattr(made, option)))
    show({"folder": str(folder), "files": list(CERTIFICATES.values())}, json)
