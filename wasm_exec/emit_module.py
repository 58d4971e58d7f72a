"""The recorder module of a program: one WebAssembly function for each of its functions (or chunk of a very long one), a loop around a
table of basic blocks.

They go over into each other by tail calls, so that a cut can leave from any depth: what must survive is in memory. A
call answers how it stopped: CUT before a block, TRAPPED inside one, HALTED, or CUT_EARLY (the frame itself did not fit).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wasm_exec.cutting import Blocks
from wasm_exec.emit import I32, I64, V128, Code, function_type, name, section, unsigned, vector
from wasm_exec.emit_block import BlockEmitter
from wasm_exec.emit_helpers import enter_helper, touch_helper
from wasm_exec.emit_rows import Frame
from wasm_exec.host_native import native
from wasm_exec.instructions import BY_NUMBER, Family
from wasm_exec.interpreter import Decoded
from wasm_exec.program import Program
from wasm_exec.recorder_layout import (
    MACHINE,
    SIGNS,
    SLOT_BYTES,
    STATE_BLOCK,
    STATE_CHUNK,
    STATE_EXTRA_ROW,
    STATE_FP,
    STATE_HASHES,
    STATE_HIGH,
    STATE_LOW,
    STATE_MEMORY_ROW,
    STATE_ROW,
    STATE_WORDS,
    Lanes,
    Layout,
)
from wasm_exec.spaces import PAGE_CELLS, WASM_PAGE_BYTES, Space
from wasm_exec.standard_error import ERRORS, entered_at
from wasm_exec.trace_columns import PAGES

CUT, TRAPPED, HALTED, CUT_EARLY = range(4)
FP = 0
SLOT_PAGE_BITS = (SLOT_BYTES * PAGE_CELLS).bit_length() - 1
HEAR = 0        # what is imported, if anything is
TOUCHABLE = (Space.LINEAR, *Layout.OTHERS)


@dataclass(frozen=True)
class Chunk:
    """Consecutive blocks of one program function that are emitted as one function; `frame` is the size of its frame."""

    first: int
    count: int
    frame: int


def chunks_of(program: Program, blocks: Blocks, limit: int) -> list[Chunk]:
    """All blocks in order. A function of very many blocks becomes several chunks: compilers and validators have limits."""
    starts = np.array(blocks.starts)
    result: list[Chunk] = []
    for function in program.functions:
        first, end = (int(place) for place in np.searchsorted(starts, [function.start, function.end]))
        result += [Chunk(part, min(limit, end - part), function.frame) for part in range(first, end, limit)]
    return result


def lanes_of(program: Program) -> Lanes:
    return Lanes({BY_NUMBER[number].family for number in np.unique(program.column("op")).tolist()})


class ModuleEmitter:
    def __init__(self, program: Program, blocks: Blocks, chunks: list[Chunk], tracing: bool) -> None:
        self.program = program
        self.blocks = blocks
        self.tracing = tracing
        self.layout = Layout(len(program.instructions))
        self.decoded = [Decoded(BY_NUMBER[row[1]], *row[2:]) for row in program.instructions.tolist()]
        self.lanes = lanes_of(program)
        self.words = list(range(FP + 1, FP + 1 + len(self.lanes)))
        after = FP + 1 + len(self.lanes)
        self.row = after if tracing else None
        self.extra_row = after + 1 if tracing else None
        self.memory_row = after + 2 if tracing else None
        self.block = after + 3 if tracing else after
        self.passed = list(range(self.block))  # what every function hands on
        self.hears = None if tracing else entered_at(program)
        imported = int(self.hears is not None)
        self.enter = imported + len(TOUCHABLE)
        used = dict.fromkeys(item.operation.name for item in self.decoded if item.operation.cells)
        self.hosts = {host: self.enter + 1 + number for number, host in enumerate(used)}
        self.first_function = self.enter + 1 + len(self.hosts)
        self.touch = {int(space): index for index, space in enumerate(TOUCHABLE, imported)}
        self.chunks = chunks
        self.grows = program.memory_limit > program.memory_pages
        self.places = [(index, position) for index, chunk in enumerate(chunks) for position in range(chunk.count)]

    def emit(self) -> bytes:
        imported = int(self.hears is not None)
        handed_on = [I32, *([I64] * len(self.lanes)), *([I32, I32, I32] if self.tracing else [])]
        types = [function_type([I64, I64, I32], [I32]), function_type([I32, I32], [I32]),
                 function_type([*handed_on, I32], [I32]), function_type([], [I32])]
        types += [function_type([I32], [])] * bool(self.hosts or imported)
        functions = [touch_helper(self.layout, space, self.program.memory_pages, self.grows) for space in TOUCHABLE] + [enter_helper()]
        functions += [native(host) for host in self.hosts]
        functions += [self.chunk(item) for item in self.chunks] + [self.run()]
        count = len(self.chunks)
        kinds = [0] * len(TOUCHABLE) + [1] + [4] * len(self.hosts) + [2] * count + [3]
        memories = [self.program.memory_limit, self.layout.end // WASM_PAGE_BYTES] + ([PAGES] if self.tracing else [])
        exports = [name("run") + b"\x00" + unsigned(imported + len(functions) - 1)]
        exports += [name(text) + b"\x02" + unsigned(index) for index, text in enumerate(["guest", "machine", "trace"][: len(memories)])]
        elements = vector(unsigned(self.first_function + index) for index in range(count))
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

    def run(self) -> bytes:
        """Begins where the state says."""
        code = Code(0)
        code.const32(0).access("i32.load", MACHINE, STATE_FP)
        for position in range(len(self.words)):
            code.const32(0).access("i64.load", MACHINE, STATE_WORDS + 8 * position)
        rows = [STATE_ROW, STATE_EXTRA_ROW, STATE_MEMORY_ROW] if self.tracing else []
        for place in [*rows, STATE_BLOCK, STATE_CHUNK]:
            code.const32(0).access("i32.load", MACHINE, place)
        return code.tail_call_table(2).finish()

    def save(self, code: Code, first_block: int) -> None:
        code.const32(0).get(FP).access("i32.store", MACHINE, STATE_FP)
        code.const32(0).get(self.block).const32(first_block).op("i32.add").access("i32.store", MACHINE, STATE_BLOCK)
        for position, word in enumerate(self.words):
            code.const32(0).get(word).access("i64.store", MACHINE, STATE_WORDS + 8 * position)
        rows = ((self.row, STATE_ROW), (self.extra_row, STATE_EXTRA_ROW), (self.memory_row, STATE_MEMORY_ROW))
        for local, place in rows:
            if local is not None:
                code.const32(0).get(local).access("i32.store", MACHINE, place)

    def chunk(self, item: Chunk) -> bytes:
        code = Code(len(self.passed) + 1)
        places = code.new_local(V128) if self.tracing else None
        frame = Frame(FP, self.block, self.row, self.extra_row, self.memory_row, places, code.new_local(I64), code.new_local(I64),
                      {I32: [], I64: []}, self.touch, self.hosts)
        first, count = item.first, item.count
        code.get(FP).const32(SLOT_PAGE_BITS).op("i32.shr_u").const32(0).access("i32.load", MACHINE, STATE_LOW).op("i32.lt_s")
        self.last_page(code, item.frame).const32(0).access("i32.load", MACHINE, STATE_HIGH).op("i32.gt_s", "i32.or").block("if")
        code.get(FP).const32(SLOT_PAGE_BITS).op("i32.shr_u")
        self.last_page(code, item.frame).call(self.enter).const32(0).op("i32.lt_s").block("if")
        self.save(code, first)
        code.const32(CUT_EARLY).op("return").end().end()
        code.block().block().block("loop")
        for _ in range(count):
            code.block()
        code.get(self.block).table(list(range(count - 1)), count - 1)
        for position in range(count):
            code.end()
            self.one_block(code, frame, item, position)
        code.end().op("unreachable").end()
        self.save(code, first)
        code.const32(CUT).op("return").end()
        self.save(code, first)
        return code.const32(TRAPPED).finish()

    def last_page(self, code: Code, slots: int) -> Code:
        return code.get(FP).const32(SLOT_BYTES * (slots - 1)).op("i32.add").const32(SLOT_PAGE_BITS).op("i32.shr_u")

    def one_block(self, code: Code, frame: Frame, chunk: Chunk, position: int) -> None:
        number, loop = chunk.first + position, chunk.count - 1 - position
        self.charge(code, position, number, loop + 1)
        emitter = BlockEmitter(code, frame, self.layout, self.program.memory_pages, position, loop + 2)
        pcs = self.blocks.members[number]
        if pcs[0] == self.hears:
            code.get(FP).access("i32.load", MACHINE, self.layout.base[Space.FRAMES32]).const32(ERRORS).op("i32.eq").block("if")
            code.get(FP).call(HEAR).end()
        if len(pcs) == 1 and self.decoded[pcs[0]].operation.name == "TRAP":
            # Such a block has no counted row, so a second run is not cut before it and must find everything untouched.
            emitter.trap()
            return
        emitter.begin_rows(pcs, [self.decoded[pc].operation for pc in pcs])
        for pc in pcs[:-1]:
            emitter.instruction(self.decoded[pc])
        last = self.decoded[pcs[-1]]

        def go(pc: int, inside: int = 0) -> None:
            """To a block of this function: forwards out of the blocks in between, backwards around the loop, or to another chunk."""
            target = self.blocks.index[pc] - chunk.first
            if not 0 <= target < chunk.count:
                code.get(*self.passed)
                self.call_block(code, pc)
            elif target > position:
                if target > position + 1 or inside:
                    code.branch("br", target - position - 1 + inside)
            else:
                code.const32(target).set(self.block).branch("br", loop + inside)

        match last.operation.name:
            case _ if last.operation.target:
                emitter.taken(last)
                emitter.flush()
                emitter.end_rows()
                code.block("if")
                go(last.target, 1)
                code.end()
                go(last.next)
            case "CALL":
                emitter.begin_row(last.operation)
                emitter.enter(last)
                code.get(FP).const32(SLOT_BYTES * last.d).op("i32.add").get(*self.passed[1:])
                self.call_block(code, last.i)
            case "CALL_SLOT":
                target = emitter.condition(last)
                emitter.enter(last)
                code.get(FP).const32(SLOT_BYTES * last.d).op("i32.add").get(*self.passed[1:])
                code.get(target).op("i64.extend_i32_u").set(frame.link)
                self.go_to_link(code, frame)
            case "RETURN":
                emitter.leave(last)
                # The upper half of the link is the frame pointer, the lower half the pc to go on at.
                code.get(frame.link).const64(30).op("i64.shr_u", "i32.wrap_i64").const32(-SLOT_BYTES).op("i32.and").get(*self.passed[1:])
                self.go_to_link(code, frame)
            case "HALT" | "PAUSE":
                emitter.begin_row(last.operation)
                emitter.flush()
                emitter.end_rows()
                code.const32(position).set(self.block)
                self.save(code, chunk.first)
                code.const32(HALTED).op("return")
            case "TRAP":
                emitter.trap()
            case _:
                emitter.instruction(last)
                emitter.flush()
                emitter.end_rows()
                go(last.next)

    def go_to_link(self, code: Code, frame: Frame) -> None:
        """Tail call to the block whose pc is the lower half of the link."""
        for offset in (4, 0):
            code.get(frame.link).op("i32.wrap_i64").const32(3).op("i32.shl")
            code.access("i32.load", MACHINE, self.layout.dispatch + offset)
        code.tail_call_table(2)

    def call_block(self, code: Code, pc: int) -> None:
        """Tail call to the block at this pc, when everything that is handed on is on the stack."""
        chunk, position = self.places[self.blocks.index[pc]]
        code.const32(position).tail_call(self.first_function + chunk)

    def charge(self, code: Code, position: int, number: int, cut: int) -> None:
        """Takes the rows of the block from what is left, or cuts the segment before it."""
        rows = {family: int(self.blocks.rows[number, family]) for family in Family}
        tests = 0
        for word, cost in zip(self.words, self.lanes.pack(rows), strict=True):
            if cost:
                code.get(word).const64(cost).op("i64.sub").tee(word)
                if tests:
                    code.op("i64.or")
                tests += 1
        if tests:
            code.const64(SIGNS).op("i64.and").const64(0).op("i64.ne")
        if self.blocks.hashes[number]:
            code.const32(0).access("i32.load", MACHINE, STATE_HASHES).const32(self.blocks.hashes[number]).op("i32.lt_s")
            if tests:
                code.op("i32.or")
        if tests or self.blocks.hashes[number]:
            code.block("if").const32(position).set(self.block).branch("br", cut + 1).end()
