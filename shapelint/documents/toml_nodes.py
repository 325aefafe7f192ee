"""TOML as nodes with spans: a scanner of places, checked against the values that the standard library reads."""

from __future__ import annotations

import json
import re
from typing import Any

from shapelint.common.patterns import pattern
from shapelint.common.toml_text import TomlError, read_toml
from shapelint.documents.nodes import InvalidYamlError, Mapping, Scalar, Sequence, YamlNode
from shapelint.text.source import Source, Span

_KEY = pattern(r"""[ \t]*([A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')[ \t]*""")
_BLANK = pattern(r"(?:[ \t\r\n]|#[^\n]*)*")
_HEADER = pattern(r"\[\[?")
_SCALAR = pattern(
    r'"""(?:\\.|(?!""")[^\\])*"{3,5}' r"|'''(?:(?!''').)*'{3,5}" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'" r"|[^,\]}#\n]+",
    re.DOTALL,
)

_Entry = tuple[Span, Any]
"""Where a key is written, and its value: a node, or a dict or list of what was read so far."""


def toml_nodes(source: Source) -> YamlNode:
    """Return a TOML text as a mapping; raises InvalidYamlError if it is not TOML or not understood."""
    try:
        values = read_toml(source.text)
    except TomlError as error:
        raise InvalidYamlError(f"not TOML: {error}", Span(0, min(1, len(source.text)))) from None
    try:
        root = _node(_Scanner(source.text).document(), Span(0, len(source.text)))
    except (AssertionError, AttributeError, IndexError, KeyError, RecursionError, TomlError):
        root = None
    if root is None or _compared(_plain(root)) != _compared(values):
        raise InvalidYamlError("the layout of this TOML is not understood", Span(0, min(1, len(source.text))))
    return root


class _Scanner:
    """Reads a text that is known to be TOML; tables are dicts of entries until the whole text is read."""

    def __init__(self, text: str):
        self.text = text
        self.at = 0

    def document(self) -> dict[str, _Entry]:
        root: dict[str, _Entry] = {}
        table = root
        while self._next():
            header = _HEADER.match(self.text, self.at)
            if header:
                self.at = header.end()
                table = self._opened(root, self._keys(), many=len(header[0]) == 2)
                self.at += len(header[0])
            else:
                self._assign(table)
        return root

    def _next(self) -> str:
        """Skip blanks and comments; return the next character."""
        blank = _BLANK.match(self.text, self.at)
        self.at = blank.end() if blank else self.at
        return self.text[self.at : self.at + 1]

    def _keys(self) -> list[tuple[str, Span]]:
        found = []
        while True:
            key = _KEY.match(self.text, self.at)
            assert key is not None
            self.at = key.end()
            word = key[1]
            name = next(iter(read_toml(f"{word} = 0"))) if word[0] in "\"'" else word
            found.append((name, Span(*key.span(1))))
            if self.text[self.at : self.at + 1] != ".":
                return found
            self.at += 1

    def _opened(self, root: dict[str, _Entry], keys: list[tuple[str, Span]], many: bool) -> dict[str, _Entry]:
        """Return the table that a header opens: the next element of a list if there may be `many`."""
        *parents, (name, span) = keys
        table = _inside(root, parents)
        if not many:
            return _inside(table, [(name, span)])
        tables = table.setdefault(name, (span, []))[1]
        tables.append({})
        last: dict[str, _Entry] = tables[-1]
        return last

    def _assign(self, table: dict[str, _Entry]) -> None:
        *parents, (name, span) = self._keys()
        self.at += 1
        self._next()
        _inside(table, parents)[name] = (span, self._value())

    def _value(self) -> YamlNode:
        opening = self._next()
        start = self.at
        if opening == "[":
            return self._array(start)
        if opening == "{":
            return self._inline(start)
        match = _SCALAR.match(self.text, self.at)
        assert match is not None
        text = match[0].rstrip()
        self.at += len(text)
        span = Span(start, self.at)
        return Scalar(read_toml(f"x = {text}")["x"], text, span, span, span)

    def _array(self, start: int) -> Sequence:
        self.at += 1
        items: list[YamlNode] = []
        while self._next() != "]":
            items.append(self._value())
            if self._next() == ",":
                self.at += 1
        self.at += 1
        span = Span(start, self.at)
        return Sequence(tuple(items), span, span, True)

    def _inline(self, start: int) -> YamlNode:
        self.at += 1
        table: dict[str, _Entry] = {}
        while self._next() != "}":
            self._assign(table)
            if self._next() == ",":
                self.at += 1
        self.at += 1
        return _node(table, Span(start, self.at))


def _inside(table: dict[str, _Entry], keys: list[tuple[str, Span]]) -> dict[str, _Entry]:
    """Return the table that keys lead to, created where it is missing; of a list of tables, the last one."""
    for name, span in keys:
        value = table.setdefault(name, (span, {}))[1]
        table = value[-1] if isinstance(value, list) else value
    return table


def _node(value: Any, span: Span) -> YamlNode:
    if isinstance(value, dict):
        keys = {name: Scalar(name, name, place, place, place) for name, (place, _) in value.items()}
        entries = tuple((keys[name], _node(one, place)) for name, (place, one) in value.items())
        return Mapping(entries, span, span)
    if isinstance(value, list):
        return Sequence(tuple(_node(one, span) for one in value), span, span)
    node: YamlNode = value
    return node


def _compared(values: Any) -> str:
    """Return values as a text that is the same for the same values: `nan` is not equal to itself."""
    return json.dumps(values, sort_keys=True, default=repr)


def _plain(node: YamlNode) -> Any:
    if isinstance(node, Mapping):
        return {key.value: _plain(value) for key, value in node.entries if isinstance(key, Scalar)}
    return [_plain(item) for item in node.items] if isinstance(node, Sequence) else node.value
