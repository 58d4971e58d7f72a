"""Code U for the chip that multiplies modulo a number: its row as that of a chip whose cells it would take from the memory itself, on
numbers of few limbs."""
from __future__ import annotations

import numpy as np

from segments.buses import CELL, HOST, MEMORY, STATE
from segments.host import mulmod
from stark.chip import Chip, Message
from wasm_exec.spaces import Space

REAL = 0        # the column that says whether a row is one


def as_a_step(limbs: int, without: str = "") -> Chip:
    """The call is a state that is received, and every cell one that is received and sent; without the requirement whose sentence begins
    so."""
    chip = mulmod.chip(limbs)
    kept = [one for one in chip.requirements if not without or not one.sentence.startswith(without)]
    step = Chip(**{**vars(chip), "requirements": kept, "messages": []})
    for message in chip.messages:
        say(step, message)
    return step


def say(step: Chip, message: Message) -> None:
    if message.bus == HOST:
        _, time, address = message.parts
        step.receive(STATE, 0, address, time, 0, times=step.graph.input("main", REAL))
    elif message.bus == CELL:
        address, time, *limbs = message.parts
        step.receive(MEMORY, int(Space.FRAMES64), address, *limbs[:4], time - 1, times=message.times)
        step.send(MEMORY, int(Space.FRAMES64), address, *limbs[4:], time, times=message.times)
    else:
        step.messages.append(message)


def above_the_product() -> dict[str, int]:
    """A row that is wrong only above the product: 2^504 times 2^248 + 1 is 2^504 and what is above 2^512, so that nothing seems to be
    left of 2^255 · 2^249."""
    a, b, m = 1 << 255, 1 << 249, 1 + (1 << 248)
    found = np.array([[list(number.to_bytes(32, "little")) for number in (a, b, m)]], np.uint8)
    columns = mulmod.columns(found, mulmod.of_numbers([1 << 504], 64), mulmod.of_numbers([0], 32))
    return {name: int(np.asarray(values)[0]) for name, values in columns.items()}


def not_below() -> dict[str, int]:
    """A row that leaves more than m, with a flag that is -1 and two that are 1."""
    m = 1 << 200
    left = m + (1 << 128) + 1
    found = np.array([[list(number.to_bytes(32, "little")) for number in (left, 1, m)]], np.uint8)
    columns = mulmod.columns(found, mulmod.of_numbers([0], 64), mulmod.of_numbers([left], 32))
    flags = {f"smaller in limb {k}": {0: -1, 5: 1, 9: 1}.get(k, 0) for k in range(mulmod.LIMBS)}
    return {name: int(np.asarray(values)[0]) for name, values in columns.items()} | flags | {"difference": 1}
