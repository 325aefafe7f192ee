"""Nodes of several YAML files as one: moved to their offsets in a joined text, and merged as OmegaConf merges."""

from __future__ import annotations

from collections.abc import Sequence as List
from dataclasses import replace

from shapelint.read.nodes import Mapping, Scalar, Sequence, YamlNode, pairs
from shapelint.shapes.dims import UNKNOWN_DIM
from shapelint.text.source import Span

EMPTY = Mapping((), Span(0, 0), Span(0, 0))


def moved(node: YamlNode, by: int) -> YamlNode:
    """A node with all its spans moved, from a text of its own to that text's place in a joined one."""
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
    """A value that cannot be known; `why` says so to people."""
    return Scalar(UNKNOWN_DIM, why, span, span, span)


def nested(node: YamlNode, path: List[str]) -> YamlNode:
    """`{a: {b: node}}` for the path `a.b`."""
    for name in reversed(path):
        key = Scalar(name, name, node.span, node.span, node.span)
        node = Mapping(((key, node),), node.span, _nowhere(node.span))
    return node


def merge(base: YamlNode | None, over: YamlNode) -> YamlNode:
    """As OmegaConf does: mappings merge, key by key; everything else, lists too, takes the place of what was there.

    `???` leaves what was there. A mapping over an unknown value (an interpolation, a file that is not here) keeps its
    entries and is `open`: it may have others that nobody sees. An unknown value over a mapping makes all of it unknown.
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
    """A mapping that may have entries that nobody sees, and so may every mapping in it."""
    if not why or not isinstance(node, Mapping):
        return node
    return replace(node, entries=tuple((key, opened(value, why)) for key, value in node.entries), open=why)


def veiled(node: YamlNode | None, cover: Scalar) -> YamlNode:
    """A mapping each of whose values may be another: its keys are there, what stands under them is not known."""
    if not isinstance(node, Mapping):
        return cover
    entries = tuple((key, cover) for key, _ in pairs(node))
    return replace(node, entries=entries, home=_nowhere(node.span), open=cover.text)


def _is_unknown(node: Scalar) -> bool:
    return node.value is UNKNOWN_DIM or (isinstance(node.value, str) and "${" in node.value)


def _nowhere(span: Span) -> Span:
    """The home of a mapping that stands in no single place: nothing can be written into it."""
    return Span(span.start, span.start)
