"""Functions of module `longrun` in plain C, Rust, Go and AssemblyScript give what the module gives, wherever the compiler is there."""

from __future__ import annotations

import ctypes
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import wasmtime

from tests.wasm_exec.test_guests import ASC
from tests.wasm_exec.test_host_functions import answer
from tests.wasm_exec.test_hosts import SIZES
from wasm_exec.decode import decode
from wasm_exec.wasi import STANDARD

SDK = Path(__file__).parents[2] / "samples" / "sdk"
Answers = list[bytes]
Cases = list[tuple[str, bytes]]

C = f"""
#include "{SDK}/plain.h"
void sha256_compress(uint32_t *state, const uint8_t *block) {{ plain_sha256_compress(state, block); }}
void keccakf(uint64_t *state) {{ plain_keccakf(state); }}
void poseidon2(uint32_t *state) {{ plain_poseidon2(state); }}
void mulmod256(uint32_t *out, const uint32_t *a, const uint32_t *b, const uint32_t *m) {{ plain_mulmod256(out, a, b, m); }}
"""
RUST = f"""
#[path = "{SDK}/plain.rs"]
mod plain;
#[no_mangle] pub extern "C" fn sha256_compress(state: &mut [u32; 8], block: &[u8; 64]) {{ plain::sha256_compress(state, block) }}
#[no_mangle] pub extern "C" fn keccakf(state: &mut [u64; 25]) {{ plain::keccakf(state) }}
#[no_mangle] pub extern "C" fn poseidon2(state: &mut [u32; 16]) {{ plain::poseidon2(state) }}
#[no_mangle] pub extern "C" fn mulmod256(out: &mut [u32; 8], a: &[u32; 8], b: &[u32; 8], m: &[u32; 8]) {{
    *out = plain::mulmod256(a, b, m)
}}
"""
SCRIPT = """
export {
  plainSha256Compress as sha256_compress, plainKeccakf as keccakf, plainPoseidon2 as poseidon2, plainMulmod256 as mulmod256
} from "./sdk";
export function room(): usize { return heap.alloc(256); }
"""
GO = """package main

import ("encoding/hex"; "fmt"; "unsafe")

func main() {
	var name, text string
	for {
		if _, end := fmt.Scan(&name, &text); end != nil { return }
		content, _ := hex.DecodeString(text)
		at := func(place int) unsafe.Pointer { return unsafe.Pointer(&content[place]) }
		switch name {
		case "sha256_compress": PlainSHA256Compress((*[8]uint32)(at(0)), (*[64]byte)(at(32)))
		case "keccakf": PlainKeccakF((*[25]uint64)(at(0)))
		case "poseidon2": PlainPoseidon2((*[16]uint32)(at(0)))
		default: *(*[8]uint32)(at(0)) = PlainMulMod256((*[8]uint32)(at(32)), (*[8]uint32)(at(64)), (*[8]uint32)(at(96)))
		}
		fmt.Println(hex.EncodeToString(content))
	}
}
"""


def cases() -> Cases:
    generator = random.Random(6)
    found = [(name, generator.randbytes(sum(sizes))) for name, sizes in SIZES.items() for _ in range(4)]
    found += [("poseidon2", bytes(64)), ("poseidon2", b"\xff" * 64)]
    top = 2**256 - 1
    for numbers in ((5, 6, 0), (0, 7, 11), (top, top, top), (top, top - 1, 2**255 + 9), (7, 9, 1), (2**200, 2**199, 97)):
        found.append(("mulmod256", bytes(32) + b"".join(number.to_bytes(32, "little") for number in numbers)))
    return found


def through_library(path: Path, given: Cases) -> Answers:
    library, results = ctypes.CDLL(str(path)), []
    for name, content in given:
        places = [sum(SIZES[name][:index]) for index in range(len(SIZES[name]))]
        buffer = ctypes.create_string_buffer(content, len(content) + 8)
        getattr(library, name)(*(ctypes.byref(buffer, place) for place in places))
        results.append(buffer.raw[: SIZES[name][0]])
    return results


