"""Code U for the chip of Keccak-f: a round on short lanes as a step that takes the state before it from memory and puts the state after it
there, with the bits of its constant as numbers."""
from __future__ import annotations

from segments.buses import MEMORY
from segments.host import keccak
from stark.chip import Chip, Requirement
from stark.expression import Constant, Expression, Input, Operation
from stark.flat import needed


def as_a_step(bits: int, constant: int = 0, without: str = "") -> Chip:
    """Without what is between rows, and without the requirement whose sentence begins so."""
    made = keccak.Rounds(bits)
    chip = Chip("round", "one round on short lanes", main_names=list(made.chip.main_names), free=dict(made.chip.free))
    chip.graph = made.chip.graph.copy()
    for requirement in made.chip.requirements:
        expression = with_constant(chip, requirement.expression, constant)
        if expression is not None and not (without and requirement.sentence.startswith(without)):
            chip.requirements.append(Requirement(requirement.sentence, expression, "every"))
    zero, place = chip.constant(0), {name: k for k, name in enumerate(chip.main_names)}
    real = chip.graph.input("main", place["real"])
    for lane in range(keccak.LANES):
        before, after = ([chip.graph.input("main", place[f"{name} {lane}.0"]), zero, zero, zero] for name in ("before", "after"))
        chip.receive(MEMORY, 2, lane, *before, 0, times=real)
        chip.send(MEMORY, 2, lane, *after, 1, times=real)
    return chip


def with_constant(chip: Chip, expression: Expression, constant: int) -> Expression | None:
    """The same with the bits of the constant; None if it looks at the next row or at another fixed column."""
    graph, found = chip.graph, dict[int, Expression]()
    first = 3                                   # fixed columns that say where in a block a row is
    for number in needed(graph, [expression.number]):
        match graph.nodes[number]:
            case Input("fixed", index, False) if index >= first:
                found[number] = graph.constant(constant >> keccak.CONSTANT_BITS[index - first] & 1)
            case Input("fixed", _, _) | Input(_, _, True):
                return None
            case Operation(name, left, right):
                found[number] = graph.operation(name, found[left].number, found[right].number)
            case Input() | Constant():
                found[number] = Expression(graph, number)
    return found[expression.number]
