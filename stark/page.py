"""The page reading: a chip as a page of documentation, printed from its definition."""
from __future__ import annotations

from collections.abc import Sequence

from stark.chip import Chip
from stark.expression import Constant, Expression, Input, Operation, P, degrees
from stark.measure import measure

LONGEST = 160
SELECTORS = ("first", "last", "transition")
ROWS = {"every": "", "first": " (first row)", "last": " (last row)", "next": " (between rows)", "wrap": " (between rows, all around)"}


def page(chip: Chip) -> str:
    """The page in Markdown."""
    size = measure(chip)
    lines = [f"# {chip.name}", "", f"{chip.proves}.", "",
             f"{size.columns} columns, {size.fixed} fixed columns, {size.logup_columns} LogUp columns: {size.cells} cells a row. "
             f"{size.requirements} requirements of degree {size.degree} at most, {size.messages} messages, "
             f"{size.operations} operations.", ""]
    if chip.fixed_names:
        lines += ["Fixed columns: " + listed(chip.fixed_names) + ".", ""]
    lines += ["Columns: " + listed(chip.main_names) + ".", ""]
    if chip.requirements:
        lines += ["## What must hold", ""]
        lines += [f"- {r.sentence}{ROWS[r.rows]}: {shown(chip, r.expression, ' = 0')}" for r in chip.requirements]
        lines.append("")
    if chip.messages:
        lines += ["## Messages", "", "| bus | times | message |", "|---|---|---|"]
        for message in chip.messages:
            parts = ", ".join(shown(chip, part) for part in message.parts)
            lines.append(f"| {message.bus.name} | {shown(chip, message.times)} | {parts} |")
        lines.append("")
    if chip.counts:
        lines += ["## Counts", "", "How often a row is looked up: " + listed(chip.counts) + ".", ""]
    if chip.held:
        lines += ["## Columns that are held where no message of the row holds them", ""]
        lines += [f"- `{name}`: {reason}" for name, reason in chip.held.items()]
        lines.append("")
    if chip.free:
        lines += ["## Columns that may hold anything", ""]
        lines += [f"- `{name}`: {reason}" for name, reason in chip.free.items()]
        lines.append("")
    return "\n".join(lines)


def listed(names: Sequence[str]) -> str:
    """Names with numbered families folded: `a.0 … a.3`."""
    out: list[str] = []
    for name in names:
        stem, _, number = name.rpartition(".")
        if number.isdigit() and int(number) > 0 and out and out[-1].startswith(f"`{stem}.0"):
            out[-1] = f"`{stem}.0` … `{name}`"
        else:
            out.append(f"`{name}`")
    return ", ".join(out)


def shown(chip: Chip, expression: Expression, tail: str = "") -> str:
    """An expression in infix, or its degree if it is long."""
    text = infix(chip, expression.number, {})
    return f"`{text[0]}{tail}`" if text is not None else f"(a long expression of degree {degrees(chip.graph)[expression.number]})"


Printed = tuple[str, int]       # the text, and how tightly it binds: 0 sum, 1 product, 2 atom


def infix(chip: Chip, number: int, done: dict[int, Printed | None]) -> Printed | None:
    """None if it is too long to be read."""
    if number not in done:
        done[number] = printed(chip, number, done)
    return done[number]


def printed(chip: Chip, number: int, done: dict[int, Printed | None]) -> Printed | None:
    match chip.graph.nodes[number]:
        case Constant(value):
            return str(value if value < P // 2 else value - P), 2 if value < P // 2 else 0
        case Input(kind, index, following):
            name = {"main": chip.main_names, "fixed": chip.fixed_names, "selector": SELECTORS}.get(kind)
            return (name[index] if name is not None else f"{kind} {index}") + ("'" if following else ""), 2
        case Operation(name, left, right):
            a, b = infix(chip, left, done), infix(chip, right, done)
            if a is None or b is None:
                return None
            if name == "mul":
                text = f"{bracketed(a, 1)} · {bracketed(b, 1)}", 1
            elif name == "sub" and a[0] == "0":
                text = f"-{bracketed(b, 1)}", 0
            else:
                text = f"{a[0]} {'+' if name == 'add' else '-'} {bracketed(b, 1) if name == 'sub' else b[0]}", 0
            return text if len(text[0]) <= LONGEST else None


def bracketed(text: Printed, tightness: int) -> str:
    return text[0] if text[1] >= tightness else f"({text[0]})"
