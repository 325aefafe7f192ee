"""The method packs of `rules/methods/`: how the roles of a method are named and wired."""

from __future__ import annotations

from functools import cache

from shapelint.knowledge import rules_folder
from shapelint.knowledge.schema.method_packs import MethodPack

DEFAULT = "byol"


@cache
def pack(name: str) -> MethodPack | None:
    """The pack of a method by its name, ignoring case (`byol`, `Barlow-Twins`), or None."""
    plain = name.lower().replace("_", "").replace("-", "")
    if not plain.isalnum():
        return None
    data = rules_folder.load(f"methods/{plain}.yaml")
    return MethodPack.trusted(data) if data else None


def names() -> list[str]:
    """The names of all methods."""
    return sorted(path.stem for path in (rules_folder.folder() / "methods").glob("*.yaml"))
