"""Two functions of every recorder module, called when a page is touched for the first time in a segment."""

from __future__ import annotations

from wasm_exec.emit import I32, Code
from wasm_exec.recorder_layout import MACHINE, STATE_HIGH, STATE_LOW, STATE_PAGES, STATE_TOUCHED, Layout
from wasm_exec.spaces import CELL_BYTES, PAGE_BITS, Space, SystemCell, size_in_bytes

PAGES_PER_FRAME_PAGE = 2  # one in each space of frames


def touch_helper(layout: Layout, space: int, memory_pages: int, grows: bool) -> bytes:
    """(address, bytes to the last one, flags) -> whether the access is out of bounds; counts and marks the pages."""
    code = Code(3)
    page, flags = code.new_local(I32), code.new_local(I32)
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
        code.const32(0).const32(0).access("i32.load", MACHINE, STATE_PAGES).const32(1).op("i32.sub")
        code.access("i32.store", MACHINE, STATE_PAGES)
        list_page(code, layout, space, page)
        code.end()
        code.get(page, flags, 2).op("i32.or").access("i32.store8", MACHINE, layout.flags[space])
    return code.const32(0).finish()



def list_page(code: Code, layout: Layout, space: int, page: int) -> None:
    """Adds the page to the list of touched ones."""
    code.const32(0).access("i32.load", MACHINE, STATE_TOUCHED).const32(2).op("i32.shl")
    code.get(page).const32(space << 24).op("i32.or").access("i32.store", MACHINE, layout.touched)
    code.const32(0).const32(0).access("i32.load", MACHINE, STATE_TOUCHED).const32(1).op("i32.add")
    code.access("i32.store", MACHINE, STATE_TOUCHED)


def enter_helper() -> bytes:
    """(first page, last page) of a frame -> pages that are left; widens the range of touched frames."""
    code = Code(2)
    low, high = code.new_local(I32), code.new_local(I32)
    code.const32(0).access("i32.load", MACHINE, STATE_LOW).set(low)
    code.const32(0).access("i32.load", MACHINE, STATE_HIGH).set(high)
    # An empty range has high = -1 and low beyond every page: its size is taken as nothing.
    code.get(high).const32(0).op("i32.lt_s").block("if").get(0).set(low).get(0).const32(1).op("i32.sub").set(high).end()
    code.get(0, low, 0, low).op("i32.lt_s", "select").set(0)
    code.get(1, high, 1, high).op("i32.gt_s", "select").set(1)
    code.const32(0).get(0).access("i32.store", MACHINE, STATE_LOW)
    code.const32(0).get(1).access("i32.store", MACHINE, STATE_HIGH)
    code.const32(0).const32(0).access("i32.load", MACHINE, STATE_PAGES)
    code.get(1, 0).op("i32.sub").get(high, low).op("i32.sub", "i32.sub").const32(PAGES_PER_FRAME_PAGE).op("i32.mul", "i32.sub")
    code.access("i32.store", MACHINE, STATE_PAGES)
    return code.const32(0).access("i32.load", MACHINE, STATE_PAGES).finish()
