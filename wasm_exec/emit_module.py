"""The recorder module of a program: one WebAssembly function for each of its functions, a loop around a table of basic blocks.

Functions go over into each other by tail calls, so that a cut can leave from any depth: what must survive is in memory. A
function answers how it stopped: CUT before a block, TRAPPED inside one, HALTED, or CUT_EARLY (the frame itself did not fit).
"""

from __future__ import annotations

from dataclasses import dataclass

from wasm_exec.cutting import Blocks
from wasm_exec.emit import I32, I64, Code, function_type, name, section, unsigned, vector
from wasm_exec.emit_block import BlockEmitter, Frame, Shape
from wasm_exec.instructions import BY_NUMBER, Family
from wasm_exec.interpreter import Decoded
from wasm_exec.program import Function, Program
from wasm_exec.recorder_layout import (
    MACHINE,
    SIGNS,
    SLOT_BYTES,
    STATE_BLOCK,
    STATE_FP,
    STATE_HIGH,
    STATE_IDS,
    STATE_LOG,
    STATE_LOW,
    STATE_PAGES,
    STATE_WORDS,
    Layout,
    pack,
)
from wasm_exec.spaces import PAGE_BITS, PAGE_CELLS, WASM_PAGE_BYTES, Space, size_in_bytes

CUT, TRAPPED, HALTED, CUT_EARLY = range(4)
FP, WORDS = 0, [1, 2, 3, 4]
SLOT_PAGE_BITS = (SLOT_BYTES * PAGE_CELLS).bit_length() - 1
TOUCHABLE = (Space.LINEAR, *Layout.OTHERS)
DECREMENTED = 2  # pages for one more page of frames: one in each space


@dataclass(frozen=True)
class Emitted:
    """A recorder module, and the shapes of the records of its blocks (empty if it does not log)."""

    wasm: bytes
    shapes: list[Shape]


