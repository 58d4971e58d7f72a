"""Profiles say what the traces say, wherever a run is cut."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from longrun.cli import main
from tests.wasm_exec.test_agreement import BUDGETS
from tests.wasm_exec.test_samples import INPUTS, SAMPLES
from tests.wasm_exec.test_traps import TRAPS
from wasm_exec.cutting import Budget
from wasm_exec.execute import run
from wasm_exec.instructions import BY_NUMBER
from wasm_exec.interpreter import Interpreter
from wasm_exec.observe import DEPTH_SHOWN, observe
from wasm_exec.recording import Recording
from wasm_exec.text import from_text
from wasm_exec.translate import load


def recorded(name: str, budget: Budget) -> Recording:
    return run(load(from_text(SAMPLES / f"{name}.wat"), 12, 8), INPUTS[name], budget)


def counted(recording: Recording) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Steps by family, by function and by chain of callers, counted by the interpreter one step at a time."""
    program = recording.program
    machine = Interpreter(program)
    machine.restore(recording.image(0))
    families, functions, chains = Counter[str](), Counter[str](), Counter[str]()
    stack: list[str] = []
    while machine.status == 0:
        function, operation = program.function_at(machine.pc).name, BY_NUMBER[int(program.instructions[machine.pc, 1])]
        stack = [function] if not stack else stack
        families[operation.family.name.lower()] += 1
        functions[function] += 1
        chains[";".join(stack)] += 1
        machine.step()
        if operation.name in ("CALL", "CALL_SLOT") and machine.status == 0:
            stack = [*stack, program.function_at(machine.pc).name]
        elif operation.name == "RETURN":
            stack = stack[:-1]
    return families, functions, chains


@pytest.mark.parametrize("budget", BUDGETS.values(), ids=BUDGETS)
@pytest.mark.parametrize("name", ["fib_recursive", "collatz"])
def test_counts_are_those_of_the_interpreter(name: str, budget: Budget) -> None:
    recording = recorded(name, budget)
    seen = observe(recording)
    families, functions, chains = counted(recording)
    assert seen.by_family() == families and seen.by_function() == functions
    assert dict(line.rsplit(" ", 1) for line in seen.collapsed().splitlines()) == {chain: str(steps) for chain, steps in chains.items()}
    assert sum(seen.by_function().values()) == recording.final.steps
    assert list(seen.by_function().values()) == sorted(functions.values(), reverse=True)


def test_memory() -> None:
    whole, cut = observe(recorded("sieve", BUDGETS["one segment"])), observe(recorded("sieve", BUDGETS["few pages"]))
    assert whole.pages == cut.pages and whole.memory()["deepest frame"] == cut.memory()["deepest frame"] > 0
    assert whole.memory()["most pages of a segment"] >= cut.memory()["most pages of a segment"] > 0
    touching = load(from_text(b"""(module (memory 1) (func (export "main") (result i32)
        (i32.store (i32.const 510) (i32.const 1)) (i64.store (i32.const 4092) (i64.const 1)) (i32.load8_u (i32.const 65535))))"""))
    seen = observe(run(touching, b"", BUDGETS["one segment"]))
    assert seen.pages[3] == {1, 2, 15, 16, 255} and seen.memory()["linear"] == 5 * 256


@pytest.mark.parametrize("text, values", [item[:2] for item in TRAPS if "LOAD" in item[3] or "STORE" in item[3]])
def test_an_access_that_traps_touches_nothing(text: str, values: tuple[int, int]) -> None:
    wasm = from_text(f"""(module (memory 1) (func $f (param i32 i32) (result i32) {text})
        (func (export "main") (result i32) (call $f (i32.const {values[0]}) (i32.const {values[1]}))))""".encode())
    recording = run(load(wasm), b"", BUDGETS["one segment"])
    assert recording.outcome.trapped and 3 not in observe(recording).pages


def test_deep_recursion_stays_small() -> None:
    program = load(from_text(b"""(module (func $down (param i32) (result i32)
        (if (result i32) (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 3))))
        (func (export "main") (result i32) (call $down (i32.const 5000))))"""))
    recording = run(program, b"", BUDGETS["one segment"])
    seen = observe(recording)
    assert len(seen.functions) == DEPTH_SHOWN + 1 and sum(seen.steps) == recording.final.steps and len(seen.stack) == 1


def profiled(app: Path, out: Path, given: Path) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["profile", str(app), "-o", str(out), "--input", str(given)])
    assert not stop.value.code


def test_the_file_is_what_speedscope_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").write_bytes(INPUTS["sum"])
    profiled(SAMPLES / "sum.wat", tmp_path / "out.json", tmp_path / "in")
    found = json.loads((tmp_path / "out.json").read_text())
    assert found["$schema"] == "https://www.speedscope.app/file-format-schema.json"
    profile, frames = found["profiles"][0], found["shared"]["frames"]
    assert profile["type"] == "sampled" and profile["startValue"] == 0 and profile["endValue"] == sum(profile["weights"])
    assert len(profile["samples"]) == len(profile["weights"])
    assert {frame for chain in profile["samples"] for frame in chain} <= set(range(len(frames)))
    assert frames[profile["samples"][0][0]]["name"] == "entry" and "steps, exited(0)" in capsys.readouterr().out


def test_the_file_is_what_the_profiler_of_firefox_reads(tmp_path: Path) -> None:
    """Read as both readers do: the time of a sample is the delta after it, its chain goes up through the nodes that list it."""
    (tmp_path / "in").write_bytes(INPUTS["fib_recursive"])
    profiled(SAMPLES / "fib_recursive.wat", tmp_path / "out.cpuprofile", tmp_path / "in")
    found = json.loads((tmp_path / "out.cpuprofile").read_text())
    parents = {child: node["id"] for node in found["nodes"] for child in node["children"]}
    names = {node["id"]: node["callFrame"]["functionName"] for node in found["nodes"]}
    assert sorted(parents) == sorted(set(names) - {1}) and names[1] == "(root)" and found["samples"][-1] == 1
    steps: Counter[str] = Counter()
    for sample, taken in zip(found["samples"][:-1], found["timeDeltas"][1:], strict=True):
        chain = [sample]
        while chain[0] != 1:
            chain.insert(0, parents[chain[0]])
        steps[";".join(names[node] for node in chain[1:])] += taken
    seen = observe(run(load(from_text(SAMPLES / "fib_recursive.wat")), INPUTS["fib_recursive"], BUDGETS["one segment"]))
    assert {chain: str(count) for chain, count in steps.items()} == dict(line.rsplit(" ", 1) for line in seen.collapsed().splitlines())
    assert found["endTime"] - found["startTime"] == sum(found["timeDeltas"]) == sum(seen.steps)
