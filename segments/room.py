"""Memory that was freed goes back to the system."""
from __future__ import annotations

import contextlib
import ctypes


def give_back() -> None:
    """What Python has freed, as far as the C library keeps it for later: half a gigabyte when a long segment was filled, which the
    proof would have on top of its own. A C library without this function keeps what it likes."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
