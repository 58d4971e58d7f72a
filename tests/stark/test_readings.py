"""The readings of one chip agree: expressions on rows, flat code in the kernels, and the point reading."""
from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
import pytest

from stark.check import Filled, broken_requirements, unbalanced_messages, values_of
from stark.chip import Bus, Chip
from stark.expression import Graph, P
from stark.flat import flatten
from stark.kernels import load
from stark.machine import Value, concat
from stark.measure import measure
from stark.numbers import Numbers
from stark.point import compile_point, layout
from stark.verifier import evaluate
from tests.stark.examples import example, filled

KERNELS = load("reference")


def test_equal_expressions_are_one_node() -> None:
    graph = Graph()
    a, b = graph.input("main", 0), graph.input("main", 1)
    assert (a + b).number == (b + a).number and (a * b).number == (b * a).number
    assert (a - a).number == graph.constant(0).number and (a * 1).number == a.number and (0 + a).number == a.number


def test_a_power_is_a_product() -> None:
    graph = Graph()
    a = graph.input("main", 0)
    assert (a**1).number == a.number and (a**3).number == (a * a * a).number
    for exponent in (0, -1, 0.5, True, a):
        with pytest.raises(ValueError, match="integer from 1 on"):
            _ = a**exponent  # type: ignore[operator]


def test_next_moves_columns_and_refuses_to_move_twice() -> None:
    chip = Chip("c", "")
    a, word = chip.column("a"), chip.public(0)
    assert (a * word + 3).next.number == (a.next * word + 3).number
    with pytest.raises(ValueError, match="next row"):
        _ = a.next.next


def test_columns_have_one_name_and_tables_need_them_all() -> None:
    chip = Chip("c", "")
    chip.column("a")
    with pytest.raises(ValueError, match="two columns a"):
        chip.fixed("a")
    with pytest.raises(ValueError, match="missing or unknown"):
        chip.table({"b": [1]}, 1)
    with pytest.raises(ValueError, match="do not fit"):
        chip.table({"a": [1, 2, 3]}, 1)


def test_a_message_has_the_width_of_its_bus() -> None:
    chip = Chip("c", "")
    with pytest.raises(ValueError, match="carries 1 words"):
        chip.send(Bus(1, "range", ("value",)), 1, 2)


@pytest.mark.parametrize("wrong", [{"fields": "value"}, {"fields": ["value"]}, {"below": 256}, {"tables": "range"}, {"tables": ["range"]}],
                         ids=repr)
def test_what_a_bus_lists_is_a_tuple(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="of bus range are not a tuple"):
        Bus(**{"number": 1, "name": "range", "fields": ("value",), **wrong})


def test_a_column_of_another_chip_is_refused() -> None:
    """By its number alone it would be a column of this one."""
    chip, other = Chip("c", ""), Chip("d", "")
    a, b = chip.column("a"), other.column("b")
    told = Bus(1, "told", ("value",))
    for wrong in (lambda: a - b, lambda: chip.require("b is 0", b), lambda: chip.send(told, b), lambda: chip.receive(told, a, times=b)):
        with pytest.raises(ValueError, match="column of one chip stands in an expression of another"):
            wrong()


@pytest.mark.parametrize("value", [True, np.True_, 0.5, "1", None, [1]], ids=repr)
def test_what_is_no_integer_is_no_part_of_an_expression(value: Any) -> None:
    chip = Chip("c", "")
    a, told = chip.column("a"), Bus(1, "told", ("value",))
    for wrong in (lambda: a * value, lambda: 1 - a + value, lambda: chip.send(told, value), lambda: chip.send(told, a, times=value)):
        with pytest.raises(TypeError, match="made of columns and integers"):
            wrong()
    assert (a * np.int64(3)).number == (3 * a).number  # type: ignore[operator]


@pytest.mark.parametrize("rows", ["every", "first", "next"])
def test_an_equality_of_python_is_no_requirement(rows: Any) -> None:
    """`a == b` is False, and so a sentence that always held."""
    chip = Chip("c", "")
    a, b = chip.column("a"), chip.column("b")
    with pytest.raises(TypeError, match="written as a difference"):
        chip.require("a is b", a == b, rows)


def test_rows_have_known_names() -> None:
    chip = Chip("c", "")
    with pytest.raises(ValueError, match="“a is 0” is to hold on 'Last' rows; there are every, first, last, next, wrap"):
        chip.require("a is 0", chip.column("a"), "Last")  # type: ignore[arg-type]


