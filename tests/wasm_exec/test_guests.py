"""Programs that compilers made: their output is the expected one, wasmtime's, and the same wherever the run is cut."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import wasmtime

from tests.wasm_exec.spec.proving import Proved, Tally, budget, look_at_run
from wasm_exec.cutting import Budget
from wasm_exec.execute import run
from wasm_exec.recording import Recording
from wasm_exec.translate import load

SAMPLES = Path(__file__).parents[2] / "samples"
C_GUESTS = sorted(path.stem for path in (SAMPLES / "c").glob("*.c"))
SCRIPTS = sorted(path.stem for path in (SAMPLES / "assemblyscript").glob("*.ts"))
SESSIONS = ["cave"]  # test_cave.py
GUESTS = sorted([*C_GUESTS, *SCRIPTS, *(path.stem for path in (SAMPLES / "rust").glob("*.rs") if path.stem not in SESSIONS)])
BUDGET = Budget.uniform(1 << 16, 500)
HAS_ZIG = subprocess.run([sys.executable, "-c", "import ziglang"], capture_output=True, check=False).returncode == 0
ASC, ASC_VERSION = os.environ.get("ASC") or shutil.which("asc"), "0.28.20"


def entered(name: str) -> bytes:
    return (SAMPLES / "inputs" / f"{name}.txt").read_bytes()


def expected(name: str) -> bytes:
    return (SAMPLES / "outputs" / f"{name}.txt").read_bytes()


def under_wasmtime(wasm: bytes, content: bytes, folder: Path) -> tuple[int, bytes]:
    """Exit code and output of a command, with WASI or with the functions of module `longrun`."""
    (folder / "in").write_bytes(content)
    linker = wasmtime.Linker(engine := wasmtime.Engine())
    store = wasmtime.Store(engine)
    linker.define_wasi()
    i32 = wasmtime.ValType.i32()
    linker.define_func("env", "abort", wasmtime.FuncType([i32] * 4, []), aborted)
    written = bytearray()
    with_longrun(linker, content, written)
    config = wasmtime.WasiConfig()
    config.argv = ["main"]
    config.stdin_file, config.stdout_file = str(folder / "in"), str(folder / "out")
    store.set_wasi(config)
    exports = linker.instantiate(store, wasmtime.Module(engine, wasm)).exports(store)
    start = exports["_start" if "_start" in exports.keys() else "main"]
    assert isinstance(start, wasmtime.Func)
    try:
        code = start(store) or 0
    except wasmtime.ExitTrap as stop:
        code = stop.code
    del store, linker, start, exports
    return code, (folder / "out").read_bytes() + bytes(written)


def aborted(message: int, file: int, line: int, column: int) -> None:
    raise AssertionError("a guest in AssemblyScript gave up")


def with_longrun(linker: wasmtime.Linker, content: bytes, written: bytearray) -> None:
    """The functions of module `longrun` that a guest here may import, on a dictionary."""
    state: dict[bytes, bytes] = {}
    left = [content]

    def memory(caller: wasmtime.Caller) -> wasmtime.Memory:
        found = caller["memory"]
        assert isinstance(found, wasmtime.Memory)
        return found

    def get(caller: wasmtime.Caller, key: int, value: int) -> int:
        name = bytes(memory(caller).read(caller, key, key + 32))
        memory(caller).write(caller, state.get(name, bytes(32)), value)
        return int(name in state)

    def put(caller: wasmtime.Caller, key: int, value: int) -> None:
        state[bytes(memory(caller).read(caller, key, key + 32))] = bytes(memory(caller).read(caller, value, value + 32))

    def take(caller: wasmtime.Caller, place: int, length: int) -> int:
        part, left[0] = left[0][:length], left[0][length:]
        memory(caller).write(caller, part, place)
        return len(part)

    def say(caller: wasmtime.Caller, place: int, length: int) -> None:
        written.extend(memory(caller).read(caller, place, place + length))

    i32 = wasmtime.ValType.i32()
    functions = {"state_get": (get, [i32]), "state_set": (put, []), "read_input": (take, [i32]), "write_output": (say, [])}
    for name, (function, results) in functions.items():
        linker.define_func("longrun", name, wasmtime.FuncType([i32, i32], results), function, access_caller=True)


def carried_out(wasm: bytes, content: bytes, budget: Budget = BUDGET) -> Recording:
    recording = run(load(wasm), content, budget)
    assert recording.outcome.exited, recording.outcome
    return recording


@pytest.mark.parametrize("name", GUESTS)
def test_a_guest_prints_what_is_expected(name: str, tmp_path: Path) -> None:
    wasm = (SAMPLES / "built" / f"{name}.wasm").read_bytes()
    recording = carried_out(wasm, entered(name))
    assert recording.output == expected(name)
    assert under_wasmtime(wasm, entered(name), tmp_path) == (recording.outcome.code, recording.output) and recording.outcome.code == 0


@pytest.mark.parametrize("name, content, code, output", [
    ("sha256", b"", 0, b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"),
    ("json", b".a\n{\"b\": 1}", 1, b""),
    ("json", b".\n[1, 2", 2, b"not JSON: a missing comma or bracket at byte 5\n"),
    ("json", b".*#\n[[1, 2], {\"a\": 3}, []]", 0, b"2\n1\n0\n"),
    ("script", b"print 1 / (2 - 2);", 3, b"division by zero\n"),
    ("script", b"var x = 1\nprint y;", 2, b"line 2: ;\n"),
    ("script", b"array a[3]; a[3] = 1;", 3, b"an index is out of bounds\n"),
    ("script", b"fn f(n) { return f(n + 1); } print f(0);", 3, b"too many calls\n"),
    ("bookings", b"", 0, b"sum                  0.00\n"),
    ("bookings", b"a 1.00\nb 1.5\n", 1, b"line 2: no booking\n"),
    ("bookings", b"a 92233720368547758.07\nb 0.01", 1, b"line 2: too large\n"),
    ("bookings", b"\n\n\xff\xfe 1.00\n a -0.01", 1, b"line 3: no booking\n"),
    ("bookings", b"\n a -0.01", 0, b"sum                 -0.01\n"),
    ("markdown", b"", 1, b""),
    ("markdown", b"**a** `b` [c](d) [e](d) *f", 0, b"<li>d, 2 times, first as c</li>\n</ol>\n"),
    ("markdown", b"- \xe6\xb0\xb4\n\n\xf0\x9f\x8c\x8a", 0, b"\xe6\xb0\xb4</li>\n</ul>\n<p>\n\xf0\x9f\x8c\x8a\n</p>\n"),
    ("adventure", b"dance", 1, b"> dance\nYou do not know how to do that.\nYou gave up after 1 turns.\n"),
])
def test_other_inputs(name: str, content: bytes, code: int, output: bytes, tmp_path: Path) -> None:
    wasm = (SAMPLES / "built" / f"{name}.wasm").read_bytes()
    recording = carried_out(wasm, content)
    assert recording.outcome.code == code and recording.output.endswith(output)
    assert under_wasmtime(wasm, content, tmp_path) == (code, recording.output)


@pytest.mark.parametrize("name", ["sha256", "json", "sort", "bookings"])
def test_where_it_is_cut_changes_nothing(name: str) -> None:
    program = load((SAMPLES / "built" / f"{name}.wasm").read_bytes(), 64, 8)
    fast = run(program, entered(name), Budget.uniform(200, 60), engine="recorder")
    slow = run(program, entered(name), Budget.uniform(200, 60), engine="interpreter")
    assert len(fast.segments) == len(slow.segments) > 5 and fast.output == expected(name)
    for mine, theirs in zip([*fast.segments, fast.final], [*slow.segments, slow.final], strict=True):
        assert mine.same_as(theirs)


@pytest.mark.parametrize("name, content, output", [
    ("markdown", b"# A\n", b"<h1>A</h1>\n"), ("bookings", b"a 1.00\n", b"sum                  1.00\n"),
])
def test_a_run_of_a_guest_is_proved(name: str, content: bytes, output: bytes) -> None:
    """Every segment, at toy parameters; together they are about this input and this output."""
    program = load((SAMPLES / "built" / f"{name}.wasm").read_bytes())
    recording = run(program, content, budget(len(program.instructions)))
    assert recording.outcome.exited and recording.output.endswith(output)
    look_at_run(recording, Proved(), tally := Tally())
    assert tally.problems == [] and tally.counts["runs"] == 1 and tally.counts["segments"] == len(recording.segments)


def test_every_guest_has_its_module_and_its_files() -> None:
    assert sorted([*GUESTS, *SESSIONS]) == sorted(path.stem for path in (SAMPLES / "built").glob("*.wasm"))
    assert all(path.stat().st_size < 100_000 for path in (SAMPLES / "built").iterdir())
    for folder in ("inputs", "outputs"):
        assert sorted(path.stem for path in (SAMPLES / folder).iterdir()) == sorted([*GUESTS, "words"])


@pytest.mark.skipif(shutil.which("go") is None, reason="there is no Go compiler")
def test_the_guest_in_go_prints_what_is_expected(tmp_path: Path) -> None:
    """In the interpreter: to compile a recorder of half a million instructions takes longer. `make fuzz` does so, and asks wasmtime."""
    subprocess.run([SAMPLES / "go" / "build.sh", tmp_path], check=True)
    wasm = (tmp_path / "words.wasm").read_bytes()
    recording = run(load(wasm), entered("words"), Budget.uniform(1 << 18, 5000), engine="interpreter")
    assert recording.outcome.exited and recording.outcome.code == 0 and recording.output == expected("words")


@pytest.mark.skipif(not HAS_ZIG, reason="the Python package ziglang is not installed")
def test_the_c_modules_are_what_the_build_script_makes(tmp_path: Path) -> None:
    subprocess.run([SAMPLES / "c" / "build.sh", tmp_path], check=True, env=os.environ | {"PYTHON": sys.executable})
    for name in C_GUESTS:
        assert (tmp_path / f"{name}.wasm").read_bytes() == (SAMPLES / "built" / f"{name}.wasm").read_bytes(), name


@pytest.mark.skipif(ASC is None, reason="the AssemblyScript compiler asc is not on the path")
def test_the_assemblyscript_modules_are_what_the_build_script_makes(tmp_path: Path) -> None:
    assert ASC is not None
    if ASC_VERSION not in subprocess.run([ASC, "--version"], capture_output=True, text=True, check=True).stdout:
        pytest.skip(f"this asc is not {ASC_VERSION}")
    subprocess.run([SAMPLES / "assemblyscript" / "build.sh", tmp_path], check=True, env=os.environ | {"ASC": ASC})
    for name in SCRIPTS:
        assert (tmp_path / f"{name}.wasm").read_bytes() == (SAMPLES / "built" / f"{name}.wasm").read_bytes(), name
