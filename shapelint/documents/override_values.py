"""The values of overrides as nodes: lists, dicts, texts and numbers, and functions such as `choice(64, 128)`.

The grammar is that of Hydra 1.3, `hydra/grammar/OverrideParser.g4`, as far as people write it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from shapelint.common.frozen import frozen, record, replace
from shapelint.common.patterns import pattern
from shapelint.documents.merging import unknown
from shapelint.documents.nodes import InvalidYamlError, Mapping, Scalar, YamlNode, pairs
from shapelint.documents.nodes import Sequence as List
from shapelint.text.source import Span

NOWHERE = Span(0, 0)
MAXIMUM_VALUES = 10_000
LONGEST_NUMBER = 100
"""The number of values that one key may be swept over."""

_CALL = pattern(r"\s*([A-Za-z_]\w*)\s*\(")
_NUMBER = pattern(r"[+-]?\d[\d_]*")
_WORDS = {"null": None, "true": True, "false": False}


@frozen
class Glob:
    """The names of a group that match a pattern and no excluded one."""

    include: tuple[str, ...]
    exclude: tuple[str, ...] = ()


def shown(node: YamlNode) -> str:
    """Return a value as an override writes it."""
    if isinstance(node, Mapping):
        return "{" + ",".join(f"{key.text}:{shown(value)}" for key, value in pairs(node)) + "}"
    if isinstance(node, List):
        return "[" + ",".join(map(shown, node.items)) + "]"
    return node.text


def scalar_of(value: object, text: str, span: Span, style: str = "") -> Scalar:
    """Return a value with its text at a place."""
    return Scalar(value, text, span, span, span, style)


@record
class OverrideValues:
    """Reads the value of an override; `start` is the offset of its text in the source, `whole` is used if unknown."""

    text: str
    start: int | None
    whole: Span
    position: int = 0

    def sweep(self) -> tuple[list[YamlNode], Glob | None, bool]:
        """Return the values, the pattern of their names, and whether there may be several."""
        call = _CALL.match(self.text)
        if call and self.text.rstrip().endswith(")"):
            return self.call(call[1].lower(), call.end())
        values = self.listed("")
        return values, None, len(values) > 1

    def call(self, name: str, start: int) -> tuple[list[YamlNode], Glob | None, bool]:
        """Return the values of a function such as `choice(...)`."""
        inner = replace(self, text=self.text.rstrip()[:-1], position=start)
        arguments = [(name_, value) for name_, value in inner.arguments()]
        plain = [value for name_, value in arguments if not name_]
        named = {name_: value for name_, value in arguments if name_}
        if name == "choice":
            return plain, None, True
        if name in ("sort", "shuffle") and (len(plain) > 1 or "list" not in named):
            nested = self._nested(start) if len(plain) == 1 else None
            return nested or (plain, None, len(plain) > 1)
        if name == "tag" and plain:
            last = inner.last_argument(start)
            return replace(self, text=inner.text[last:], start=None, position=0).sweep()
        if name == "glob" and plain:
            return [], Glob(_names(plain[0]), _names(named["exclude"]) if "exclude" in named else ()), True
        if name == "range" and (values := self.numbers(plain, named)) is not None:
            return values, None, True
        return [unknown(self.span(0, len(self.text)), f"`{self.text}` is sampled")], None, name == "interval"

    def _nested(self, start: int) -> tuple[list[YamlNode], Glob | None, bool] | None:
        inside = self.text.rstrip()[start:-1]
        return replace(self, text=inside, start=None, position=0).sweep() if _CALL.match(inside) else None

    def numbers(self, plain: Sequence[YamlNode], named: dict[str, YamlNode]) -> list[YamlNode] | None:
        """Return the numbers of `range(start, stop, step)`; None if they are not plain ones."""
        given = [value.value if isinstance(value, Scalar) else None for value in plain]
        first = [0, *given] if len(given) == 1 else given
        known = {**dict(zip(("start", "stop", "step"), first))}
        known.update({name: value.value for name, value in named.items() if isinstance(value, Scalar)})
        begin, stop, step = (known.get(name, default) for name, default in (("start", 0), ("stop", None), ("step", 1)))
        if not all(type(one) in (int, float) for one in (begin, stop, step)) or not step:
            return None
        assert isinstance(begin, (int, float))
        assert isinstance(stop, (int, float))
        assert isinstance(step, (int, float))
        steps = -((begin - stop) // step)
        count = int(min(MAXIMUM_VALUES, max(0, steps))) if steps == steps else 0
        place = self.span(0, len(self.text))
        return [scalar_of(begin + step * index, str(begin + step * index), place) for index in range(count)]

    def arguments(self) -> Iterator[tuple[str, YamlNode]]:
        """Yield the arguments up to the end of the text, each with its name if it has one."""
        while self.position < len(self.text):
            named = re.compile(r"\s*([A-Za-z_]\w*)\s*=").match(self.text, self.position)
            self.position = named.end() if named else self.position
            yield (named[1] if named else ""), self.value("")
            self.skip()
            self.position += 1

    def last_argument(self, start: int) -> int:
        """Return the offset of the last argument of a call."""
        depth, last = 0, start
        for index in range(start, len(self.text)):
            depth += (self.text[index] in "([{") - (self.text[index] in ")]}")
            if self.text[index] == "," and not depth:
                last = index + 1
        return last

    def listed(self, end: str) -> list[YamlNode]:
        """Return the values between commas, up to the end."""
        found: list[YamlNode] = []
        self.skip()
        if end and self.peek() == end:
            return found
        while True:
            found.append(self.value(end))
            self.skip()
            if self.peek() != ",":
                return found
            self.position += 1

    def value(self, end: str) -> YamlNode:
        """Return one value: a list, a dict, a quoted text or a plain one."""
        self.skip()
        start, mark = self.position, self.peek()
        if mark == "[":
            self.position += 1
            items = self.listed("]")
            return List(tuple(items), self.close("]", start), self.span(start, self.position), flow=True)
        if mark == "{":
            return self.mapping(start)
        if mark in ("'", '"') and mark:
            return self.quoted(mark, start)
        return self.plain(start, end)

    def mapping(self, start: int) -> YamlNode:
        entries: list[tuple[YamlNode, YamlNode]] = []
        self.position += 1
        self.skip()
        while self.peek() not in ("}", ""):
            key = self.plain(self.position, ":")
            self.close(":", start)
            entries.append((key, self.value("}")))
            self.skip()
            self.position += self.peek() == ","
            self.skip()
        return Mapping(tuple(entries), self.close("}", start), self.span(start, self.position), flow=True)

    def quoted(self, mark: str, start: int) -> YamlNode:
        end = self.text.find(mark, start + 1)
        while end > 0 and self.text[end - 1] == "\\":
            end = self.text.find(mark, end + 1)
        if end < 0:
            raise self.error()
        self.position = end + 1
        content = self.text[start + 1 : end].replace("\\" + mark, mark)
        return scalar_of(content, content, self.span(start, end + 1), mark)

    def plain(self, start: int, end: str) -> Scalar:
        depth = 0
        while self.position < len(self.text):
            character = self.text[self.position]
            if not depth and (character == "," or (end and character == end) or (end != ":" and character in "])")):
                break
            depth += (character in "{(") - (character in "})")
            self.position += 1
        content = self.text[start : self.position].strip()
        return scalar_of(plain_value(content), content, self.span(start, start + len(content)))

    def skip(self) -> None:
        while self.peek().isspace():
            self.position += 1

    def peek(self) -> str:
        return self.text[self.position : self.position + 1]

    def close(self, mark: str, start: int) -> Span:
        self.skip()
        if self.peek() != mark:
            raise self.error()
        self.position += 1
        return self.span(start, self.position)

    def span(self, start: int, end: int) -> Span:
        return self.whole if self.start is None else Span(self.start + start, self.start + end)

    def error(self) -> InvalidYamlError:
        return InvalidYamlError(f"{self.text!r} is no value of an override", self.whole)


def _names(node: YamlNode) -> tuple[str, ...]:
    return tuple(map(shown, node.items)) if isinstance(node, List) else (shown(node),)


def plain_value(text: str) -> object:
    """Return what a text without quotes is: null, a truth value, a number or itself."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _NUMBER.fullmatch(text) and len(text) <= LONGEST_NUMBER:
        return int(text.replace("_", ""))
    try:
        return float(text) if re.search(r"\d", text) and not text.endswith("_") else text
    except ValueError:
        return text
