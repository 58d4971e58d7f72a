"""A list of changed keys, and the words that it is in a proof file. Read from a file it stays one array: a file that anybody made costs a
reader about as much memory as it has bytes."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing as npt

from stark.errors import Malformed
from wasm_exec.spaces import STATE_KEYS_LIMIT
from wasm_exec.state import KEY_BYTES, VALUE_BYTES

U8 = npt.NDArray[np.uint8]
U32 = npt.NDArray[np.uint32]
WORD_BYTES = 3                                          # in a word of a proof file, which is below p
OLD, NEW = 1 + KEY_BYTES, 1 + KEY_BYTES + VALUE_BYTES   # where the values stand in a row
CHANGE_BYTES = NEW + VALUE_BYTES                        # 1 if there was a value, the key, the old value, the new one


@dataclass(frozen=True)
class Change:
    """A key that has another value than before; `old` is None for a key that was not there."""

    key: bytes
    old: bytes | None
    new: bytes


Difference = Sequence[Change]


class Changes(Sequence[Change]):
    """A difference as an array with a row for every change."""

    def __init__(self, rows: U8) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, place: int) -> Change: ...

    @overload
    def __getitem__(self, place: slice) -> Changes: ...

    def __getitem__(self, place: int | slice) -> Change | Changes:
        return Changes(self.rows[place]) if isinstance(place, slice) else change_of(self.rows[place].tobytes())

    def __iter__(self) -> Iterator[Change]:
        return (change_of(row.tobytes()) for row in self.rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and np.array_equal(self.rows, rows_of(other))

    __hash__ = None  # type: ignore[assignment]


def change_of(row: bytes) -> Change:
    return Change(row[1:OLD], row[OLD:NEW] if row[0] else None, row[NEW:])


def rows_of(changes: Difference) -> U8:
    if isinstance(changes, Changes):
        return changes.rows
    parts = (bytes([change.old is not None]) + change.key + (change.old or bytes(VALUE_BYTES)) + change.new for change in changes)
    return np.frombuffer(b"".join(parts), np.uint8).reshape(-1, CHANGE_BYTES)


def rising(keys: U8) -> npt.NDArray[np.bool_]:
    """Of every key but the last whether the one behind it is greater."""
    parts = np.ascontiguousarray(keys).view(">u8")
    less, same = np.zeros((2, max(0, len(keys) - 1)), bool)
    same[:] = True
    for here, there in zip(parts[:-1].T, parts[1:].T, strict=True):
        less |= same & (here < there)
        same &= here == there
    return less


def to_words(changes: Difference) -> U32:
    """The number of changes, then their bytes, three in a word, low byte first."""
    return np.concatenate([np.array([len(changes)], np.uint32), packed(rows_of(changes).reshape(-1))])


def packed(content: U8) -> U32:
    """Bytes, three in a word, low byte first, filled up with zeros."""
    words = np.zeros((-(-len(content) // WORD_BYTES), 4), np.uint8)
    padded = np.concatenate([content, np.zeros(len(words) * WORD_BYTES - len(content), np.uint8)])
    words[:, :WORD_BYTES] = padded.reshape(-1, WORD_BYTES)
    return words.view("<u4").reshape(-1).astype(np.uint32)


def unpacked(words: U32, size: int) -> U8:
    """So many bytes; Malformed if these words are not their only form."""
    as_bytes = words.astype("<u4", copy=False).view(np.uint8).reshape(-1, 4)
    content = as_bytes[:, :WORD_BYTES].reshape(-1)
    if as_bytes[:, WORD_BYTES].any() or content[size:].any():
        raise Malformed("packed bytes are not in their only form")
    return content[:size]


def words_of(count: int) -> int:
    """How many words so many changes take, their number apart."""
    return -(-count * CHANGE_BYTES // WORD_BYTES)


def from_words(words: U32, count: int) -> tuple[Changes, ...]:
    """So many differences and nothing behind them; Malformed if these words are anything else, or not in their only form. All are looked
    at together, so that many small ones take no longer than a large one."""
    sizes, at = [], 0
    places = []
    for _ in range(count):
        size = int(words[at]) if at < len(words) else STATE_KEYS_LIMIT + 1
        if size > STATE_KEYS_LIMIT or len(words) < at + 1 + words_of(size):
            raise Malformed("the words are no state difference")
        places.append((at + 1) * WORD_BYTES)
        sizes.append(size)
        at += 1 + words_of(size)
    if at < len(words):
        raise Malformed("there is something behind the state differences")
    as_bytes = words.astype("<u4", copy=False).view(np.uint8).reshape(-1, 4)
    content = as_bytes[:, :WORD_BYTES].reshape(-1)
    ends = [place + size * CHANGE_BYTES for place, size in zip(places, sizes, strict=True)]
    behind = np.concatenate([content[end:end + -end % WORD_BYTES] for end in ends])
    rows = np.concatenate([content[place:end] for place, end in zip(places, ends, strict=True)]).reshape(-1, CHANGE_BYTES)
    bounds = np.cumsum([0, *sizes]).tolist()
    check(rows, as_bytes[:, WORD_BYTES], behind, bounds)
    return tuple(Changes(rows[start:end]) for start, end in zip(bounds, bounds[1:], strict=False))


def check(rows: U8, high: U8, behind: U8, bounds: Sequence[int]) -> None:
    """Malformed unless these are rows of differences in their only form. `high`: the bytes of the words that are zero, but for the numbers
    of changes, which are too small for it."""
    in_order = rising(rows[:, 1:OLD])
    in_order[[end - 1 for end in bounds[1:-1] if 0 < end < len(rows)]] = True         # the next difference begins anew
    if not in_order.all():
        raise Malformed("the keys of a state difference are not in order")
    there = rows[:, 0] == 1
    without = ~there
    if (high.any() or behind.any() or (rows[:, 0] > 1).any() or rows[without, OLD:NEW].any()
            or (there & (rows[:, OLD:NEW] == rows[:, NEW:]).all(axis=1)).any()):
        raise Malformed("a state difference is not in its only form")
