"""The entries of `rules/library_names.yaml`: the names that modules of libraries have."""

from __future__ import annotations

from shapelint.common.frozen import frozen
from shapelint.knowledge.schema.strict import Strict


@frozen
class ModuleNames(Strict):
    """A module: all its `names`, those that it `lost`, and what the `parts` of its models are called."""

    module: str
    library: str
    versions: tuple[str, ...]
    names: frozenset[str]
    lost: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()