class ModuleEmitter:
    def __init__(self, program: Program, blocks: Blocks, logging: bool) -> None:
        self.program = program
        self.blocks = blocks
        self.logging = logging
        self.layout = Layout(len(program.instructions))
        self.decoded = [Decoded(BY_NUMBER[row[1]], *row[2:]) for row in program.instructions.tolist()]
        self.log = 5 if logging else None
        self.ids = 6 if logging else None
        self.block = 7 if logging else 5
        self.passed = [FP, *WORDS, *([5, 6] if logging else [])]  # what every function hands on
        self.enter = len(TOUCHABLE)
        self.first_function = self.enter + 1
        self.touch = {int(space): index for index, space in enumerate(TOUCHABLE)}
        self.shapes: list[Shape] = []

    def emit(self) -> Emitted:
        handed_on = [I32, I64, I64, I64, I64, *([I32, I32] if self.logging else [])]
        types = [function_type([I64, I64, I32], [I32]), function_type([I32, I32], [I32]),
                 function_type([*handed_on, I32], [I32]), function_type([*handed_on, I32, I32], [I32])]
        functions = [self.touch_helper(space) for space in TOUCHABLE] + [self.enter_helper()]
        functions += [self.function(item) for item in self.program.functions] + [self.run()]
        count = len(self.program.functions)
        kinds = [0] * len(TOUCHABLE) + [1] + [2] * count + [3]
        memories = [self.program.memory_pages, self.layout.end // WASM_PAGE_BYTES] + ([1] if self.logging else [])
        exports = [name("run") + b"\x00" + unsigned(len(functions) - 1)]
        exports += [name(text) + b"\x02" + unsigned(index) for index, text in enumerate(["guest", "machine", "log"][: len(memories)])]
        elements = vector(unsigned(self.first_function + index) for index in range(count))
        wasm = b"\0asm\x01\0\0\0" + b"".join([
            section(1, vector(types)),
            section(3, vector(unsigned(kind) for kind in kinds)),
            section(4, vector([b"\x70\x00" + unsigned(count)])),
            section(5, vector(b"\x00" + unsigned(pages) for pages in memories)),
            section(7, vector(exports)),
            section(9, vector([b"\x00\x41\x00\x0b" + elements])),
            section(10, vector(functions)),
        ])
        return Emitted(wasm, self.shapes if self.logging else [])

    def run(self) -> bytes:
        """(what is handed on, block, function)"""
        code = Code(len(self.passed) + 2)
        code.get(*range(len(self.passed) + 2)).tail_call_table(2)
        return code.finish()

    def touch_helper(self, space: int) -> bytes:
        """(address, bytes to the last one, flags) -> whether the access is out of bounds; counts and marks the pages."""
        code = Code(3)
        page, flags = code.new_local(I32), code.new_local(I32)
        code.get(0, 1).op("i64.add").const64(size_in_bytes(space, self.program.memory_pages)).op("i64.ge_u")
        code.block("if").const32(1).op("return").end()
        for ahead in (False, True):
            code.get(0)
            if ahead:
                code.get(1).op("i64.add")
            code.const64(PAGE_BITS).op("i64.shr_u", "i32.wrap_i64").tee(page)
            code.access("i32.load8_u", MACHINE, self.layout.flags[space]).tee(flags).op("i32.eqz").block("if")
            code.const32(0).const32(0).access("i32.load", MACHINE, STATE_PAGES).const32(1).op("i32.sub")
            code.access("i32.store", MACHINE, STATE_PAGES).end()
            code.get(page, flags, 2).op("i32.or").access("i32.store8", MACHINE, self.layout.flags[space])
        return code.const32(0).finish()

    def enter_helper(self) -> bytes:
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
        code.get(1, 0).op("i32.sub").get(high, low).op("i32.sub", "i32.sub").const32(DECREMENTED).op("i32.mul", "i32.sub")
        code.access("i32.store", MACHINE, STATE_PAGES)
        return code.const32(0).access("i32.load", MACHINE, STATE_PAGES).finish()

    def save(self, code: Code, first_block: int) -> None:
        code.const32(0).get(FP).access("i32.store", MACHINE, STATE_FP)
        code.const32(0).get(self.block).const32(first_block).op("i32.add").access("i32.store", MACHINE, STATE_BLOCK)
        for position, word in enumerate(WORDS):
            code.const32(0).get(word).access("i64.store", MACHINE, STATE_WORDS + 8 * position)
        if self.log is not None and self.ids is not None:
            code.const32(0).get(self.log).access("i32.store", MACHINE, STATE_LOG)
            code.const32(0).get(self.ids).access("i32.store", MACHINE, STATE_IDS)

    def function(self, item: Function) -> bytes:
        code = Code(len(self.passed) + 1)
        frame = Frame(FP, self.block, self.log, self.ids, code.new_local(I64), code.new_local(I64), [], self.touch)
        numbers = [number for number, start in enumerate(self.blocks.starts) if item.start <= start < item.end]
        first, count = numbers[0], len(numbers)
        code.get(FP).const32(SLOT_PAGE_BITS).op("i32.shr_u").const32(0).access("i32.load", MACHINE, STATE_LOW).op("i32.lt_s")
        self.last_page(code, item).const32(0).access("i32.load", MACHINE, STATE_HIGH).op("i32.gt_s", "i32.or").block("if")
        code.get(FP).const32(SLOT_PAGE_BITS).op("i32.shr_u")
        self.last_page(code, item).call(self.enter).const32(0).op("i32.lt_s").block("if")
        self.save(code, first)
        code.const32(CUT_EARLY).op("return").end().end()
        code.block().block().block("loop")
        for _ in range(count):
            code.block()
        code.get(self.block).table(list(range(count - 1)), count - 1)
        for position, number in enumerate(numbers):
            code.end()
            self.one_block(code, frame, first, count, position, number)
        code.end().op("unreachable").end()
        self.save(code, first)
        code.const32(CUT).op("return").end()
        self.save(code, first)
        return code.const32(TRAPPED).finish()

    def last_page(self, code: Code, item: Function) -> Code:
        return code.get(FP).const32(SLOT_BYTES * (item.frame - 1)).op("i32.add").const32(SLOT_PAGE_BITS).op("i32.shr_u")

    def one_block(self, code: Code, frame: Frame, first: int, count: int, position: int, number: int) -> None:
        loop = count - 1 - position
        self.charge(code, position, number, loop + 1)
        emitter = BlockEmitter(code, frame, self.layout, self.program.memory_pages, position, loop + 2)
        pcs = self.blocks.members[number]
        if len(pcs) == 1 and self.decoded[pcs[0]].operation.name == "TRAP":
            # Such a block has no counted row, so a second run is not cut before it and must find everything untouched.
            emitter.trap()
            self.shapes.append(emitter.shape)
            return
        emitter.begin_record(number)
        for pc in pcs[:-1]:
            emitter.instruction(self.decoded[pc])
        last = self.decoded[pcs[-1]]
        follower = self.blocks.index.get(last.next, 0) - first

        def go(target: int, inside: int = 0) -> None:
            """To a block of this function: forwards out of the blocks in between, backwards around the loop."""
            if target > position:
                if target > position + 1 or inside:
                    code.branch("br", target - position - 1 + inside)
            else:
                code.const32(target).set(self.block).branch("br", loop + inside)

        match last.operation.name:
            case "BRNZ" | "BRZ":
                condition = emitter.condition(last)
                emitter.flush()
                emitter.end_record()
                code.get(condition)
                if last.operation.name == "BRZ":
                    code.op("i32.eqz")
                code.block("if")
                go(self.blocks.index[last.i] - first, 1)
                code.end()
                go(follower)
            case "CALL":
                emitter.call(last)
                code.get(FP).const32(SLOT_BYTES * last.d).op("i32.add").get(*self.passed[1:])
                callee = self.program.function_index(last.i)
                entry = self.blocks.index[last.i] - self.blocks.index[self.program.functions[callee].start]
                code.const32(entry).tail_call(self.first_function + callee)
            case "RETURN":
                emitter.leave()
                # The upper half of the link is the frame pointer, the lower half the pc to go on at.
                code.get(frame.link).const64(30).op("i64.shr_u", "i32.wrap_i64").const32(-SLOT_BYTES).op("i32.and").get(*self.passed[1:])
                for offset in (4, 0):
                    code.get(frame.link).op("i32.wrap_i64").const32(3).op("i32.shl")
                    code.access("i32.load", MACHINE, self.layout.dispatch + offset)
                code.tail_call_table(2)
            case "HALT":
                emitter.shape.steps.append({})
                emitter.flush()
                emitter.end_record()
                code.const32(position).set(self.block)
                self.save(code, first)
                code.const32(HALTED).op("return")
            case "TRAP":
                emitter.trap()
            case _:
                emitter.instruction(last)
                emitter.flush()
                emitter.end_record()
                go(follower)
        self.shapes.append(emitter.shape)

    def charge(self, code: Code, position: int, number: int, cut: int) -> None:
        """Takes the rows of the block from what is left, or cuts the segment before it."""
        rows = {family: int(self.blocks.rows[number, family]) for family in Family}
        tests = 0
        for word, cost in zip(WORDS, pack(rows), strict=True):
            if cost:
                code.get(word).const64(cost).op("i64.sub").tee(word)
                if tests:
                    code.op("i64.or")
                tests += 1
        if tests:
            code.const64(SIGNS).op("i64.and").const64(0).op("i64.ne")
        if self.blocks.pages[number]:
            code.const32(0).access("i32.load", MACHINE, STATE_PAGES).const32(self.blocks.pages[number]).op("i32.lt_s")
            if tests:
                code.op("i32.or")
        if tests or self.blocks.pages[number]:
            code.block("if").const32(position).set(self.block).branch("br", cut + 1).end()


