"""The table is complete and its numbers stay; a program is the same value every time."""

from __future__ import annotations

from tests.wasm_exec.test_samples import SAMPLES
from wasm_exec.instructions import BY_NAME, JUMP, JUMPING, TABLE, Family, Use
from wasm_exec.program import COLUMN
from wasm_exec.text import from_text
from wasm_exec.translate import load

NUMBERS = {
    "ADD": 16, "ADDI": 18, "MUL": 32, "DIV_U": 48, "REM_S": 51, "AND": 64, "XORI": 69, "SHL": 80, "ROTRI": 89, "EQ": 96, "GE_SI": 107,
    "BRNZ": 112, "BRZ": 113, "COPY": 128, "CONST": 129, "SELECT": 144, "LOAD32": 160, "LOAD16_S": 164, "STORE32": 176, "STORE16": 178,
    "TAKE32": 179,
    "CALL": 192, "RETURN": 193, "HALT": 208, "TRAP": 209, "PAUSE": 210, "JUMP_EQ": 1120, "JUMP_GE_SI": 1131, "JUMP_EQ64": 1328,
}
MEANINGS = {
    "ADD": (0xFFFFFFFF, 2, 1), "SUB": (1, 2, 0xFFFFFFFF), "MUL": (0x10001, 0x10000, 0x10000), "DIV_S": (0xFFFFFFF9, 2, 0xFFFFFFFD),
    "REM_S": (0xFFFFFFF9, 2, 0xFFFFFFFF), "SHL": (1, 33, 2), "SHR_S": (0x80000000, 31, 0xFFFFFFFF), "ROTR": (1, 0, 1),
    "ROTL": (0x80000001, 1, 3), "LT_S": (0xFFFFFFFF, 0, 1), "GE_U": (0xFFFFFFFF, 0, 1), "BRZ": (0, 0, 1),
}


def test_numbers_and_families() -> None:
    assert len({operation.number for operation in TABLE}) == len(TABLE) == len(BY_NAME)
    assert {name: BY_NAME[name].number for name in NUMBERS} == NUMBERS
    assert all(operation.number % JUMP // 16 - 1 == operation.family for operation in TABLE)
    assert {operation.family for operation in TABLE} == set(Family)


def test_a_jump_is_its_comparison_and_goes_somewhere_instead_of_writing() -> None:
    compares = [operation for operation in TABLE if operation.family in (Family.COMPARE, Family.COMPARE64) and not operation.target]
    assert len(compares) == 24
    for operation in compares:
        jump = BY_NAME[JUMPING + operation.name]
        assert jump.number == operation.number + JUMP and jump.meaning is operation.meaning and (jump.target, jump.writes) == ("d", False)
        assert jump.operands == operation.operands | {"d": Use.TARGET}
    assert [operation.name for operation in TABLE if operation.target and operation.number < JUMP] == ["BRNZ", "BRZ"]


def test_meanings() -> None:
    for name, (a, b, expected) in MEANINGS.items():
        assert BY_NAME[name].meaning(a, b, 0) == expected, name
    assert BY_NAME["SELECT"].meaning(5, 6, 0) == 6 and BY_NAME["LOAD8_S"].meaning(0x80, 0, 0) == 0xFFFFFF80


def test_fields_that_an_operation_does_not_use_are_zero() -> None:
    for path in SAMPLES.glob("*.wat"):
        program = load(from_text(path))
        for row in program.instructions.tolist():
            operation = next(operation for operation in TABLE if operation.number == row[COLUMN["op"]])
            for name in "dabij":
                assert name in operation.operands or row[COLUMN[name]] == 0
            for name, use in operation.operands.items():
                assert row[COLUMN[name]] < (1 << 16 if use in (Use.LOW, Use.HIGH) else 1 << 24)


def test_translation_is_deterministic() -> None:
    for path in SAMPLES.glob("*.wat"):
        wasm = from_text(path)
        assert load(wasm).encode() == load(wasm).encode() == load(wasm, 12, 8).encode()
    changed = from_text((SAMPLES / "sum.wat").read_bytes().replace(b"(i32.const 48)", b"(i32.const 49)"))
    assert load(changed).encode() != load(from_text(SAMPLES / "sum.wat")).encode()
