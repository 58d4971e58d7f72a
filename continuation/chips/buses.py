"""The two channels of the recursion: wires carry one element, blocks carry eight words."""
from __future__ import annotations

from stark.chip import Bus

WIRE = Bus(101, "wire", ("wire", "w0", "w1", "w2", "w3", "w4"))
BLOCK = Bus(102, "block", ("block", "entry", "w0", "w1", "w2", "w3", "w4", "w5", "w6", "w7"), tables=("cap",))
