"""What a WASI program finds in the container of its input: the calls answer what was packed, whatever the container claims."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from tests.wasm_exec.test_agreement import check_agreement
from wasm_exec.cutting import Budget
from wasm_exec.errors import Malformed
from wasm_exec.execute import run
from wasm_exec.pack import main
from wasm_exec.recording import Recording
from wasm_exec.text import from_text
from wasm_exec.translate import load
from wasm_exec.wasi_input import HEADER_BYTES, WasiInput, pack, unpack

BUDGET = Budget.uniform(5000, 500)
FILES = {"data/words.txt": b"one two three", "b": b"", "long": bytes(range(256)) * 3}
WANTED = WasiInput(["tool", "-x", "größer"], {"HOME": "/", "A": "b=c"}, b"standard input", FILES, seed=11, clock=10**18)
SIGNATURES = {
    "args_sizes_get": "ii", "args_get": "ii", "environ_sizes_get": "ii", "environ_get": "ii", "clock_time_get": "ili",
    "clock_res_get": "ii", "random_get": "ii", "fd_read": "iiii", "fd_pread": "iiili", "fd_seek": "ilii", "fd_tell": "ii", "fd_close": "i",
    "fd_renumber": "ii", "fd_fdstat_get": "ii", "fd_filestat_get": "ii", "fd_prestat_get": "ii", "fd_prestat_dir_name": "iii",
    "path_filestat_get": "iiiii", "path_open": "iiiiillii", "poll_oneoff": "iiii", "sched_yield": "",
    "fd_readdir": "iiili", "sock_shutdown": "ii",
}
LETTERS = {"i": "i32", "l": "i64"}
OPEN = "(call $path_open (i32.const 3) (i32.const 0) (i32.const {place}) (i32.const {length}) (i32.const {flags})" \
       " (i64.const {rights}) (i64.const 0) (i32.const 0) (i32.const 400))"


def command(body: str) -> bytes:
    imports = "".join(
        f'(import "wasi_snapshot_preview1" "{name}" (func ${name} (param {" ".join(LETTERS[letter] for letter in letters)}) (result i32)))'
        for name, letters in SIGNATURES.items() if f"${name} " in body or f"${name})" in body)
    return from_text(f"""(module {imports} (import "longrun" "write_output" (func $write (param i32 i32))) (memory (export "memory") 1)
        (data (i32.const 1000) "/data/words.txt") (data (i32.const 1100) "./long")
        (func (export "main") (result i32) {body}))""".encode())


def answer(body: str, content: bytes | None = None) -> Recording:
    recording = run(load(command(body)), pack(WANTED) if content is None else content, BUDGET)
    assert recording.outcome.exited
    return recording


def opened(place: int, length: int, flags: int = 0, rights: int = 2) -> str:
    return OPEN.format(place=place, length=length, flags=flags, rights=rights)


def test_strings() -> None:
    body = "".join(f"(drop (call ${kind}_sizes_get (i32.const {base}) (i32.const {base + 4})))"
                   f"(drop (call ${kind}_get (i32.const {base + 8}) (i32.const {base + 32})))"
                   for kind, base in (("args", 0), ("environ", 96)))
    output = answer(body + "(call $write (i32.const 0) (i32.const 192)) (i32.const 0)").output
    for base, strings in ((0, [b"tool", b"-x", "größer".encode()]), (96, [b"A=b=c", b"HOME=/"])):
        count, size, *pointers = struct.unpack_from(f"<{2 + len(strings)}I", output, base)
        assert (count, size) == (len(strings), sum(len(string) + 1 for string in strings))
        for pointer, string in zip(pointers, strings, strict=True):
            assert output[pointer : pointer + len(string) + 1] == string + b"\0"


READING = f"""(drop {opened(1000, 15)}) (i32.store (i32.const 0) (i32.const 600)) (i32.store (i32.const 4) (i32.const 4))
    (i32.store (i32.const 8) (i32.const 700)) (i32.store (i32.const 12) (i32.const 50))
    (drop (call $fd_read (i32.const 4) (i32.const 0) (i32.const 2) (i32.const 500)))
    (call $write (i32.const 500) (i32.const 4)) (call $write (i32.const 600) (i32.const 4))
    (call $write (i32.const 700) (i32.sub (i32.load (i32.const 500)) (i32.const 4)))
    (drop (call $fd_seek (i32.const 4) (i64.const -5) (i32.const 2) (i32.const 520)))
    (drop (call $fd_read (i32.const 4) (i32.const 0) (i32.const 1) (i32.const 500))) (call $write (i32.const 600) (i32.const 4))
    (drop (call $fd_tell (i32.const 4) (i32.const 528))) (call $write (i32.const 520) (i32.const 16))
    (drop (call $fd_read (i32.const 0) (i32.const 8) (i32.const 1) (i32.const 500)))
    (call $write (i32.const 700) (i32.load (i32.const 500)))
    (drop (call $fd_pread (i32.const 4) (i32.const 0) (i32.const 1) (i64.const 8) (i32.const 500)))
    (call $write (i32.const 600) (i32.const 4))
    (drop (call $random_get (i32.const 800) (i32.const 13))) (call $write (i32.const 800) (i32.const 13))
    (i32.add (call $fd_close (i32.const 4)) (call $fd_close (i32.const 4)))"""


def test_files_and_standard_input() -> None:
    recording = answer(READING)
    assert recording.output[:-13] == b"\x0d\0\0\0one two threethre" + struct.pack("<2Q", 8, 12) + b"standard inputthre"
    assert recording.outcome.code == 8


def test_the_same_at_every_cut_in_both_engines() -> None:
    program = load(command(READING), 12, 8)
    recording = check_agreement(program, pack(WANTED), Budget.uniform(12, 30), traces=6)
    assert len(recording.segments) > 30 and recording.output == answer(READING).output


def test_random_depends_on_the_seed_alone() -> None:
    body = "(drop (call $random_get (i32.const 0) (i32.const 64))) (call $write (i32.const 0) (i32.const 64)) (i32.const 0)"
    outputs = {seed: answer(body, pack(WasiInput(seed=seed))).output for seed in (0, 1, 2)}
    assert len(set(outputs.values())) == 3 and answer(body, b"raw").output == outputs[0]
    assert answer(body, pack(WasiInput(seed=1, stdin=b"other"))).output == outputs[1]
    assert answer(body, pack(WasiInput(seed=-0x9E3779B97F4A7C15 % (1 << 64)))).output != bytes(64)


def test_the_clock_begins_where_the_input_says() -> None:
    body = """(drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 0)))
        (i64.store (i32.const 224) (i64.const 5000000000))
        (drop (call $poll_oneoff (i32.const 200) (i32.const 300) (i32.const 1) (i32.const 8)))
        (drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 8))) (call $write (i32.const 0) (i32.const 16)) (i32.const 0)"""
    assert struct.unpack("<2Q", answer(body).output) == (10**18 + 10**6, 10**18 + 2 * 10**6 + 5 * 10**9)


@pytest.mark.parametrize("body, expected", [
    (opened(1000, 15, rights=64), 69), (opened(1000, 14), 44), (opened(1000, 14, flags=1), 69), (opened(1000, 15, flags=2), 54),
    (opened(1000, 15, flags=5), 20), (opened(1000, 15, flags=9), 69), (opened(1000, 0), 58), (opened(1100, 6), 0),
    (f"(drop {opened(1100, 6)}) (drop {opened(1000, 15)}) (i32.load (i32.const 400))", 5),
    (f"(drop {opened(1100, 6)}) (call $fd_seek (i32.const 4) (i64.const -1) (i32.const 0) (i32.const 0))", 28),
    (f"(drop {opened(1100, 6)}) (call $fd_seek (i32.const 4) (i64.const 0) (i32.const 3) (i32.const 0))", 28),
    (f"(drop {opened(1100, 6)}) (drop (call $fd_filestat_get (i32.const 4) (i32.const 0)))"
     "(i32.add (i32.load (i32.const 32)) (i32.load8_u (i32.const 16)))", 768 + 4),
    (f"(drop {opened(1100, 6)}) (drop (call $fd_fdstat_get (i32.const 4) (i32.const 0))) (i32.load8_u (i32.const 0))", 4),
    (f"(drop {opened(1100, 6)}) (drop {opened(1100, 6)}) (drop (call $fd_renumber (i32.const 4) (i32.const 5)))"
     "(i32.add (i32.mul (i32.const 10) (call $fd_tell (i32.const 4) (i32.const 0))) (call $fd_tell (i32.const 5) (i32.const 0)))", 80),
    ("(drop (call $path_filestat_get (i32.const 3) (i32.const 0) (i32.const 1000) (i32.const 15) (i32.const 0))) (i32.load (i32.const 32))",
     13),
    ("(call $path_filestat_get (i32.const 3) (i32.const 0) (i32.const 1000) (i32.const 5) (i32.const 0))", 44),
    ("(drop (call $fd_prestat_get (i32.const 3) (i32.const 0))) (i32.add (i32.load8_u (i32.const 0)) (i32.load (i32.const 4)))", 1),
    ("(drop (call $fd_prestat_dir_name (i32.const 3) (i32.const 0) (i32.const 1))) (i32.load8_u (i32.const 0))", ord("/")),
    ("(call $fd_prestat_dir_name (i32.const 3) (i32.const 0) (i32.const 0))", 37),
    ("(call $fd_prestat_get (i32.const 4) (i32.const 0))", 8),
    ("(call $fd_read (i32.const 4) (i32.const 0) (i32.const 0) (i32.const 0))", 8),
    ("(call $fd_close (i32.const 32))", 8), ("(call $fd_close (i32.const -1))", 8), ("(call $fd_tell (i32.const 31) (i32.const 0))", 8),
    ("(call $fd_seek (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0))", 70),
    ("(call $clock_time_get (i32.const 4) (i64.const 0) (i32.const 0))", 28), ("(call $sched_yield)", 0),
    ("(call $fd_readdir (i32.const 3) (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 0))", 52),
    ("(call $sock_shutdown (i32.const 3) (i32.const 0))", 52),
])
def test_answers(body: str, expected: int) -> None:
    assert answer(body).outcome.code == expected


def test_without_files_there_is_no_directory() -> None:
    assert answer("(call $fd_prestat_get (i32.const 3) (i32.const 0))", pack(WasiInput())).outcome.code == 8
    assert answer(opened(1000, 15), pack(WasiInput())).outcome.code == 8


def test_only_so_many_files_can_be_open() -> None:
    body = f"(local $n i32) (loop $again (br_if $again (i32.eqz {opened(1100, 6)}))) (i32.add (i32.load (i32.const 400)) {opened(1100, 6)})"
    assert answer(body).outcome.code == 31 + 33


def test_pack_and_unpack() -> None:
    assert unpack(pack(WANTED)) == WasiInput(WANTED.arguments, dict(sorted(WANTED.environment.items())), WANTED.stdin,
                                             dict(sorted(FILES.items())), 11, 10**18)
    same = WasiInput(WANTED.arguments, dict(reversed(WANTED.environment.items())), WANTED.stdin, dict(reversed(FILES.items())), 11, 10**18)
    assert pack(same) == pack(WANTED)


@pytest.mark.parametrize("wanted", [
    WasiInput(files={"/a": b""}), WasiInput(files={"a//b": b""}), WasiInput(files={"..": b""}), WasiInput(files={"": b""}),
    WasiInput(["a\0b"]), WasiInput(environment={"a=b": ""}), WasiInput(environment={"": ""}), WasiInput(seed=1 << 64), WasiInput(clock=-1),
    WasiInput(stdin=bytes((1 << 24) - 63)),
])
def test_what_cannot_be_packed(wanted: WasiInput) -> None:
    with pytest.raises(ValueError):
        pack(wanted)


def test_unpack_takes_only_what_pack_makes() -> None:
    good, generator = pack(WANTED), random.Random(5)
    damaged = [good[:-1], good + b"\0", b"", good[:HEADER_BYTES]]
    for _ in range(2000):
        place = generator.randrange(len(good))
        damaged.append(good[:place] + bytes([good[place] ^ 1 << generator.randrange(8)]) + good[place + 1 :])
    for content in damaged:
        try:
            found = unpack(content)
        except Malformed:
            continue
        assert pack(found) == content and content != good


def test_a_wrong_container_is_not_believed() -> None:
    """Whatever the header and the table say: both engines end in the same way, and nothing but the container is read."""
    good, generator = pack(WANTED), random.Random(6)
    program = load(command(READING))
    for _ in range(40):
        content = bytearray(good)
        for _ in range(generator.randint(1, 3)):
            place = 4 * generator.randrange(2, HEADER_BYTES // 4 + 16)
            struct.pack_into("<I", content, place, generator.choice([0, 1, 2**31, 2**32 - 1, 2**24, 2**24 + 240, len(good), 2**32 - 9]))
        check_agreement(program, bytes(content), BUDGET, traces=1)


def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "words").write_bytes(b"one two")
    words, out = tmp_path / "words", tmp_path / "out"
    main([str(out), "--argument", "tool", "--argument=-x", "--variable", "A=b=c", "--stdin", str(words), "--file", f"a/b={words}",
          "--seed", "3"])
    assert unpack(out.read_bytes()) == WasiInput(["tool", "-x"], {"A": "b=c"}, b"one two", {"a/b": b"one two"}, 3)
    main([str(out)])
    assert out.read_bytes() == pack(WasiInput())
    for wrong in (["--variable", "A"], ["--file", f"/a={words}"], ["--seed", "-1"]):
        with pytest.raises(SystemExit):
            main([str(out), *wrong])
    assert "no leading /" in capsys.readouterr().err
