"""The entries of `rules/libraries.yaml`: where the components of a library live."""

from __future__ import annotations

from shapelint.common.frozen import frozen
from shapelint.knowledge.schema.strict import Strict


@frozen
class LibraryRule(Strict):
    """One library of `rules/libraries.yaml`: where its components are, and how its bare backbone names begin.

    `others` are the names of its module that are no components; where they stand, all of its names are known.
    """

    library: str
    module: str
    also: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
    features: str | None = None
    others: frozenset[str] = frozenset()
