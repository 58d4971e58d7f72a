"""The guests of the execution figures, each with an input that keeps it busy for a while."""
from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

BUILT = Path(__file__).parent.parent / "samples" / "built"
SCRIPT = """
fn fib(n) {{ if n < 2 {{ return n; }} return fib(n - 1) + fib(n - 2); }}
print fib({depth});
array values[100000];
var round = 0;
while round < 10 {{
    var i = 0;
    while i < 100000 {{ values[i] = i * i % 1000 + values[i * 7 % 100000]; i = i + 1; }}
    round = round + 1;
}}
print values[777];
"""


def script(depth: int = 27) -> bytes:
    return SCRIPT.format(depth=depth).encode()


def document() -> bytes:
    items = ",\n".join(f'{{"name": "n{i}", "value": [{i * 7}, {i * 13}, {{"x": "y\\n", "z": null}}]}}' for i in range(20_000))
    return f".*.name\n[{items}]".encode()


def lines() -> bytes:
    numbers = random.Random(1)
    return b"\n".join(b"%08x" % numbers.getrandbits(32) for _ in range(50_000))


INPUTS: dict[str, Callable[[], bytes]] = {
    "sha256": lambda: b"0123456789abcdef" * (1 << 18), "script": script, "json": document, "sort": lines, "nbody": lambda: b"10000\n",
}


def module(name: str) -> bytes:
    return (BUILT / f"{name}.wasm").read_bytes()
