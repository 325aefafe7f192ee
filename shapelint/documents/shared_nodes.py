"""Nodes that a Python file holds at several places: what changes one in place changes it wherever it is held.

Which nodes are one object is told by their identity, as in Python. A node that is held twice is looked at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shapelint.common.frozen import replace
from shapelint.documents.nodes import Mapping, Scalar, YamlNode

New = dict[int, YamlNode]
"""The node that takes the place of another one, by the identity of that."""


def exchanged(nodes: dict[str, YamlNode], new: New) -> int:
    """Put new nodes in the place of old ones wherever named nodes hold these; return how many nodes were looked at."""
    done = dict(new)
    for name, node in nodes.items():
        nodes[name] = _rebuilt(node, done)
    return len(done)


def copied(node: YamlNode, deep: bool) -> YamlNode:
    """Return a copy of a list or dictionary; if it is deep, of what that holds too."""
    if isinstance(node, Scalar):
        return node
    if not deep:
        return replace(node)
    done: New = {}
    for part in containers([node]):
        done[id(part)] = replace(_with_parts(part, done))
    return done[id(node)]


def containers(nodes: Iterable[YamlNode]) -> list[YamlNode]:
    """The lists and dictionaries among and in some nodes, each once and behind those that it holds."""
    found: dict[int, YamlNode] = {}

    def look(node: YamlNode) -> None:
        if not isinstance(node, Scalar) and id(node) not in found:
            for part in _parts(node):
                look(part)
            found[id(node)] = node

    for node in nodes:
        look(node)
    return list(found.values())


def depth(nodes: Iterable[YamlNode]) -> int:
    """Return how many lists and dictionaries hold each other at most."""
    depths: dict[int, int] = {}
    for node in containers(nodes):
        depths[id(node)] = 1 + max((depths.get(id(part), 0) for part in _parts(node)), default=0)
    return max(depths.values(), default=0)


def _rebuilt(node: YamlNode, done: New) -> YamlNode:
    if id(node) not in done and not isinstance(node, Scalar):
        for part in _parts(node):
            _rebuilt(part, done)
        done[id(node)] = _with_parts(node, done)
    return done.get(id(node), node)


def _parts(node: YamlNode) -> Iterator[YamlNode]:
    if isinstance(node, Mapping):
        yield from (value for _, value in node.entries)
    elif not isinstance(node, Scalar):
        yield from node.items


def _with_parts(node: YamlNode, done: New) -> YamlNode:
    """Return a node with new parts where there are some, itself where there are none."""
    if isinstance(node, Scalar) or all(done.get(id(part), part) is part for part in _parts(node)):
        return node
    if isinstance(node, Mapping):
        return replace(node, entries=tuple((key, done.get(id(value), value)) for key, value in node.entries))
    return replace(node, items=tuple(done.get(id(item), item) for item in node.items))
