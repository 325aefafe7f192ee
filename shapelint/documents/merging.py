"""Join the nodes of several YAML files: move them to offsets in a joined text, and merge them as OmegaConf does."""

from __future__ import annotations

from collections.abc import Sequence as List

from shapelint.common.frozen import replace
from shapelint.documents.nodes import Mapping, Scalar, Sequence, YamlNode, pairs
from shapelint.shapes.dims import UNKNOWN_DIM
from shapelint.text.source import Span

EMPTY = Mapping((), Span(0, 0), Span(0, 0))


def moved(node: YamlNode, by: int) -> YamlNode:
    """Move all spans of a node from its own text to that text's place in a joined one."""
    span, home = _moved(node.span, by), _moved(node.home, by)
    if isinstance(node, Scalar):
        return replace(node, span=span, home=home, origin=_moved(node.origin, by))
    if isinstance(node, Sequence):
        return replace(node, span=span, home=home, items=tuple(moved(item, by) for item in node.items))
    entries = tuple((moved(key, by), moved(value, by)) for key, value in node.entries)
    return replace(node, span=span, home=home, entries=entries)


def _moved(span: Span, by: int) -> Span:
    return Span(span.start + by, span.end + by)


def unknown(span: Span, why: str) -> Scalar:
    """A value that cannot be known; `why` is the reason for people."""
    return Scalar(UNKNOWN_DIM, why, span, span, span)


def nested(node: YamlNode, path: List[str]) -> YamlNode:
    """`{a: {b: node}}` for the path `a.b`."""
    for name in reversed(path):
        key = Scalar(name, name, node.span, node.span, node.span)
        node = Mapping(((key, node),), node.span, _nowhere(node.span))
    return node


def merge(base: YamlNode | None, over: YamlNode) -> YamlNode:
    """Merge as OmegaConf does: mappings merge key by key; everything else, including lists, replaces what was there.

    `???` leaves what was there. A mapping over an unknown value (an interpolation, a missing file) keeps its entries
    and is `open`: it may have other entries that cannot be seen. An unknown value over a mapping makes all of it
    unknown.
    """
    if base is None or (isinstance(base, Mapping) and not base.entries and not base.open):
        return over
    if isinstance(over, Scalar):
        return base if over.value == "???" else over
    if not isinstance(over, Mapping):
        return over
    if not isinstance(base, Mapping):
        return opened(over, base.text) if isinstance(base, Scalar) and _is_unknown(base) else over
    entries = {key.text: (key, value) for key, value in pairs(base)}
    for key, value in pairs(over):
        before = entries.get(key.text)
        entries[key.text] = (key, merge(before[1], value) if before else opened(value, base.open))
    whole = over if over.entries else base
    return replace(whole, entries=tuple(entries.values()), home=_nowhere(whole.span), open=base.open)


def opened(node: YamlNode, why: str) -> YamlNode:
    """Mark a mapping, and every mapping in it, as one that may have other entries."""
    if not why or not isinstance(node, Mapping):
        return node
    return replace(node, entries=tuple((key, opened(value, why)) for key, value in node.entries), open=why)


def with_unknown_values(node: YamlNode | None, cover: Scalar) -> YamlNode:
    """Make every value of a mapping unknown: its keys exist, but their values may be overridden."""
    if not isinstance(node, Mapping):
        return cover
    entries = tuple((key, cover) for key, _ in pairs(node))
    return replace(node, entries=entries, home=_nowhere(node.span), open=cover.text)


def _is_unknown(node: Scalar) -> bool:
    return node.value is UNKNOWN_DIM or (isinstance(node.value, str) and "${" in node.value)


def _nowhere(span: Span) -> Span:
    """The home of a mapping that has no single place in the text: nothing can be written into it."""
    return Span(span.start, span.start)
