"""The functions of module `longrun`, against hashlib, Python's integers and the permutation of the prover."""

from __future__ import annotations

import hashlib
import random
import re
import struct
from functools import cache
from pathlib import Path

import pytest

from stark import poseidon2
from stark.field import P
from tests.wasm_exec.test_agreement import check_agreement
from wasm_exec.cutting import Budget
from wasm_exec.execute import run
from wasm_exec.host_constants import DIAGONAL, POSEIDON2
from wasm_exec.program import Program
from wasm_exec.text import from_text
from wasm_exec.translate import load
from wasm_exec.wasi import STANDARD

LARGE = Budget.uniform(1 << 19, 4000)
# name -> (addresses that it takes, bytes of the state, bytes that each call takes in)
SHAPES = {"sha256_compress": ("0 1000", 32, 64), "keccakf": ("0", 200, 0), "poseidon2": ("0", 64, 0),
          "mulmod256": ("0 1000 1032 1064", 32, 96)}
INITIAL = struct.pack("<8I", 0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)


@cache
def guest(name: str, block_rows: int = 1024) -> Program:
    """Reads the state, then piece after piece (or nothing), each time calls the function, and writes the state."""
    addresses, state, piece = SHAPES[name]
    arguments = " ".join(f"(i32.const {place})" for place in addresses.split())
    call = f"(call $f {arguments})"
    loop = f"(loop $again (if (call $read (i32.const 1000) (i32.const {piece})) (then {call} (br $again))))" if piece else call
    return load(from_text(f"""(module (import "longrun" "read_input" (func $read (param i32 i32) (result i32)))
        (import "longrun" "write_output" (func $write (param i32 i32)))
        (import "longrun" "{name}" (func $f {"(param i32)" * len(addresses.split())})) (memory 1)
        (func (export "_start") (drop (call $read (i32.const 0) (i32.const {state}))) {loop}
            (call $write (i32.const 0) (i32.const {state}))))""".encode()), block_rows, 8)


def answer(name: str, content: bytes) -> bytes:
    recording = run(guest(name), content, LARGE)
    assert recording.outcome.exited
    return recording.output


def test_sha256() -> None:
    generator = random.Random(1)
    for length in [0, 1, 55, 56, 64, 119, 300]:
        message = generator.randbytes(length)
        padded = message + b"\x80" + bytes(-(length + 9) % 64) + (8 * length).to_bytes(8, "big")
        state = answer("sha256_compress", INITIAL + padded)
        assert struct.pack(">8I", *struct.unpack("<8I", state)) == hashlib.sha256(message).digest()


def test_keccak() -> None:
    generator = random.Random(2)
    for length in [0, 1, 100, 134]:
        message = generator.randbytes(length)
        block = bytearray((message + b"\x06").ljust(200, b"\0"))
        block[135] |= 0x80
        assert answer("keccakf", bytes(block))[:32] == hashlib.sha3_256(message).digest()


def test_poseidon2_is_the_permutation_of_the_prover() -> None:
    full, partial = poseidon2.round_constants()
    assert POSEIDON2 == (*(word for words in full[:4] for word in words), *partial, *(word for words in full[4:] for word in words))
    assert DIAGONAL == poseidon2.HASHES[16].diagonal
    generator = random.Random(3)
    states = [[generator.randrange(P) for _ in range(16)] for _ in range(5)] + [[0] * 16, [P - 1] * 16]
    for state in states:
        assert list(struct.unpack("<16I", answer("poseidon2", struct.pack("<16I", *state)))) == poseidon2.permute_one(state)
    assert answer("poseidon2", b"\xff" * 64) == answer("poseidon2", struct.pack("<I", 0xFFFFFFFF % P) * 16)


def number_of(generator: random.Random) -> int:
    """Of any size, often at the edges of digits."""
    bits = generator.choice([0, 1, 31, 32, 33, 63, 64, 65, 96, 128, 129, 200, 224, 255, 256])
    value = generator.choice([generator.getrandbits(bits or 1), (1 << bits) - 1, 1 << max(bits - 1, 0), (1 << bits) - (1 << bits // 2)])
    return value % (1 << 256)


def test_mulmod() -> None:
    generator = random.Random(4)
    cases = [tuple(number_of(generator) for _ in range(3)) for _ in range(400)]
    # Cases in which the first guess of a digit is wrong, and in which it must be added back.
    cases += [(2**256 - 1, 2**256 - 1, 2**256 - 1), (2**255, 2**128 + 3, 2**255 + 2**224 - 1), (2**127, 1, 2**63 + 1)]
    cases += [((1 << 128) - 1 << 64, 1 << 64, (1 << 95) | generator.getrandbits(64)) for _ in range(20)]
    cases += [(0x7FFFFFFF800000000000000000000000, 1, 0x800000000000000000000001), (5, 6, 0), (0, 7, 11)]
    for a, b, m in cases:
        content = bytes(32) + b"".join(value.to_bytes(32, "little") for value in (a, b, m))
        assert int.from_bytes(answer("mulmod256", content), "little") == (a * b % m if m else 0), (a, b, m)


@pytest.mark.parametrize("name", SHAPES)
def test_the_same_in_both_engines(name: str) -> None:
    content = random.Random(5).randbytes(SHAPES[name][1] + SHAPES[name][2])
    for rows, pages in ((5000, 100), (300, 60)):
        recording = check_agreement(guest(name, 64), content, Budget.uniform(rows, pages), traces=4)
        assert recording.outcome.exited


def test_beyond_memory_they_trap() -> None:
    program = load(from_text(b"""(module (import "longrun" "keccakf" (func $f (param i32))) (memory 1)
        (func (export "_start") (call $f (i32.const 65400))))"""))
    assert run(program, b"", LARGE).outcome.trapped


@pytest.mark.parametrize("header, pattern", [
    ("longrun.h", r"(?m)^LONGRUN\((\w+)\) "), ("longrun.rs", r"pub fn (\w+)\(.*\)(?: -> (?:!|u32))?;"),
    ("longrun.ts", r'@external\("longrun", "(\w+)"\)'), ("longrun.go", r"//go:wasmimport longrun (\w+)"),
])
def test_the_headers_declare_what_there_is(header: str, pattern: str) -> None:
    text = (Path(__file__).parents[2] / "samples" / "sdk" / header).read_text()
    assert sorted(re.findall(pattern, text)) == sorted(name for module, name in STANDARD.functions if module == "longrun")
