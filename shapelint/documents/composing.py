"""YAML texts composed once: a fragment that many configs of a run are composed of, a config that is read twice."""

from __future__ import annotations

from shapelint.documents.nodes import Composition, composition
from shapelint.text.source import Source

MAXIMUM_KEPT_TEXTS = 6_000
"""How many values are kept, in all texts together."""
MAXIMUM_OF_ONE = 10_000


class KeptTexts:
    """The texts that were used last, with their nodes; `count` is the number of values in all of them."""

    def __init__(self) -> None:
        self.texts: dict[str, Composition] = {}
        self.count = 0

    def pop(self, text: str) -> Composition | None:
        """Take a text out; None if it is not there."""
        found = self.texts.pop(text, None)
        self.count -= found.count if found is not None else 0
        return found

    def add(self, text: str, found: Composition) -> None:
        """Put a text in as the one used last, and take out those that were not used for the longest time."""
        self.texts[text] = found
        self.count += found.count
        while self.count > MAXIMUM_KEPT_TEXTS and len(self.texts) > 1:
            self.pop(next(iter(self.texts)))


_kept = KeptTexts()


def composed_once(source: Source) -> Composition:
    """What `composition` gives for a text, kept for the next time; raises InvalidYamlError."""
    found = _kept.pop(source.text) or composition(source)
    if found.count <= MAXIMUM_OF_ONE:
        _kept.add(source.text, found)
    return found
