"""Reading scripts of the official tests: nested lists of words with their place in the text, strings as bytes, modules as binary."""

from __future__ import annotations

import re
from dataclasses import dataclass

import wasmtime

from wasm_exec.decode import decode
from wasm_exec.errors import Malformed

ESCAPES = {"n": 10, "t": 9, "r": 13, '"': 34, "'": 39, "\\": 92}
TOKEN = re.compile(
    r"""\s+|;;[^\n]*|(?P<open>\()(?!;)|(?P<close>\))|(?P<string>"(?:[^"\\]|\\.)*")|(?P<word>[^\s()";]+)|(?P<comment>\(;)""", re.S
)
NOT_ASCII = re.compile(rb"[\x80-\xff]")
COMMENT = re.compile(r"\(;|;\)")


@dataclass
class Node:
    """A list between parentheses; `text` is what it was made of."""

    items: list[Node | str | bytes]
    start: int
    text: str = ""

    @property
    def head(self) -> str:
        return str(self.items[0]) if self.items else ""

    def __getitem__(self, index: int) -> Node | str | bytes:
        return self.items[index]


def string_bytes(text: str) -> bytes:
    result, position = bytearray(), 1
    while position < len(text) - 1:
        if text[position] != "\\":
            result += text[position].encode("latin-1")
            position += 1
        elif text[position + 1] in ESCAPES:
            result.append(ESCAPES[text[position + 1]])
            position += 2
        elif text[position + 1] == "u":
            end = text.index("}", position)
            result += chr(int(text[position + 3 : end].replace("_", ""), 16)).encode()
            position = end + 1
        else:
            result.append(int(text[position + 1 : position + 3], 16))
            position += 3
    return bytes(result)


def read_script(content: bytes) -> list[Node]:
    text = content.decode("latin-1")
    position, open_nodes, result = 0, [Node([], 0)], []
    while position < len(text):
        token = TOKEN.match(text, position)
        if token is None:
            raise ValueError(f"cannot read the script at {position}: {text[position:position + 20]!r}")
        start, position = position, token.end()
        match token.lastgroup:
            case "comment":
                position = end_of_comment(text, position)
            case "open":
                open_nodes.append(Node([], start))
            case "close":
                node = open_nodes.pop()
                node.text = text[node.start : position]
                open_nodes[-1].items.append(node)
            case "string":
                open_nodes[-1].items.append(string_bytes(token.group()))
            case "word":
                open_nodes[-1].items.append(token.group())
    result = [item for item in open_nodes[0].items if isinstance(item, Node)]
    if result and result[0].head in ("func", "memory"):  # a whole script can be the fields of one module
        return [Node(["module", *result], 0, f"(module {text})")]
    return result


def end_of_comment(text: str, position: int) -> int:
    depth = 1
    while depth:
        found = COMMENT.search(text, position)
        assert found is not None
        depth += 1 if found.group() == "(;" else -1
        position = found.end()
    return position


class NotAssembled(Exception):
    """The text was refused by the assembler, which is not ours."""


def module_binary(node: Node) -> bytes:
    """The binary of (module ...), (module binary ...) or (module quote ...)."""
    words = [item for item in node.items[1:3] if isinstance(item, str)]
    parts = b"".join(item for item in node.items if isinstance(item, bytes))
    if "binary" in words:
        return parts
    # The assembler refuses confusing characters, so they are escaped.
    source = parts if "quote" in words else NOT_ASCII.sub(lambda found: b"\\%02x" % found[0][0], node.text.encode("latin-1"))
    if "definition" in words:
        source = source.replace(b" definition", b"", 1)
    if "quote" in words and not source.lstrip().startswith(b"(module"):
        source = b"(module " + source + b"\n)"
    try:
        return bytes(wasmtime.wat2wasm(source))
    except (wasmtime.WasmtimeError, UnicodeDecodeError) as failure:
        raise NotAssembled(str(failure)) from None


def float_bits(texts: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The bits of float constants (type, text), found by assembling a module with a global for each."""
    order = sorted(texts)
    if not order:
        return {}
    source = "".join(f"(global {kind} ({kind}.const {text}))" for kind, text in order)
    try:
        module = decode(bytes(wasmtime.wat2wasm(f"(module {source})".encode())))
    except Malformed:
        raise AssertionError("constants cannot be decoded") from None
    operands = [item.value[0].operand for item in module.globals]
    return {key: int.from_bytes(operand, "little") for key, operand in zip(order, operands, strict=True) if isinstance(operand, bytes)}
