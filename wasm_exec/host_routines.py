"""Routines of module `longrun` around a host function: slots are loaded from memory, the function does its step, results are stored.

Everything is loaded before anything is stored, so inputs and outputs may overlap; an address beyond memory traps as any load or store does.
"""

from __future__ import annotations

from collections.abc import Sequence

from wasm_exec.assembler import Assembler
from wasm_exec.hosts import HOSTS
from wasm_exec.module import FunctionType, ValueType
from wasm_exec.spaces import CELL_BYTES, Space

Part = tuple[int, int]      # the parameter with the address of so many cells that lie one behind the other
# name -> parameters, the function, what it takes in the order of its slots, what is stored: parameter, first slot, cells
ROUTINES: dict[str, tuple[int, str, Sequence[Part], tuple[int, int, int]]] = {
    "keccakf": (1, "KECCAK", ((0, 25),), (0, 0, 25)),
    "mulmod256": (4, "MULMOD", ((1, 4), (2, 4), (3, 4)), (0, 0, 4)),
    "poseidon2": (1, "POSEIDON2", ((0, 8),), (0, 0, 8)),
    "sha256_compress": (2, "SHA256", ((1, 8), (0, 4)), (0, 8, 4)),
}


def kind(name: str) -> FunctionType:
    return FunctionType((ValueType.I32,) * ROUTINES[name][0], ())


def routine(name: str) -> Assembler:
    parameters, host, taken, (target, at, count) = ROUTINES[name]
    code, first = Assembler(f"longrun.{name}"), parameters
    slot = first
    for parameter, cells in taken:
        for k in range(cells):
            code.emit("LOAD64", d=slot, a=parameter, b=Space.LINEAR, immediate=CELL_BYTES * k)
            slot += 1
    if slot != first + HOSTS[host].cells:
        raise ValueError(f"{host} takes {HOSTS[host].cells} cells")
    code.emit(host, d=first)
    for k in range(count):
        code.emit("STORE64", d=Space.LINEAR, a=target, b=first + at + k, immediate=CELL_BYTES * k)
    code.emit("RETURN")
    return code