def test_the_point_reading_says_what_the_rows_say() -> None:
    """On a row in the middle, with base values, every constraint without selector has the value of its expression."""
    key, fixed, mains, statement = example((3, 3, 3))
    rng = np.random.default_rng(7)
    for chip, log_height in zip(key.chips, key.log_heights, strict=True):
        height = 1 << log_height
        table = Filled(chip, rng.integers(0, P, (len(chip.fixed_names), height)).astype(np.uint32),
                       rng.integers(0, P, (len(chip.main_names), height)).astype(np.uint32))
        roots = [r.expression.number for r in chip.requirements]
        by_rows = values_of(table, statement, roots)
        place = layout(chip, 2)
        inputs = np.zeros((len(place), 5), np.uint64)
        row = 2
        for (kind, k, next), at in place.items():
            if kind in ("fixed", "main"):
                inputs[at, 0] = (table.fixed if kind == "fixed" else table.main)[k, row + next]
            if kind == "selector":
                inputs[at, 0] = int(k == 2)
            if kind == "public":
                inputs[at, 0] = statement[k]
        m = Numbers(np.zeros(0, np.uint32), KERNELS.permute)
        values = evaluate(m, compile_point(chip, 2), Value(m, inputs, True)).data
        assert [int(v) for v in values[:len(roots), 0]] == [int(by_rows[root][row]) for root in roots]
        assert not values[:len(roots), 1:].any()


def test_all_chips_together_have_the_values_of_each() -> None:
    """The verifier evaluates the constraints of all chips at once, on as few levels as their sums allow."""
    key, *_ = example((3, 3, 3))
    rng = np.random.default_rng(8)
    m = Numbers(np.zeros(0, np.uint32), KERNELS.permute)
    inputs = [m.constant_extension(rng.integers(0, P, (len(layout(chip, key.statement)), 5))) for chip in key.chips]
    apart = [evaluate(m, compile_point(chip, key.statement), value).data for chip, value in zip(key.chips, inputs, strict=True)]
    assert [len(values) for values in apart] == [chip.constraints for chip in key.chips]
    assert np.array_equal(evaluate(m, key.point, concat(inputs)).data, np.concatenate(apart))


def test_a_long_sum_takes_few_levels() -> None:
    chip = Chip("c", "")
    columns = chip.columns("x", 64)
    deep = columns[0] * columns[1] * columns[2]
    chip.require("the sum vanishes", reduce(lambda a, b: a + b, columns) + deep)
    compiled = compile_point(chip, 0)
    assert max(step.level for step in compiled.steps) == 7
    assert sum(len(step.operands[0]) for step in compiled.steps) == 65          # 63 sums, a product, and one with a sum


def test_flat_code_reuses_slots() -> None:
    chip = Chip("c", "")
    a = chip.column("a")
    total = a
    for k in range(50):
        total = total * a + k
    chip.require("a long polynomial vanishes", total)
    flat = flatten(chip)
    assert flat.slots <= 2 and len(flat.code) == 99


def test_check_names_the_sentence_and_the_values() -> None:
    key, fixed, mains, statement = example((3, 3, 2))
    mains["multiplier"][2, 1] += 1
    mains["multiplier"][3, 1] = 1
    tables = filled(key, fixed, mains)
    broken = [b for t in tables for b in broken_requirements(t, statement)]
    assert [(b.chip, b.row, b.sentence) for b in broken] == [("multiplier", 1, "c is the product")]
    assert set(broken[0].values) == {"a", "b", "c", "on"} and "c is the product" in str(broken[0])


def test_check_names_the_message_that_has_no_counterpart() -> None:
    key, fixed, mains, statement = example((3, 3, 2))
    mains["table"][0, 4] += 2
    found = unbalanced_messages(filled(key, fixed, mains), statement)
    assert [(b.values, b.sentence) for b in found] == [({"value": 4}, "bus range: 2 received too many")]


def test_measure_counts_from_the_definition() -> None:
    chip = example((3, 3, 2))[0].chips[-1]
    found = {c.name: measure(c) for c in example((3, 3, 2))[0].chips}["multiplier"]
    assert (found.columns, found.fixed, found.requirements, found.messages, found.logup_columns, found.degree) == (4, 0, 2, 4, 3, 3)
    assert found.cells == 4 + 5 * 3 and measure(chip).operations > 0
