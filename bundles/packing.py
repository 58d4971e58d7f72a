"""The one place in bundles that reads and writes msgpack, and only a canonical part of it: no extensions, no floats, no repeated keys."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgpack

from stark.errors import Malformed

SIZE_LIMIT = 1 << 24
ITEMS_LIMIT = 1 << 17
MOST_SMALL, CONTAINER_BYTES = 16, 32        # lists and maps are so long on the average, except for a few: empty ones take memory


def pack(value: object) -> bytes:
    packed: bytes = msgpack.packb(value, use_bin_type=True)
    return packed


LIST_HEADS = (1, 3, 5)          # bytes that say how long a list is


def list_head(count: int) -> bytes:
    """The bytes before the items of a list of so many."""
    head: bytes = msgpack.Packer().pack_array_header(count)
    return head


def unpack(data: bytes, what: str, size_limit: int = SIZE_LIMIT) -> object:
    """The value of canonical bytes. Whatever else the bytes are, they are Malformed."""
    if len(data) > size_limit:
        raise Malformed(f"{what}: {len(data)} bytes, the limit is {size_limit}")
    left = MOST_SMALL + len(data) // CONTAINER_BYTES

    def counted(container: Sequence[object]) -> Sequence[object]:
        nonlocal left
        left -= 1
        if left < 0:
            raise Unwanted("too many lists and maps for so few bytes")
        return container

    try:
        value: object = msgpack.unpackb(
            data, raw=False, strict_map_key=True, max_str_len=256, max_bin_len=256, max_array_len=ITEMS_LIMIT, max_map_len=64,
            max_ext_len=0,
            ext_hook=refused_extension, list_hook=counted, object_pairs_hook=lambda pairs: without_repetition(counted(pairs)))
        canonical = pack(value) == data             # packing refuses depths that unpacking lets through
    except Unwanted as error:
        raise Malformed(f"{what}: {error}") from None
    except msgpack.ExtraData:
        raise Malformed(f"{what}: there is something behind its end") from None
    except UnicodeDecodeError:
        raise Malformed(f"{what}: a text in it is not UTF-8") from None
    except msgpack.StackError:
        raise Malformed(f"{what}: lists stand in lists too deeply") from None
    except (ValueError, TypeError, OverflowError, RecursionError, MemoryError, msgpack.UnpackException) as error:
        raise Malformed(f"{what}: {reason(str(error))}") from None
    if not canonical:
        raise Malformed(f"{what}: not in canonical form")
    return value


class Unwanted(ValueError):
    """Something that msgpack knows and our files never have."""


def reason(said: str) -> str:
    """What the library says, in the words of whoever made the file."""
    if "incomplete" in said:
        return "it ends too soon"
    if "exceeds max" in said:
        return "something in it is too long"
    return "it is not what such a file has"


def refused_extension(code: int, _: bytes) -> object:
    raise Unwanted(f"a value of extension type {code}")


def without_repetition(pairs: Sequence[Any]) -> dict[Any, object]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise Unwanted("a key stands twice")
    return out


class Fields:
    """Takes a packed map apart: exactly these names in this order, each value asked for by its kind."""

    def __init__(self, value: object, what: str, names: Sequence[str]) -> None:
        if not isinstance(value, dict) or list(value) != list(names):
            raise Malformed(f"{what}: the fields must be {', '.join(names)}")
        self.values, self.what = value, what

    def refuse(self, name: str, wanted: str) -> Malformed:
        return Malformed(f"{self.what}: {name} must be {wanted}")

    def integer(self, name: str, limit: int) -> int:
        return whole_number(self.values[name], f"{self.what}: {name}", limit)

    def text(self, name: str) -> str:
        value = self.values[name]
        if not isinstance(value, str):
            raise self.refuse(name, "text")
        return value

    def digest(self, name: str) -> bytes:
        value = self.values[name]
        if not isinstance(value, bytes) or len(value) != 32:
            raise self.refuse(name, "a digest of 32 bytes")
        return value

    def sequence(self, name: str, limit: int) -> list[object]:
        value = self.values[name]
        if not isinstance(value, list) or len(value) > limit:
            raise self.refuse(name, f"a list of at most {limit} items")
        return value

    def digests(self, name: str, count: int) -> list[bytes]:
        value = self.sequence(name, count)
        found = [item for item in value if isinstance(item, bytes) and len(item) == 32]
        if len(found) != count:
            raise self.refuse(name, f"a list of {count} digests of 32 bytes")
        return found

    def integers(self, name: str, count: int, limit: int) -> list[int]:
        value = self.sequence(name, count)
        if len(value) != count:
            raise self.refuse(name, f"a list of {count} items")
        return [whole_number(item, f"{self.what}: {name}", limit) for item in value]


def whole_number(value: object, what: str, limit: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < limit:
        raise Malformed(f"{what} must be a number from 0 to {limit - 1}")
    return value
