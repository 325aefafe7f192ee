"""Overrides of a Hydra config, as a command line or a sweep gives them: `net=resnet18`, `+x=1`, `~x`, `dim=256,512`.

The grammar is that of Hydra 1.3, `hydra/grammar/OverrideParser.g4`, as far as people write it.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from shapelint.common.frozen import frozen
from shapelint.documents.merging import EMPTY, unknown
from shapelint.documents.nodes import InvalidYamlError, Mapping, Scalar, YamlNode, pairs
from shapelint.documents.nodes import Sequence as List
from shapelint.text.source import Source, Span

NOWHERE = Span(0, 0)
REFUSED = "Hydra refuses"
"""How the message about an override begins that Hydra does not accept for a config."""
MAXIMUM_VALUES = 10_000
"""The number of values that one key may be swept over."""

_OVERRIDE = re.compile(r"(?P<mode>\+\+|\+|~)?(?P<key>[\w./@$-]+)(?P<given>=(?P<value>.*))?", re.DOTALL)
_CALL = re.compile(r"\s*([A-Za-z_]\w*)\s*\(")
_NUMBER = re.compile(r"[+-]?\d[\d_]*")
_WORDS = {"null": None, "true": True, "false": False}


class RefusedOverrideError(InvalidYamlError):
    """An override that Hydra does not accept for a config."""


@frozen
class Glob:
    """The names of a group that match a pattern and no excluded one."""

    include: tuple[str, ...]
    exclude: tuple[str, ...] = ()


@frozen
class Override:
    """One key with the values that it is given one after the other; `values` are nodes at their place in the text.

    `mode` is what stands before the key: `+`, `++`, `~` or nothing. A value of a command line is in no text.
    """

    mode: str
    key: str
    values: tuple[YamlNode, ...] = ()
    glob: Glob | None = None
    is_sweep: bool = False

    @property
    def text(self) -> str:
        """The override as it is written."""
        return f"{self.mode}{self.key}" + (f"={shown(self.values[0])}" if self.values else "")

    def alone(self, value: YamlNode) -> Override:
        """Return the override with one of its values."""
        return replace(self, values=(value,), is_sweep=False)


@frozen
class Sweep:
    """What a config is run over, and the folder in which its groups are."""

    folder: str = ""
    overrides: tuple[Override, ...] = ()


NO_SWEEP = Sweep()


def parse(text: str) -> Override:
    """Return the override that a word of a command line is; raises InvalidYamlError."""
    match = _OVERRIDE.fullmatch(text.strip())
    if match is None or (match["given"] is None and match["mode"] != "~"):
        raise InvalidYamlError(f"{text!r} is no override: expected key=value, +key=value or ~key", NOWHERE)
    made = Override(match["mode"] or "", match["key"])
    return made if match["given"] is None else _with_values(made, match["value"], None, NOWHERE)


def swept(root: YamlNode, source: Source) -> tuple[Override, ...]:
    """Return what the `hydra.sweeper.params` of a config sweep over; raises InvalidYamlError."""
    node: YamlNode | None = root
    for name in ("hydra", "sweeper", "params"):
        entries = pairs(node) if isinstance(node, Mapping) else ()
        node = next((value for key, value in entries if key.text == name), None)
    found = []
    for key, value in pairs(node) if isinstance(node, Mapping) else ():
        match = _OVERRIDE.fullmatch(key.text)
        if match is None or match["given"] is not None:
            continue
        made = Override(match["mode"] or "", match["key"])
        if isinstance(value, Scalar) and isinstance(value.value, str):
            found.append(_with_values(made, value.text, _start(value, source), value.span))
        else:
            found.append(replace(made, values=(value,)))
    return tuple(one for one in found if not is_of_hydra(one))


def is_of_hydra(override: Override) -> bool:
    """Return whether an override is about Hydra itself, not about the config of the program."""
    return re.match(r"hydra\b", override.key) is not None


def _start(value: Scalar, source: Source) -> int | None:
    """Return the offset at which the text of a scalar is written as it is."""
    for start in (value.origin.start, value.origin.start + 1):
        if source.text.startswith(value.text, start):
            return start
    return None


def expanded(override: Override, folders: Iterable[str]) -> Override:
    """Return an override with the names for its `glob(...)`: the files of the group in the first folder that has it."""
    if override.glob is None:
        return override
    group = override.key.partition("@")[0]
    for folder in folders:
        place = os.path.join(folder, *group.split("/"))
        if os.path.isdir(place):
            stems = sorted({name.rpartition(".")[0] for name in os.listdir(place) if name.endswith((".yaml", ".yml"))})
            kept = [name for name in stems if _matches(name, override.glob)]
            return replace(override, values=tuple(_scalar(name, name, NOWHERE) for name in kept), glob=None)
    return override


def _matches(name: str, glob: Glob) -> bool:
    included = any(fnmatchcase(name, pattern) for pattern in glob.include)
    return included and not any(fnmatchcase(name, pattern) for pattern in glob.exclude)


def combined(overrides: Sequence[Override]) -> Iterator[tuple[Override, ...]]:
    """Yield every combination of the values of overrides; the last of equal keys counts, as in Hydra."""
    last = {one.key: one for one in overrides}
    ways = [[one.alone(value) for value in one.values] if one.values else [one] for one in last.values()]
    return itertools.product(*ways)


def shown(node: YamlNode) -> str:
    """Return a value as an override writes it."""
    if isinstance(node, Mapping):
        return "{" + ",".join(f"{key.text}:{shown(value)}" for key, value in pairs(node)) + "}"
    if isinstance(node, List):
        return "[" + ",".join(map(shown, node.items)) + "]"
    return node.text


def at(node: YamlNode, place: YamlNode) -> YamlNode:
    """Return a value of a command line at the place of the value that it replaces."""
    if isinstance(node, Scalar):
        if node.origin != NOWHERE:
            return node
        origin = place.origin if isinstance(place, Scalar) else place.span
        return replace(node, span=place.span, home=place.home, origin=origin)
    if node.span != NOWHERE:
        return node
    if isinstance(node, List):
        return replace(node, span=place.span, home=place.home, items=tuple(at(item, place) for item in node.items))
    entries = tuple((at(key, place), at(value, place)) for key, value in node.entries)
    return replace(node, span=place.span, home=place.home, entries=entries)


def _with_values(override: Override, text: str, start: int | None, whole: Span) -> Override:
    parser = _Parser(text, start, whole)
    values, glob, is_sweep = parser.sweep()
    return replace(override, values=tuple(values[:MAXIMUM_VALUES]), glob=glob, is_sweep=is_sweep)


def _scalar(value: object, text: str, span: Span, style: str = "") -> Scalar:
    return Scalar(value, text, span, span, span, style)


@dataclass
class _Parser:
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
        count = min(MAXIMUM_VALUES, max(0, int(-((begin - stop) // step))))
        place = self.span(0, len(self.text))
        return [_scalar(begin + step * index, str(begin + step * index), place) for index in range(count)]

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
        return _scalar(content, content, self.span(start, end + 1), mark)

    def plain(self, start: int, end: str) -> Scalar:
        depth = 0
        while self.position < len(self.text):
            character = self.text[self.position]
            if not depth and (character == "," or (end and character == end) or (end != ":" and character in "])")):
                break
            depth += (character in "{(") - (character in "})")
            self.position += 1
        content = self.text[start : self.position].strip()
        return _scalar(plain_value(content), content, self.span(start, start + len(content)))

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
    if _NUMBER.fullmatch(text):
        return int(text.replace("_", ""))
    try:
        return float(text) if re.search(r"\d", text) and not text.endswith("_") else text
    except ValueError:
        return text


def changed(root: YamlNode, override: Override) -> YamlNode:
    """Return a config with a value overridden; raises InvalidYamlError where Hydra refuses it."""
    if not isinstance(root, Mapping):
        return root
    value = override.values[0] if override.values else None
    return _changed(root, _path(override.key), override, value)


def _path(key: str) -> list[str]:
    return [name for name in re.split(r"[.\[\]]", key) if name]


def _changed(node: YamlNode, path: Sequence[str], override: Override, value: YamlNode | None) -> YamlNode:
    name, rest = path[0], path[1:]
    if isinstance(node, List):
        return _changed_item(node, path, override, value)
    if not isinstance(node, Mapping):
        return node if _is_open(node) else _added(EMPTY, path, override, value, node)
    entries = {key.text: (key, held) for key, held in pairs(node)}
    if name not in entries:
        return _added(node, path, override, value, node)
    key, held = entries[name]
    if rest:
        entries[name] = (key, _changed(held, rest, override, value))
    elif override.mode == "~":
        if value is not None and shown(held) != shown(value):
            raise refused(override, f"the value of {override.key} is {shown(held)}", node)
        del entries[name]
    else:
        entries[name] = (key, _replaced(held, override, value))
    return replace(node, entries=tuple(entries.values()))


def _is_open(node: YamlNode) -> bool:
    """Return whether it is not known what a value is: a reference, a missing file."""
    return isinstance(node, Scalar) and (not isinstance(node.value, (type(None), bool, int, float)))


def _changed_item(node: List, path: Sequence[str], override: Override, value: YamlNode | None) -> YamlNode:
    if not path[0].isdigit() or int(path[0]) >= len(node.items) or override.mode == "~":
        raise refused(override, f"there is no {override.key}", node)
    items = list(node.items)
    held = items[int(path[0])]
    new = _changed(held, path[1:], override, value) if path[1:] else _replaced(held, override, value)
    items[int(path[0])] = new
    return replace(node, items=tuple(items))


def _replaced(held: YamlNode, override: Override, value: YamlNode | None) -> YamlNode:
    assert value is not None
    if override.mode == "+" and not isinstance(value, (Mapping, List)) and shown(held) not in ("", "null", "???"):
        raise refused(override, f"{override.key} is there already; write it without +", held)
    value = at(value, held)
    if not isinstance(held, Mapping) or not isinstance(value, Mapping):
        return value
    entries = {key.text: (key, one) for key, one in pairs(held)}
    for key, one in pairs(value):
        entries[key.text] = (key, _replaced(entries[key.text][1], replace(override, mode="++"), one)
                             if key.text in entries else one)  # fmt: skip
    return replace(held, entries=tuple(entries.values()))


def _added(node: Mapping, path: Sequence[str], override: Override, value: YamlNode | None, place: YamlNode) -> YamlNode:
    if override.mode in ("", "~") and not node.open:
        hint = f"; to add it, write +{override.key}" if override.mode == "" else ""
        raise refused(override, f"there is no {override.key} in the config{hint}", place)
    if value is None:
        return node
    made = at(value, place)
    for name in reversed(path):
        key = _scalar(name, name, place.span)
        made = Mapping(((key, made),), place.span, Span(place.span.start, place.span.start))
    return replace(node, entries=(*node.entries, *made.entries)) if isinstance(made, Mapping) else node


def refused(override: Override, why: str, place: YamlNode) -> InvalidYamlError:
    """Return the error for an override that Hydra does not accept."""
    first = Span(place.span.start, min(place.span.end, place.span.start + 1))
    return RefusedOverrideError(f"{REFUSED} {override.text}: {why}", first)
