"""YAML as nodes with spans: a small composer on PyYAML's event stream.

It uses events rather than PyYAML's own composer for three reasons: nesting, size and alias expansion are bounded; an
alias keeps the place where it is used; a call such as `Head(512, 256)` that YAML's flow style splits at its commas is
joined again, as one scalar with one span. No tag constructs anything: a scalar with an unknown tag has an unknown
value.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, cached_property, lru_cache
from typing import Any, Union

from shapelint.common import bounds, yaml_loader
from shapelint.common.frozen import frozen, record, replace
from shapelint.common.patterns import pattern
from shapelint.shapes.dims import UNKNOWN_DIM
from shapelint.text.source import Source, Span

MAXIMUM_NODES = bounds.YAML_VALUES

_LINE_BREAKS = "\n\r\x85\u2028\u2029"
"""What ends a line of YAML."""

STANDARD_TAG = "tag:yaml.org,2002:"
SCALAR_TAGS = frozenset(
    STANDARD_TAG + name for name in ("null", "bool", "int", "float", "str", "timestamp", "merge", "value")
)


KEPT_LENGTH = 64
"""How long the texts are whose values are kept: most of many configs have the same."""
TUPLE_TAG = STANDARD_TAG + "python/tuple"


class InvalidYamlError(Exception):
    """A text that is not YAML, or too large or too deep; `span` is the place."""

    def __init__(self, message: str, span: Span):
        super().__init__(message)
        self.message = message
        self.span = span


@record
class Scalar:
    """One scalar.

    `span` is where it is used (the alias, if it came through one), `home` where another value can be written for this
    use alone, `origin` where its text is.
    """

    value: Any
    text: str
    span: Span
    home: Span
    origin: Span
    style: str = ""
    tag: str = ""


@record
class Sequence:
    """A list; `flow` for `[...]`."""

    items: tuple[YamlNode, ...]
    span: Span
    home: Span
    flow: bool = False
    tag: str = ""


@record
class Mapping:
    """A mapping, merge keys not yet applied (see `pairs`); `open` says why it may have entries that cannot be seen."""

    entries: tuple[tuple[YamlNode, YamlNode], ...]
    span: Span
    home: Span
    flow: bool = False
    tag: str = ""
    open: str = ""

    @cached_property
    def merged(self) -> tuple[tuple[Scalar, YamlNode], ...]:
        """What `pairs` gives."""
        return tuple(_merged(self))


YamlNode = Union[Scalar, Sequence, Mapping]


@frozen
class Definition:
    """An anchor: the document that it is in, its name, its node, and how many values that holds."""

    document: int
    name: str
    node: YamlNode
    size: int


@frozen
class Composition:
    """A YAML text as nodes. `uses` are its aliases: the offset of each, and the definition that it names."""

    documents: tuple[YamlNode, ...]
    definitions: tuple[Definition, ...] = ()
    uses: tuple[tuple[int, Definition], ...] = ()
    count: int = 0


def compose(source: Source) -> list[YamlNode]:
    """The documents of a YAML text; raises InvalidYamlError."""
    return list(composition(source).documents)


def composition(source: Source) -> Composition:
    """The documents of a YAML text, with its anchors and aliases; raises InvalidYamlError."""
    import yaml

    composer = _Composer(source)
    try:
        for event in yaml_loader.events(source.text):
            composer.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        offset = min(mark.index if mark else 0, len(source.text))
        words = " ".join(part for part in (error.context, error.problem) if part)
        if source.text[offset : offset + 1] == "\t":
            words += " (YAML is indented with spaces, never with tabs)"
        raise InvalidYamlError(words, Span(offset, min(offset + 1, len(source.text)))) from None
    except yaml.reader.ReaderError as error:
        offset = error.position if isinstance(error.position, int) else 0
        raise InvalidYamlError(f"character not allowed in YAML: {error.reason}", Span(offset, offset + 1)) from None
    return composer.composed()


def recomposed(source: Source, place: Span, before: Composition, document: int) -> Composition | None:
    """The mapping at a place of an edited text, composed alone: what `composition` of the whole text gives for it.

    `before` is the composition of the text before it was edited at that place, `document` the number of the document
    that it is in. None where the mapping does not end where it must, and only the whole text tells what it is.
    """
    import yaml

    column = place.start - 1 - max(source.text.rfind(mark, 0, place.start) for mark in _LINE_BREAKS)
    composer = _Composer(source, place.start - column, document)
    composer.count = before.count  # too many rather than too few
    for known in before.definitions:
        if known.document == document and known.node.span.end <= place.start:
            composer.anchors[known.name] = known
    # What stands before it on its line is no part of it, yet its column is its indentation.
    text = " " * column + source.slice(place)
    try:
        for event in yaml_loader.events(text):
            if isinstance(event, (yaml.DocumentStartEvent, yaml.DocumentEndEvent)):
                if event.explicit:
                    return None
            else:
                composer.take(event)
    except (yaml.YAMLError, InvalidYamlError):
        return None
    found = composer.composed()
    whole = len(found.documents) == 1 and isinstance(found.documents[0], Mapping) and found.documents[0].span == place
    return found if whole else None


def pairs(mapping: Mapping) -> tuple[tuple[Scalar, YamlNode], ...]:
    """The entries of a mapping with merge keys applied: its own first (the last of equal keys), then merged ones."""
    return mapping.merged


def _merged(mapping: Mapping) -> Iterator[tuple[Scalar, YamlNode]]:
    own: dict[Any, tuple[Scalar, YamlNode]] = {}
    merged: list[YamlNode] = []
    for key, value in mapping.entries:
        if not isinstance(key, Scalar):
            continue
        if key.value == "<<" and key.style == "":
            merged.extend(value.items if isinstance(value, Sequence) else [value])
        else:
            own[_hashable(key)] = (key, value)
    for base in merged:
        if isinstance(base, Mapping):
            for key, value in pairs(base):
                own.setdefault(_hashable(key), (key, value))
    yield from own.values()


def duplicates(mapping: Mapping) -> list[Scalar]:
    """The keys of a mapping that occur a second time."""
    seen: set[Any] = set()
    repeated = []
    for key, _ in mapping.entries:
        if isinstance(key, Scalar) and key.value != "<<":
            if _hashable(key) in seen:
                repeated.append(key)
            seen.add(_hashable(key))
    return repeated


class _Composer:
    """Builds nodes of events; `shift` is the offset in the source at which the text of the events begins."""

    def __init__(self, source: Source, shift: int = 0, document: int = -1):
        self.source = source
        self.shift = shift
        self.document = document
        self.documents: list[YamlNode] = []
        self.anchors: dict[str, Definition] = {}
        self.definitions: list[Definition] = []
        self.uses: list[tuple[int, Definition]] = []
        self.open: list[tuple[Any, list[YamlNode], int]] = []
        self.count = 0

    def composed(self) -> Composition:
        return Composition(tuple(self.documents), tuple(self.definitions), tuple(self.uses), self.count)

    def take(self, event: Any) -> None:
        kind = type(event).__name__
        if kind == "ScalarEvent":
            self.add(self.scalar(event), event.anchor, 1)
        elif kind == "DocumentStartEvent":
            self.document += 1
            self.anchors = {}
        elif kind == "AliasEvent":
            self.alias(event)
        elif kind in ("SequenceStartEvent", "MappingStartEvent"):
            if len(self.open) >= bounds.YAML_DEPTH:
                raise InvalidYamlError(f"nested more than {bounds.YAML_DEPTH} levels deep", self.span(event))
            self.open.append((event, [], self.count))
        elif kind in ("SequenceEndEvent", "MappingEndEvent"):
            start, children, before = self.open.pop()
            span = Span(self.span(start).start, self.span(event).end)
            node = self.collection(start, children, span)
            self.add(node, start.anchor, self.count - before)

    def add(self, node: YamlNode, anchor: str | None, size: int) -> None:
        if isinstance(node, Scalar):
            self.spend(1, node.span)
        if anchor:
            self.anchors[anchor] = Definition(self.document, anchor, node, size)
            self.definitions.append(self.anchors[anchor])
        if self.open:
            self.open[-1][1].append(node)
        else:
            self.documents.append(node)

    def spend(self, size: int, span: Span) -> None:
        self.count += size
        if self.count > MAXIMUM_NODES:
            raise InvalidYamlError(f"more than {MAXIMUM_NODES} values, aliases expanded", span)

    def alias(self, event: Any) -> None:
        span = self.span(event)
        if event.anchor not in self.anchors:
            raise InvalidYamlError(f"alias *{event.anchor} names no anchor that stands before it", span)
        named = self.anchors[event.anchor]
        self.uses.append((span.start, named))
        self.spend(named.size, span)
        self.add(_use(named.node, span), None, named.size)

    def collection(self, start: Any, children: list[YamlNode], span: Span) -> YamlNode:
        flow, tag = bool(start.flow_style), start.tag or ""
        if type(start).__name__ == "SequenceStartEvent":
            items = _join_items(self.source, children) if flow else children
            return Sequence(tuple(items), span, span, flow, tag)
        entries = list(zip(children[::2], children[1::2]))
        return Mapping(tuple(_join_entries(self.source, entries) if flow else entries), span, span, flow, tag)

    def scalar(self, event: Any) -> Scalar:
        style = event.style or ""
        style = "" if style == ":" else style
        span = self.span(event)
        if event.anchor or event.tag:
            properties = _PROPERTIES.match(self.source.text, span.start, span.end)
            span = Span(properties.end(), span.end) if properties else span
        value_of = _kept_value if len(event.value) <= KEPT_LENGTH else _value
        value = value_of(event.tag or "", event.value, not style)
        return Scalar(value, event.value, span, span, span, style, event.tag or "")

    def span(self, event: Any) -> Span:
        return Span(event.start_mark.index + self.shift, event.end_mark.index + self.shift)


_PROPERTIES = pattern(r"([&!]\S*\s+)+")


@cache
def _scalar_tools() -> tuple[Any, Any]:
    """What finds the tag of a plain scalar, and what makes the value of one."""
    from yaml.constructor import SafeConstructor
    from yaml.resolver import Resolver

    return Resolver(), SafeConstructor()


def _value(tag: str, text: str, is_plain: bool) -> Any:
    """The value of a scalar; UNKNOWN_DIM for a tag that YAML does not define, or a text that does not fit its tag."""
    from yaml.constructor import ConstructorError
    from yaml.nodes import ScalarNode

    resolver, constructor = _scalar_tools()
    tag = tag or resolver.resolve(ScalarNode, text, (is_plain, not is_plain))
    if tag == "!":
        tag = STANDARD_TAG + "str"
    if tag == STANDARD_TAG + "str" or tag not in SCALAR_TAGS:
        return text if tag in SCALAR_TAGS else UNKNOWN_DIM
    try:
        return constructor.construct_object(ScalarNode(tag, text))
    except (ConstructorError, ValueError, OverflowError, LookupError, AttributeError, TypeError):
        return text
    finally:
        constructor.constructed_objects.clear()
        constructor.recursive_objects.clear()


_kept_value = lru_cache(maxsize=4096)(_value)


def _use(node: YamlNode, span: Span) -> YamlNode:
    """A node as seen through an alias at `span`; a scalar behind an alias is edited there, not at its anchor."""
    if isinstance(node, Scalar):
        return replace(node, span=span, home=span)
    return _relocate(node, span)


def _relocate(node: YamlNode, span: Span) -> YamlNode:
    if isinstance(node, Scalar):
        return replace(node, span=span)
    if isinstance(node, Sequence):
        return replace(node, span=span, items=tuple(_relocate(item, span) for item in node.items))
    entries = tuple((_relocate(key, span), _relocate(value, span)) for key, value in node.entries)
    return replace(node, span=span, entries=entries)


def _join_items(source: Source, items: list[YamlNode]) -> list[YamlNode]:
    joined: list[YamlNode] = []
    for item in items:
        last = joined[-1] if joined else None
        if isinstance(last, Scalar) and isinstance(item, Scalar) and is_open_call(last):
            joined[-1] = _joined(source, last, item)
        else:
            joined.append(item)
    return joined


def _join_entries(source: Source, entries: list[tuple[YamlNode, YamlNode]]) -> list[tuple[YamlNode, YamlNode]]:
    joined: list[tuple[YamlNode, YamlNode]] = []
    for key, value in entries:
        name, last = joined[-1] if joined else (None, None)
        absent = isinstance(value, Scalar) and value.span.start == value.span.end
        if name is not None and isinstance(last, Scalar) and isinstance(key, Scalar) and absent and is_open_call(last):
            joined[-1] = (name, _joined(source, last, key))
        else:
            joined.append((key, value))
    return joined


def _joined(source: Source, first: Scalar, last: Scalar) -> Scalar:
    span = Span(first.span.start, last.span.end)
    return Scalar(source.slice(span), source.slice(span), span, span, span)


def is_open_call(scalar: Scalar) -> bool:
    """Whether a plain scalar has a parenthesis that is not closed in it."""
    return scalar.style == "" and scalar.text.count("(") > scalar.text.count(")")


def _hashable(key: Scalar) -> Any:
    return key.value if isinstance(key.value, (str, int, float, bool, type(None))) else key.text
