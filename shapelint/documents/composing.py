"""YAML texts composed once: a fragment that many configs of a run are composed of, a config that is read twice."""

from __future__ import annotations

from shapelint.documents.nodes import Composition, composition
from shapelint.text.source import Source

MAXIMUM_KEPT_TEXTS = 100_000
"""How many values are kept, in all texts together."""
MAXIMUM_OF_ONE = 10_000

_kept: dict[str, Composition] = {}


def composed_once(source: Source) -> Composition:
    """What `composition` gives for a text, kept for the next time; raises InvalidYamlError."""
    found = _kept.pop(source.text, None) or composition(source)
    if found.count <= MAXIMUM_OF_ONE:
        _kept[source.text] = found  # the last one used is the last to go
        size = sum(one.count for one in _kept.values()) if len(_kept) > 1 else 0
        while size > MAXIMUM_KEPT_TEXTS:
            size -= _kept.pop(next(iter(_kept))).count
    return found