def in_c(folder: Path, given: Cases) -> Answers:
    (folder / "plain.c").write_text(C)
    command = [shutil.which("cc") or "", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", folder / "plain.c", "-o", folder / "plain.so"]
    subprocess.run(command, check=True)
    return through_library(folder / "plain.so", given)


def in_rust(folder: Path, given: Cases) -> Answers:
    (folder / "plain.rs").write_text(RUST)
    options = ["--edition", "2021", "--crate-type", "cdylib", "-C", "overflow-checks"]
    subprocess.run([shutil.which("rustc") or "", *options, folder / "plain.rs", "-o", folder / "plain.so"], check=True)
    return through_library(folder / "plain.so", given)


def in_go(folder: Path, given: Cases) -> Answers:
    (folder / "main.go").write_text(GO)
    (folder / "plain.go").write_text((SDK / "plain.go").read_text().replace("package longrun", "package main"))
    lines = "".join(f"{name} {content.hex()}\n" for name, content in given)
    command, environment = [shutil.which("go") or "", "run", "main.go", "plain.go"], os.environ | {"GO111MODULE": "off"}
    printed = subprocess.run(command, cwd=folder, input=lines, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout
    return [bytes.fromhex(line)[: SIZES[name][0]] for line, (name, _) in zip(printed.split(), given, strict=True)]


def in_assemblyscript(folder: Path, given: Cases) -> Answers:
    (folder / "plain.ts").write_text(SCRIPT)
    shutil.copy(SDK / "plain.ts", folder / "sdk.ts")
    subprocess.run([ASC or "", folder / "plain.ts", "--optimize", "--use", "abort=", "--outFile", folder / "plain.wasm"], check=True)
    store, results = wasmtime.Store(), []
    exports = wasmtime.Instance(store, wasmtime.Module(store.engine, (folder / "plain.wasm").read_bytes()), []).exports(store)
    room, memory = exports["room"], exports["memory"]
    assert isinstance(room, wasmtime.Func) and isinstance(memory, wasmtime.Memory)
    start = room(store)
    for name, content in given:
        function = exports[name]
        assert isinstance(function, wasmtime.Func)
        memory.write(store, content, start)
        function(store, *(start + sum(SIZES[name][:index]) for index in range(len(SIZES[name]))))
        results.append(bytes(memory.read(store, start, start + SIZES[name][0])))
    return results


LANGUAGES = {"cc": in_c, "rustc": in_rust, "go": in_go, "asc": in_assemblyscript}


@pytest.mark.parametrize("compiler", LANGUAGES)
def test_plain_code_gives_what_the_module_gives(compiler: str, tmp_path: Path) -> None:
    if not (ASC if compiler == "asc" else shutil.which(compiler)):
        pytest.skip(f"{compiler} is not on the path")
    run: Callable[[Path, Cases], Answers] = LANGUAGES[compiler]
    assert run(tmp_path, cases()) == [answer(name, content)[: SIZES[name][0]] for name, content in cases()]


USING = """package main

import longrun "SDK"

func main() {
	var state, number [8]uint32
	var block [64]byte
	var lanes [25]uint64
	var words [16]uint32
	var key [32]byte
	longrun.SHA256Compress(&state, &block)
	longrun.KeccakF(&lanes)
	longrun.Poseidon2(&words)
	number = longrun.MulMod256(&state, &state, &number)
	value, found := longrun.StateGet(&key)
	longrun.StateSet(&key, &value)
	if found || longrun.ReadInput(block[:]) == 0 {
		longrun.Halt(number[0])
	}
	longrun.WriteOutput(block[:])
}
"""


@pytest.mark.skipif(shutil.which("go") is None, reason="there is no Go compiler")
def test_longrun_go_imports_what_the_module_has(tmp_path: Path) -> None:
    """Every function of it, with the types that the environment gives it."""
    package = tmp_path / "src" / "sdk"
    package.mkdir(parents=True)
    for name in ("longrun.go", "plain.go"):
        shutil.copy(SDK / name, package)
    (tmp_path / "main.go").write_text(USING.replace("SDK", "sdk"))
    wanted = {"GO111MODULE": "off", "GOPATH": str(tmp_path), "GOOS": "wasip1", "GOARCH": "wasm"}
    subprocess.run([shutil.which("go") or "", "build", "-o", "using.wasm", "main.go"], cwd=tmp_path, check=True, env=os.environ | wanted)
    module = decode((tmp_path / "using.wasm").read_bytes())
    imported = {item.name: module.types[item.type_index] for item in module.imports if item.module == "longrun"}
    provided = {name: routine.type for (module_name, name), routine in STANDARD.functions.items() if module_name == "longrun"}
    assert imported == provided
