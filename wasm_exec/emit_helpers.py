"""Two functions of every recorder module, called when a page is touched for the first time in a segment."""

from __future__ import annotations

from collections.abc import Callable

from wasm_exec.cutting import MOST_HASHES, PAGE_HASHES, SPACE_LEVELS
from wasm_exec.emit import I32, Code
from wasm_exec.recorder_layout import MACHINE, STATE_HASHES, STATE_HIGH, STATE_LOW, STATE_MARKED, STATE_TOUCHED, Layout
from wasm_exec.spaces import CELL_BYTES, PAGE_BITS, Space, SystemCell, size_in_bytes

SPACES_OF_FRAMES = 2


def touch_helper(layout: Layout, space: int, memory_pages: int, grows: bool) -> bytes:
    """(address, bytes to the last one, flags) -> whether the access is out of bounds; counts and marks the pages."""
    code = Code(3)
    page, flags, node, cost = (code.new_local(I32) for _ in range(4))
    code.get(0, 1).op("i64.add").const64(size_in_bytes(space, memory_pages))
    if space == Space.LINEAR and grows:
        code.const32(0).access("i64.load", MACHINE, layout.base[Space.SYSTEM] + CELL_BYTES * SystemCell.GROWN_PAGES)
        code.const64(PAGE_BITS).op("i64.shl", "i64.add")
    code.op("i64.ge_u")
    code.block("if").const32(1).op("return").end()
    for ahead in (False, True):
        code.get(0)
        if ahead:
            code.get(1).op("i64.add")
        code.const64(PAGE_BITS).op("i64.shr_u", "i32.wrap_i64").tee(page)
        code.access("i32.load8_u", MACHINE, layout.flags[space]).tee(flags).op("i32.eqz").block("if")
        mark_nodes(code, layout, space, page, node, cost)
        code.const32(0).const32(0).access("i32.load", MACHINE, STATE_HASHES).get(cost).op("i32.sub")
        code.access("i32.store", MACHINE, STATE_HASHES)
        append(code, STATE_TOUCHED, layout.touched, lambda: code.get(page).const32(space << 24).op("i32.or"))
        code.end()
        code.get(page, flags, 2).op("i32.or").access("i32.store8", MACHINE, layout.flags[space])
    return code.const32(0).finish()


def append(code: Code, count: int, start: int, value: Callable[[], object]) -> None:
    """Puts a word at the end of a list: touched pages, or marked nodes."""
    code.const32(0).access("i32.load", MACHINE, count).const32(2).op("i32.shl")
    value()
    code.access("i32.store", MACHINE, start)
    code.const32(0).const32(0).access("i32.load", MACHINE, count).const32(1).op("i32.add").access("i32.store", MACHINE, count)


def mark_nodes(code: Code, layout: Layout, space: int, page: int, node: int, cost: int) -> None:
    """`cost` becomes the hashes of a page that is touched for the first time; the nodes above it are marked."""
    levels, marks = layout.levels(space), layout.marks[space]
    code.const32(PAGE_HASHES).set(cost).get(page).const32(1 << levels).op("i32.add").set(node)
    code.block().block("loop")
    code.get(node).const32(1).op("i32.shr_u").tee(node).op("i32.eqz").block("if")
    code.get(cost).const32(SPACE_LEVELS - levels).op("i32.add").set(cost).branch("br", 2).end()
    code.get(node).access("i32.load8_u", MACHINE, marks).branch("br_if", 1)
    code.get(node).const32(1).access("i32.store8", MACHINE, marks)
    append(code, STATE_MARKED, layout.marked, lambda: code.get(node).const32(marks).op("i32.add"))
    code.get(cost).const32(1).op("i32.add").set(cost).branch("br", 0).end().end()


def enter_helper() -> bytes:
    """(first page, last page) of a frame -> hashes that are left; widens the range of touched frames, if there were enough."""
    code = Code(2)
    low, high, level, cost = (code.new_local(I32) for _ in range(4))
    code.const32(0).access("i32.load", MACHINE, STATE_LOW).set(low)
    code.const32(0).access("i32.load", MACHINE, STATE_HIGH).set(high)
    # An empty range has high = -1 and low beyond every page: its first page costs a whole path.
    code.const32(0).set(cost).get(high).const32(0).op("i32.lt_s").block("if")
    code.get(0).set(low).get(0).set(high).const32(MOST_HASHES).set(cost).end()
    code.get(0, low, 0, low).op("i32.lt_s", "select").set(0)
    code.get(1, high, 1, high).op("i32.gt_s", "select").set(1)
    code.get(cost, 1, 0).op("i32.sub").get(high, low).op("i32.sub", "i32.sub").const32(PAGE_HASHES).op("i32.mul", "i32.add").set(cost)
    code.const32(1).set(level).block("loop").get(cost)
    for sign, places in (("i32.add", (1, low)), ("i32.sub", (0, high))):
        for place in places:
            code.get(place, level).op("i32.shr_u", sign)
    code.set(cost).get(level).const32(1).op("i32.add").tee(level).const32(SPACE_LEVELS).op("i32.le_u").branch("br_if", 0).end()
    code.const32(0).const32(0).access("i32.load", MACHINE, STATE_HASHES)
    code.get(cost).const32(SPACES_OF_FRAMES).op("i32.mul", "i32.sub").tee(cost).access("i32.store", MACHINE, STATE_HASHES)
    code.get(cost).const32(0).op("i32.ge_s").block("if")
    code.const32(0).get(0).access("i32.store", MACHINE, STATE_LOW)
    code.const32(0).get(1).access("i32.store", MACHINE, STATE_HIGH).end()
    return code.get(cost).finish()
