"""One function of a recorder module: a loop around a table of basic blocks.

A call answers how it stopped: CUT before a block, TRAPPED inside one, HALTED, or CUT_EARLY (the frame itself did not fit).
"""

from __future__ import annotations

from wasm_exec.emit import I32, I64, V128, Code
from wasm_exec.emit_block import BlockEmitter
from wasm_exec.emit_plan import FP, Chunk, Plan
from wasm_exec.emit_rows import Frame
from wasm_exec.instructions import Family
from wasm_exec.recorder_layout import (
    MACHINE,
    SIGNS,
    SLOT_BYTES,
    STATE_BLOCK,
    STATE_EXTRA_ROW,
    STATE_FP,
    STATE_HASHES,
    STATE_HIGH,
    STATE_LOW,
    STATE_MEMORY_ROW,
    STATE_ROW,
    STATE_WORDS,
)
from wasm_exec.spaces import PAGE_CELLS, Space
from wasm_exec.standard_error import ERRORS

CUT, TRAPPED, HALTED, CUT_EARLY = range(4)
SLOT_PAGE_BITS = (SLOT_BYTES * PAGE_CELLS).bit_length() - 1
HEAR = 0        # what is imported, if anything is


class ChunkEmitter:
    def __init__(self, plan: Plan, chunk: Chunk) -> None:
        self.plan = plan
        self.chunk = chunk
        self.code = Code(len(plan.passed) + 1)
        places = self.code.new_local(V128) if plan.tracing else None
        self.frame = Frame(FP, plan.block, plan.row, plan.extra_row, plan.memory_row, places, self.code.new_local(I64),
                           self.code.new_local(I64), {I32: [], I64: []}, plan.touch, plan.hosts)

    def emit(self) -> bytes:
        code, count = self.code, self.chunk.count
        code.get(FP).const32(SLOT_PAGE_BITS).op("i32.shr_u").const32(0).access("i32.load", MACHINE, STATE_LOW).op("i32.lt_s")
        self.last_page().const32(0).access("i32.load", MACHINE, STATE_HIGH).op("i32.gt_s", "i32.or").block("if")
        code.get(FP).const32(SLOT_PAGE_BITS).op("i32.shr_u")
        self.last_page().call(self.plan.enter).const32(0).op("i32.lt_s").block("if")
        self.save()
        code.const32(CUT_EARLY).op("return").end().end()
        code.block().block().block("loop")
        for _ in range(count):
            code.block()
        code.get(self.plan.block).table(list(range(count - 1)), count - 1)
        for position in range(count):
            code.end()
            self.one_block(position)
        code.end().op("unreachable").end()
        self.save()
        code.const32(CUT).op("return").end()
        self.save()
        return code.const32(TRAPPED).finish()

    def save(self) -> None:
        code, plan = self.code, self.plan
        code.const32(0).get(FP).access("i32.store", MACHINE, STATE_FP)
        code.const32(0).get(plan.block).const32(self.chunk.first).op("i32.add").access("i32.store", MACHINE, STATE_BLOCK)
        for position, word in enumerate(plan.words):
            code.const32(0).get(word).access("i64.store", MACHINE, STATE_WORDS + 8 * position)
        for local, place in ((plan.row, STATE_ROW), (plan.extra_row, STATE_EXTRA_ROW), (plan.memory_row, STATE_MEMORY_ROW)):
            if local is not None:
                code.const32(0).get(local).access("i32.store", MACHINE, place)

    def last_page(self) -> Code:
        return self.code.get(FP).const32(SLOT_BYTES * (self.chunk.frame - 1)).op("i32.add").const32(SLOT_PAGE_BITS).op("i32.shr_u")

    def one_block(self, position: int) -> None:
        code, plan, chunk = self.code, self.plan, self.chunk
        number, loop = chunk.first + position, chunk.count - 1 - position
        self.charge(position, number, loop + 1)
        emitter = BlockEmitter(code, self.frame, plan.layout, plan.program.memory_pages, position, loop + 2)
        pcs = plan.blocks.members[number]
        if pcs[0] == plan.hears:
            code.get(FP).access("i32.load", MACHINE, plan.layout.base[Space.FRAMES32]).const32(ERRORS).op("i32.eq").block("if")
            code.get(FP).call(HEAR).end()
        if len(pcs) == 1 and plan.decoded[pcs[0]].operation.name == "TRAP":
            # Such a block has no counted row, so a second run is not cut before it and must find everything untouched.
            emitter.trap()
            return
        emitter.begin_rows(pcs, [plan.decoded[pc].operation for pc in pcs])
        for pc in pcs[:-1]:
            emitter.instruction(plan.decoded[pc])
        last = plan.decoded[pcs[-1]]

        def go(pc: int, inside: int = 0) -> None:
            """To a block of this function: forwards out of the blocks in between, backwards around the loop, or to another chunk."""
            target = plan.blocks.index[pc] - chunk.first
            if not 0 <= target < chunk.count:
                code.get(*plan.passed)
                self.call_block(pc)
            elif target > position:
                if target > position + 1 or inside:
                    code.branch("br", target - position - 1 + inside)
            else:
                code.const32(target).set(plan.block).branch("br", loop + inside)

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
                code.get(FP).const32(SLOT_BYTES * last.d).op("i32.add").get(*plan.passed[1:])
                self.call_block(last.i)
            case "CALL_SLOT":
                target = emitter.condition(last)
                emitter.enter(last)
                code.get(FP).const32(SLOT_BYTES * last.d).op("i32.add").get(*plan.passed[1:])
                code.get(target).op("i64.extend_i32_u").set(self.frame.link)
                self.go_to_link()
            case "RETURN":
                emitter.leave(last)
                # The upper half of the link is the frame pointer, the lower half the pc to go on at.
                code.get(self.frame.link).const64(30).op("i64.shr_u", "i32.wrap_i64").const32(-SLOT_BYTES).op("i32.and")
                code.get(*plan.passed[1:])
                self.go_to_link()
            case "HALT" | "PAUSE":
                emitter.begin_row(last.operation)
                emitter.flush()
                emitter.end_rows()
                code.const32(position).set(plan.block)
                self.save()
                code.const32(HALTED).op("return")
            case "TRAP":
                emitter.trap()
            case _:
                emitter.instruction(last)
                emitter.flush()
                emitter.end_rows()
                go(last.next)

    def go_to_link(self) -> None:
        """Tail call to the block whose pc is the lower half of the link."""
        for offset in (4, 0):
            self.code.get(self.frame.link).op("i32.wrap_i64").const32(3).op("i32.shl")
            self.code.access("i32.load", MACHINE, self.plan.layout.dispatch + offset)
        self.code.tail_call_table(2)

    def call_block(self, pc: int) -> None:
        """Tail call to the block at this pc, when everything that is handed on is on the stack."""
        chunk, position = self.plan.places[self.plan.blocks.index[pc]]
        self.code.const32(position).tail_call(self.plan.first_function + chunk)

    def charge(self, position: int, number: int, cut: int) -> None:
        """Takes the rows of the block from what is left, or cuts the segment before it."""
        code, plan = self.code, self.plan
        rows = {family: int(plan.blocks.rows[number, family]) for family in Family}
        tests = 0
        for word, cost in zip(plan.words, plan.lanes.pack(rows), strict=True):
            if cost:
                code.get(word).const64(cost).op("i64.sub").tee(word)
                if tests:
                    code.op("i64.or")
                tests += 1
        if tests:
            code.const64(SIGNS).op("i64.and").const64(0).op("i64.ne")
        if plan.blocks.hashes[number]:
            code.const32(0).access("i32.load", MACHINE, STATE_HASHES).const32(plan.blocks.hashes[number]).op("i32.lt_s")
            if tests:
                code.op("i32.or")
        if tests or plan.blocks.hashes[number]:
            code.block("if").const32(position).set(plan.block).branch("br", cut + 1).end()
