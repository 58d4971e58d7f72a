"""What longrun cannot do yet, said before any work is done."""
from __future__ import annotations


class Unsupported(Exception):
    """A run that can be recorded but for which there are no circuits."""
