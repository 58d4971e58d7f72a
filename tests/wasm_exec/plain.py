"""Everything that programs can import, with the routines in plain register code in the place of host functions."""
from __future__ import annotations

from dataclasses import replace
from functools import partial

from wasm_exec import host_routines, host_source
from wasm_exec.environment import Routine
from wasm_exec.wasi import STANDARD, routine

PLAIN = replace(STANDARD, functions=STANDARD.functions | {
    ("longrun", name): Routine(host_source.functions()[name].type, partial(routine, name)) for name in host_routines.ROUTINES})
