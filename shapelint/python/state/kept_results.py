"""Results that stay right until one of the objects that they were made from changes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any


class KeptResults:
    """Results by key, and for each object, by identity, the keys of those that depend on it."""

    def __init__(self) -> None:
        self.results: dict[Hashable, list[Any]] = {}
        self.dependent: dict[int, set[Hashable]] = {}

    def keep(self, key: Hashable, result: Any, objects: Iterable[int]) -> None:
        """Keep a result that depends on some objects."""
        self.results.setdefault(key, []).append(result)
        for one in objects:
            self.dependent.setdefault(one, set()).add(key)

    def drop(self, changed: Any) -> None:
        """Drop the results that depend on an object which is about to change."""
        for key in self.dependent.pop(id(changed), ()):
            self.results.pop(key, None)
