"""The recorder module of a program: one WebAssembly function for each of its functions (or chunk of a very long one), and what they need.

They go over into each other by tail calls, so that a cut can leave from any depth: what must survive is in memory.
"""

from __future__ import annotations

from wasm_exec.emit import I32, I64, Code, function_type, name, section, unsigned, vector
from wasm_exec.emit_chunk import ChunkEmitter
from wasm_exec.emit_helpers import enter_helper, touch_helper
from wasm_exec.emit_plan import TOUCHABLE, Plan
from wasm_exec.host_native import native
from wasm_exec.recorder_layout import (
    MACHINE,
    STATE_BLOCK,
    STATE_CHUNK,
    STATE_EXTRA_ROW,
    STATE_FP,
    STATE_MEMORY_ROW,
    STATE_ROW,
    STATE_WORDS,
)
from wasm_exec.spaces import WASM_PAGE_BYTES
from wasm_exec.trace_columns import PAGES


def module_of(plan: Plan) -> bytes:
    imported = int(plan.hears is not None)
    handed_on = [I32, *([I64] * len(plan.lanes)), *([I32, I32, I32] if plan.tracing else [])]
    types = [function_type([I64, I64, I32], [I32]), function_type([I32, I32], [I32]),
             function_type([*handed_on, I32], [I32]), function_type([], [I32])]
    types += [function_type([I32], [])] * bool(plan.hosts or imported)
    functions = [touch_helper(plan.layout, space, plan.program.memory_pages, plan.grows) for space in TOUCHABLE] + [enter_helper()]
    functions += [native(host) for host in plan.hosts]
    functions += [ChunkEmitter(plan, item).emit() for item in plan.chunks] + [begin(plan)]
    count = len(plan.chunks)
    kinds = [0] * len(TOUCHABLE) + [1] + [4] * len(plan.hosts) + [2] * count + [3]
    memories = [plan.program.memory_limit, plan.layout.end // WASM_PAGE_BYTES] + ([PAGES] if plan.tracing else [])
    exports = [name("run") + b"\x00" + unsigned(imported + len(functions) - 1)]
    exports += [name(text) + b"\x02" + unsigned(index) for index, text in enumerate(["guest", "machine", "trace"][: len(memories)])]
    elements = vector(unsigned(plan.first_function + index) for index in range(count))
    return b"\0asm\x01\0\0\0" + b"".join([
        section(1, vector(types)),
        section(2, vector([name("") + name("hear") + b"\x00" + unsigned(4)] * imported)),
        section(3, vector(unsigned(kind) for kind in kinds)),
        section(4, vector([b"\x70\x00" + unsigned(count)])),
        section(5, vector(b"\x00" + unsigned(pages) for pages in memories)),
        section(7, vector(exports)),
        section(9, vector([b"\x00\x41\x00\x0b" + elements])),
        section(10, vector(functions)),
    ])


def begin(plan: Plan) -> bytes:
    """Begins where the state says."""
    code = Code(0)
    code.const32(0).access("i32.load", MACHINE, STATE_FP)
    for position in range(len(plan.words)):
        code.const32(0).access("i64.load", MACHINE, STATE_WORDS + 8 * position)
    rows = [STATE_ROW, STATE_EXTRA_ROW, STATE_MEMORY_ROW] if plan.tracing else []
    for place in [*rows, STATE_BLOCK, STATE_CHUNK]:
        code.const32(0).access("i32.load", MACHINE, place)
    return code.tail_call_table(2).finish()
