"""Names of functions as their sources have them: compilers of Rust and C++ write a path as one word (`_ZN…E`, `_R…`). What is not
understood stays as it is; of types and of what a generic function is made for only the names inside are kept."""

from __future__ import annotations

import re

HASH = re.compile(r"h[0-9a-f]{16}")
ESCAPES = {"$LT$": "<", "$GT$": ">", "$RF$": "&", "$BP$": "*", "$LP$": "(", "$RP$": ")", "$C$": ",", "$SP$": "@", "..": "::"}
LETTER = re.compile(r"\$u([0-9a-f]{1,6})\$")
SKIPPED = re.compile(r"[sB][0-9a-zA-Z]{0,13}_")       # in a path of the newer kind: a number that tells crates apart, a place referred to
LENGTH = re.compile(r"u?([0-9]{1,4})_?")
MANGLED_SHOWN = 4096                             # letters of a name that are looked at


def readable(name: str) -> str:
    """`core::panicking::panic` for `_ZN4core9panicking5panic17h0123456789abcdefE`."""
    mangled = name[:MANGLED_SHOWN]
    if mangled.startswith("_ZN"):
        return "::".join(plain(part) for part in old_path(mangled)) or name
    return "::".join(new_path(mangled)) or name if mangled.startswith("_R") else name


def old_path(name: str) -> list[str]:
    """The parts of `_ZN`, then each with its length, without the hash at the end."""
    parts, place = list[str](), len("_ZN")
    while (found := re.compile("[0-9]{1,4}").match(name, place)) is not None:
        place = found.end() + int(found[0])
        parts.append(name[found.end():place])
    return parts[:-1] if len(parts) > 1 and HASH.fullmatch(parts[-1]) else parts


def plain(part: str) -> str:
    """Signs that a linker does not take are written as words."""
    part = part[1:] if part.startswith("_$") else part
    for escape, sign in ESCAPES.items():
        part = part.replace(escape, sign)
    return LETTER.sub(lambda found: chr(min(int(found[1], 16), 0x10FFFF)), part)


def new_path(name: str) -> list[str]:
    """The names in `_R`, in their order; each has its length before it, and `_` if it begins with a digit."""
    parts, place = list[str](), len("_R")
    while place < len(name):
        if (skipped := SKIPPED.match(name, place)) is not None:
            place = skipped.end()
        elif (found := LENGTH.match(name, place)) is not None:
            place = found.end() + int(found[1])
            if place > found.end():
                parts.append(name[found.end():place])
        else:
            place += 1
    return parts
