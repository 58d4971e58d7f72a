"""Names that compilers have made of paths."""

from __future__ import annotations

import random

import pytest

from wasm_exec.locate import Place
from wasm_exec.readable import readable


@pytest.mark.parametrize("name, shown", [
    ("main", "main"), ("_start", "_start"), ("_Z", "_Z"), ("_ZN", "_ZN"), ("_R", "_R"), ("_ZN9999a", "a"),
    ("_ZN4core9panicking5panic17h0123456789abcdefE", "core::panicking::panic"),
    ("_ZN3foo3barEv", "foo::bar"),
    ("_ZN50_$LT$T$u20$as$u20$core..convert..Into$LT$U$GT$$GT$4into17h0123456789abcdefE", "<T as core::convert::Into<U>>::into"),
    ("_RNvMs1_NtNtCsdHhIpgkcIfN_4core3fmt8buildersNtB5_11DebugStruct9is_pretty", "core::fmt::builders::DebugStruct::is_pretty"),
    ("_RNvCs1234_7mycrate3foo", "mycrate::foo"), ("_RNvC7mycrate2_1a", "mycrate::1a"),
])
def test_names_are_as_in_the_source(name: str, shown: str) -> None:
    assert readable(name) == shown


def test_any_name_is_told() -> None:
    generator = random.Random(4)
    for _ in range(500):
        name = generator.choice(["_ZN", "_R"]) + "".join(generator.choices("0129sBuE_$.LTabz\n\udc00", k=generator.randrange(40)))
        assert readable(name)


def test_a_function_without_a_name_is_named_once() -> None:
    assert str(Place("function 52", 52, 0x10)) == "function 52 at byte 0x10"
    assert str(Place("_ZN1a1bE", 3, 0x10, "near b.rs:4")) == "a::b (function 3) at byte 0x10, near b.rs:4"
