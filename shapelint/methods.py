"""The method packs of `rules/methods/`: how the roles of a method are called and wired."""

from __future__ import annotations

from functools import cache

from shapelint import knowledge
from shapelint.schema import MethodPack

DEFAULT = "byol"


@cache
def pack(name: str) -> MethodPack | None:
    """The pack of a method by its name in any case, or None."""
    if not name.replace("_", "").isalnum():
        return None
    data = knowledge.load(f"methods/{name.lower()}.yaml")
    return MethodPack.model_validate(data) if data else None
