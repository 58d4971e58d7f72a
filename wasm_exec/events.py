"""The events of a session as bytes of the input, and its answers from the bytes of the output (docs/programs.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wasm_exec.errors import Malformed
from wasm_exec.offering import padded
from wasm_exec.program import Program
from wasm_exec.session_driver import CLOSE, NUMBER_BYTES, SIZE_BYTES, VALUE_BYTES


@dataclass(frozen=True)
class Event:
    """A call of an exported function: its arguments as bits, and the bytes that it can take with `read_input`."""

    export: str
    arguments: Sequence[int] = ()
    payload: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What an event gave: results as bits, and the bytes that it wrote."""

    results: tuple[int, ...]
    output: bytes


def encode(program: Program, events: Iterable[Event]) -> bytes:
    """The records of these events; ValueError if the program does not take one of them."""
    numbers = {item.name: number for number, item in enumerate(program.events)}
    records: list[bytes] = []
    for event in events:
        if event.export not in numbers:
            raise ValueError(f"the session has no event {event.export}, but {', '.join(numbers) or 'none'}")
        number = numbers[event.export]
        parameters = program.events[number].parameters
        if len(event.arguments) != len(parameters):
            raise ValueError(f"{event.export} takes {len(parameters)} arguments, not {len(event.arguments)}")
        for value, wide in zip(event.arguments, parameters, strict=True):
            if not 0 <= value < 1 << (64 if wide else 32):
                raise ValueError(f"{value} is no argument of {64 if wide else 32} bits for {event.export}")
        body = b"".join(value.to_bytes(VALUE_BYTES, "little") for value in event.arguments) + event.payload
        records.append(record(number, body))
    return b"".join(records)


def close() -> bytes:
    """The record that ends a session; the run then exits with code 0."""
    return record(CLOSE, b"")


def record(number: int, body: bytes) -> bytes:
    return filled((NUMBER_BYTES + len(body)).to_bytes(SIZE_BYTES, "little") + number.to_bytes(NUMBER_BYTES, "little") + body)


def filled(part: bytes) -> bytes:
    """A container or a record with zeros behind it, so that a record can follow."""
    return part + bytes(padded(len(part)) - len(part))


def answers(program: Program, output: bytes, exports: Iterable[str]) -> list[Answer]:
    """The answers to events of these names, all of which returned. Malformed if the output is not made of so many records."""
    results = {item.name: item.results for item in program.events}
    found: list[Answer] = []
    place = 0
    for name in exports:
        size = int.from_bytes(output[place : place + SIZE_BYTES], "little")
        body = output[place + SIZE_BYTES : place + SIZE_BYTES + size]
        head = VALUE_BYTES * len(results[name])
        if len(output) < place + SIZE_BYTES + size or size < head:
            raise Malformed(f"the answer of {name} is not complete", place)
        values = tuple(int.from_bytes(body[at : at + VALUE_BYTES], "little") for at in range(0, head, VALUE_BYTES))
        found.append(Answer(values, body[head:]))
        place += SIZE_BYTES + size
    if place != len(output):
        raise Malformed("there is more output than answers", place)
    return found
