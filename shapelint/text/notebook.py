"""Jupyter notebooks: the code cells as one script, with a map from every character back to its place in the JSON.

Anything that is not Python (magics, shell lines, cells that do not parse) becomes comments, so that the rest can be
read.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import field
from typing import Any

from shapelint.common import bounds, syntax_trees
from shapelint.common.frozen import frozen
from shapelint.common.patterns import pattern
from shapelint.text.source import Span

ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
SPACE = pattern(r"[ \t\r\n]*")
_PLAIN = pattern(r'[^"\\]+')
LITERAL = pattern(r"true|false|null|-?\d[\d.eE+-]*")
MAGIC = pattern(r"^([ \t]*)[%!?]")


class NotebookError(ValueError):
    """The text is not a notebook; `offset` is the place."""

    def __init__(self, message: str, offset: int):
        super().__init__(message)
        self.offset = offset


@frozen
class Text:
    """A JSON string: its value, the offset in the file of each of its characters, and the offset after it."""

    value: str
    offsets: tuple[int, ...]
    end: int


@frozen
class Script:
    """Python text; in a notebook `offsets` are its characters' places in the file, `cells` the beginnings of cells."""

    text: str
    offsets: tuple[int, ...] = ()
    cells: tuple[int, ...] = field(default=())

    def place(self, span: Span) -> Span:
        """Map a span of the script to a span of the notebook's file."""
        if not self.offsets:
            return span
        last = len(self.offsets) - 1
        start = self.offsets[min(span.start, last)]
        return Span(start, max(start, self.offsets[min(max(span.end - 1, span.start), last)] + (span.end > span.start)))

    def cell_of(self, offset: int) -> tuple[int, int]:
        """The cell and the line in it (both from 1) of an offset in the notebook's file."""
        index = self._index(offset)
        cell = bisect_right(self.cells, index)
        return cell, self.text.count("\n", self.cells[cell - 1] if cell else 0, max(index, 0)) + 1

    def note(self, offset: int) -> str:
        """Return the note of a finding about its place: the cell and the line in it."""
        cell, line = self.cell_of(offset)
        return f"cell {cell}, line {line}"

    def line_of(self, offset: int) -> int:
        """The line (from 1) in the text of all cells of an offset in the notebook's file."""
        return self.text.count("\n", 0, max(self._index(offset), 0)) + 1

    def end_of(self, line: int) -> int:
        """The offset in the notebook's file at which a line of that text ends."""
        start = 0
        for _ in range(line - 1):
            start = self.text.index("\n", start) + 1
        return self.offsets[self.text.index("\n", start)]

    def _index(self, offset: int) -> int:
        return bisect_right(self.offsets, offset) - 1


def read(text: str) -> Script:
    """Read the code cells of a notebook; raises NotebookError."""
    document, _ = _value(text, 0, 0)
    cells = document.get("cells") if isinstance(document, dict) else None
    if not isinstance(cells, list):
        raise NotebookError("expected an object with a list of cells", 0)
    pieces: list[str] = []
    offsets: list[int] = []
    starts: list[int] = []
    for cell in cells:
        kind = cell.get("cell_type") if isinstance(cell, dict) else None
        if not isinstance(kind, Text) or kind.value != "code":
            starts.append(len(offsets))
            continue
        source = cell.get("source")
        parts = [part for part in (source if isinstance(source, list) else [source]) if isinstance(part, Text)]
        code = "".join(part.value for part in parts)
        places = [offset for part in parts for offset in part.offsets]
        end = parts[-1].end if places else 0
        starts.append(len(offsets))
        pieces.append(as_python(code) + "\n")
        offsets += [*places, end]
    return Script("".join(pieces), tuple(offsets), tuple(starts))


def as_python(code: str) -> str:
    """A cell with the same number of characters, in which anything that is not Python is a comment."""
    if code.lstrip().startswith("%%"):
        return _commented(code)
    code = "\n".join(MAGIC.sub(r"\1#", line) for line in code.split("\n"))
    try:
        syntax_trees.module(code)
    except SyntaxError:
        return _commented(code)
    return code


def _commented(code: str) -> str:
    return "\n".join("#" + line[1:] if line else line for line in code.split("\n"))


def _value(text: str, at: int, depth: int) -> tuple[Any, int]:
    """One JSON value and its end; strings are returned as Text, numbers and the like as None."""
    at = _skip(text, at)
    if depth > bounds.NOTEBOOK_DEPTH:
        raise NotebookError("nested too deeply", at)
    character = text[at : at + 1]
    if character == '"':
        return _string(text, at)
    if character == "[":
        return _list(text, at, depth)
    if character == "{":
        return _object(text, at, depth)
    match = LITERAL.match(text, at)
    if match is None:
        raise NotebookError("not JSON", at)
    return None, match.end()


def _list(text: str, at: int, depth: int) -> tuple[list[Any], int]:
    found: list[Any] = []
    at = _skip(text, at + 1)
    while text[at : at + 1] != "]":
        value, at = _value(text, at, depth + 1)
        found.append(value)
        at = _separated(text, at, "]")
    return found, at + 1


def _object(text: str, at: int, depth: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    at = _skip(text, at + 1)
    while text[at : at + 1] != "}":
        if text[at : at + 1] != '"':
            raise NotebookError("expected a key", at)
        key, at = _string(text, at)
        at = _skip(text, at)
        if text[at : at + 1] != ":":
            raise NotebookError("expected a colon", at)
        found[key.value], at = _value(text, at + 1, depth + 1)
        at = _separated(text, at, "}")
    return found, at + 1


def _separated(text: str, at: int, closing: str) -> int:
    at = _skip(text, at)
    if text[at : at + 1] == ",":
        return _skip(text, at + 1)
    if text[at : at + 1] != closing:
        raise NotebookError(f"expected a comma or {closing}", at)
    return at


def _skip(text: str, at: int) -> int:
    match = SPACE.match(text, at)
    return match.end() if match else at


def _string(text: str, at: int) -> tuple[Text, int]:
    values: list[str] = []
    offsets: list[int] = []
    at += 1
    while True:
        plain = _PLAIN.match(text, at)
        if plain:
            values.append(plain[0])
            offsets.extend(range(at, plain.end()))
            at = plain.end()
        character = text[at : at + 1]
        if character == '"':
            return Text("".join(values), tuple(offsets), at), at + 1
        if character != "\\":
            raise NotebookError("a string that does not end", min(at, len(text)))
        escaped = text[at + 1 : at + 2]
        width = 6 if escaped == "u" else 2
        try:
            value = chr(int(text[at + 2 : at + 6], 16)) if escaped == "u" else ESCAPES.get(escaped, escaped)
        except ValueError:
            raise NotebookError("a broken escape", at) from None
        values.append(value)
        offsets.append(at)
        at += width
