"""`${...}` in the values of a config, as OmegaConf reads it: paths from the root, or from the place of use on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field

from shapelint.common.frozen import frozen, record
from shapelint.common.patterns import pattern
from shapelint.documents.nodes import Mapping, Sequence, YamlNode, pairs

INTERPOLATION = pattern(r"\$\{.*\}|\?\?\?", re.DOTALL)
REFERENCE = pattern(r"\$\{\s*(\.*)([A-Za-z_]\w*(?:\.\w+|\[\d+\])*)\s*\}")

_MAXIMUM_IN_ONE_TEXT = 99
_NAMED = pattern(r"\w+")

Reference = tuple[str, ...]
"""The keys and positions that lead from the root of a document to a value."""


@frozen
class Stand:
    """An interpolation in a text: the name that stands for it there, as long as it is, and how it is written."""

    name: str
    text: str


@record
class References:
    """Where each value of a mapping is, given the place of the mapping itself."""

    mapping: YamlNode
    path: Reference
    known: dict[YamlNode, Reference] = field(default_factory=dict)

    def of(self, node: YamlNode) -> Reference | None:
        """The place of a value, or None if it is not in the mapping."""
        if not self.known:
            self.known.update(_walk(self.mapping, self.path))
        return self.known.get(node)


def _walk(node: YamlNode, path: Reference) -> Iterator[tuple[YamlNode, Reference]]:
    yield node, path
    if isinstance(node, Mapping):
        for key, value in pairs(node):
            yield from _walk(value, (*path, key.text))
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from _walk(item, (*path, str(index)))


def path_of(reference: re.Match[str], place: Reference | None) -> str:
    """The path from the root that a reference at a place names, or "" if there is none.

    `${.x}` stands beside the value, `${..x}` one level above, and so on.
    """
    dots = len(reference[1])
    if not dots:
        return reference[2]
    if place is None or dots > len(place):
        return ""
    return ".".join([*place[: len(place) - dots], reference[2]])


def names(path: str) -> list[str]:
    """The keys and positions of a dotted path."""
    return _NAMED.findall(path)


def with_stands(text: str) -> tuple[str, tuple[Stand, ...]] | None:
    """A text with a name in the place of each interpolation, so that it can be parsed; all else stays in its place.

    None where they cannot be told apart.
    """
    pieces: list[str] = []
    stands: list[Stand] = []
    position = 0
    while (start := text.find("${", position)) >= 0:
        end = _end(text, start)
        if end is None or len(stands) > _MAXIMUM_IN_ONE_TEXT or "\n" in text[start:end]:
            return None
        name = f"_{len(stands)}".ljust(end - start, "_")
        if name in text or len(name) != end - start:
            return None
        stands.append(Stand(name, text[start:end]))
        pieces += [text[position:start], name]
        position = end
    return "".join([*pieces, text[position:]]), tuple(stands)


def _end(text: str, start: int) -> int | None:
    """Where the interpolation that begins at an offset ends, others in it counted."""
    depth = 0
    for index in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if depth == 0 and text[index] == "}":
            return index + 1
    return None
