"""One module at work: its exports are called one after the other, every call cut into small segments and run by both engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from wasm_exec.assembler import Assembler
from wasm_exec.changes import NO_CHANGES
from wasm_exec.cutting import Budget
from wasm_exec.decode import decode
from wasm_exec.environment import Constant, Environment, Routine
from wasm_exec.errors import TrapKind
from wasm_exec.execute import take_changes
from wasm_exec.image import MemoryImage
from wasm_exec.interpreter import Interpreter
from wasm_exec.module import Body, ExternalKind, FunctionType, Limits, Table, ValueType
from wasm_exec.opcodes import CODE_OF
from wasm_exec.places import Places
from wasm_exec.program import Program
from wasm_exec.recorder import Recorder
from wasm_exec.recording import Engine, SegmentStart, Status
from wasm_exec.routines import Routines
from wasm_exec.runtime import EXPORT_FRAME
from wasm_exec.spaces import Space
from wasm_exec.translate import load
from wasm_exec.translate_blocks import Surroundings
from wasm_exec.translate_body import BodyTranslator

SMALL = Budget.uniform(12, 30)
LARGE = Budget.uniform(1 << 19, 1 << 18)
SMALL_SEGMENTS = 24  # after so many segments of a call the rest is one large segment, and only the recorder goes on
STEPS_LIMIT = 1 << 26


def nothing() -> Assembler:
    code = Assembler("nothing")
    code.emit("RETURN")
    return code


KINDS = {"i32": ValueType.I32, "i64": ValueType.I64, "f32": ValueType.F32, "f64": ValueType.F64}
PRINTS = [(), ("i32",), ("i64",), ("f32",), ("f64",), ("i32", "f32"), ("f64", "f64")]
SPECTEST = Environment(
    {("spectest", "_".join(["print", *kinds])): Routine(FunctionType(tuple(KINDS[kind] for kind in kinds), ()), lambda around: nothing())
     for kinds in PRINTS},
    {("spectest", f"global_{name}"): Constant(KINDS[name], value) for name, value in
     {"i32": 666, "i64": 666, "f32": 0x4426A666, "f64": 0x4084D4CCCCCCCCCD}.items()},
    {("spectest", "memory"): Limits(0, 1, 2)},
    {("spectest", "table"): Table(ValueType.FUNCREF, Limits(0, 10, 20))},
)


@dataclass(frozen=True)
class Answer:
    """What a call gave: a trap, or values as bits."""

    trap: TrapKind | None
    values: list[int]


class Disagreement(Exception):
    """The engines differ."""


ALONE = {CODE_OF[name] for name in ("i32.const", "i64.const", "f32.const", "f64.const", "local.get", "end", "drop")}


def translated(translator: Callable[[], BodyTranslator], body: Body, around: Surroundings) -> Assembler:
    return translator().translate(body)


class Machine:
    def __init__(self, wasm: bytes, environment: Environment = SPECTEST) -> None:
        self.module = decode(wasm)
        self.shared = False  # a second module that we do not have changes its state
        self.program: Program = load(wasm, 12, 8, environment, exports=True)
        self.image = MemoryImage.initial(self.program, b"")
        self.engines: list[Engine] = [Recorder(self.program), Interpreter(self.program)]
        self.started = self.go(self.program.entry, SMALL, self.engines)

    def call(self, name: str, arguments: list[int], deep: bool = False) -> Answer:
        export = self.program.exports[name]
        for (slot, wide), value in zip(export.parameters, arguments, strict=True):
            self.poke(Space.FRAMES64 if wide else Space.FRAMES32, EXPORT_FRAME + slot, value)
        trap = self.go(export.pc, LARGE if deep else SMALL, self.engines[:1] if deep else self.engines)
        if trap is not None:
            return Answer(trap, [])
        return Answer(None, [
            self.image.read_cell(Space.FRAMES64 if wide else Space.FRAMES32, EXPORT_FRAME + slot) for slot, wide in export.results
        ])

    def global_value(self, name: str) -> list[int]:
        index = next(item.index for item in self.module.exports if item.name == name and item.kind is ExternalKind.GLOBAL)
        return [self.image.read_cell(Space.GLOBALS, index)]

    def for_others(self, name: str) -> Environment:
        """What modules that are registered later can import from this one without sharing its state: functions that touch nothing
        but their own values, and immutable globals."""
        module, result = self.module, Environment()
        types = [module.types[item.type_index] for item in module.imports] + [module.types[index] for _, index in module.functions]
        around = Surroundings(module, types, Places(module), Routines({}, 1 << 20))
        for item in module.exports:
            body = module.bodies[item.index - len(module.imports)] if len(module.imports) <= item.index < len(types) else None
            if item.kind is ExternalKind.FUNCTION and body and all(part.code in ALONE for part in body.instructions):
                signature = types[item.index]
                translator = partial(BodyTranslator, around, item.name, signature, body)
                result.functions[name, item.name] = Routine(signature, partial(translated, translator, body))
            if item.kind is ExternalKind.GLOBAL and not module.globals[item.index].mutable:
                kind = module.globals[item.index].type
                if not kind.is_reference:
                    result.globals[name, item.name] = Constant(kind, self.program.globals[item.index])
        return result

    def poke(self, space: Space, cell: int, value: int) -> None:
        self.image.reserve(space, cell + 1)
        self.image.cells[space][cell] = value

    def go(self, pc: int, budget: Budget, engines: list[Engine]) -> TrapKind | None:
        """Runs until the end, in every engine from the same cells, and keeps the cells at the end."""
        ends = [self.boundaries(engine, self.image.copy(), pc, budget, index == 0) for index, engine in enumerate(engines)]
        for boundaries, _ in ends[1:]:
            if not all(one.same_as(other) for one, other in zip(boundaries, ends[0][0], strict=len(boundaries) < SMALL_SEGMENTS)):
                raise Disagreement
        last = ends[0][0][-1]
        self.image = ends[0][1]
        return TrapKind(last.status - Status.TRAPPED) if last.status >= Status.TRAPPED else None

    def boundaries(
        self, engine: Engine, image: MemoryImage, pc: int, budget: Budget, all_of_it: bool
    ) -> tuple[list[SegmentStart], MemoryImage]:
        """Where the call was cut, and the cells at the end. Each time everything is put into the engine anew."""
        boundary = SegmentStart(pc, 0, int(Status.RUNNING), NO_CHANGES, 0)
        found: list[SegmentStart] = []
        while boundary.status == Status.RUNNING and (all_of_it or len(found) < SMALL_SEGMENTS):
            if boundary.steps > STEPS_LIMIT:
                raise TimeoutError
            if len(found) <= SMALL_SEGMENTS:
                engine.restore(image)
            end = engine.segment(boundary.pc, boundary.fp, budget if len(found) < SMALL_SEGMENTS else LARGE, traced=False)
            changed = take_changes(image, end.touched)
            boundary = SegmentStart(end.pc, end.fp, end.status, changed, boundary.steps + end.steps)
            found.append(boundary)
        return found, image
