"""The method packs of `rules/methods/`: how the roles of a method are named and wired."""

from __future__ import annotations

from functools import cache

from shapelint.knowledge import rules_folder
from shapelint.knowledge.schema.method_packs import MethodPack

DEFAULT = "byol"


@cache
def pack(name: str) -> MethodPack | None:
    """The pack of a method by its name, ignoring case (`byol`, `Barlow-Twins`), or None."""
    if not plain(name).isalnum():
        return None
    data = rules_folder.load(f"methods/{plain(name)}.yaml")
    return MethodPack.trusted(data) if data else None


def plain(name: str) -> str:
    """A name without case and marks: `barlowtwins` for `Barlow-Twins`."""
    return name.lower().replace("_", "").replace("-", "")


@cache
def wiring(name: str) -> MethodPack:
    """The pack of a dialect, by its name in a folder of `methods/`: `openmmlab/predicting`."""
    return MethodPack.trusted(rules_folder.load(f"methods/{name}.yaml"))


@cache
def pack_or_open(name: str) -> MethodPack:
    """The pack of a method; of one that is not known, a chain of the usual roles, without any class, target or loss."""
    known = pack(name)
    if known is not None:
        return known
    usual = pack(DEFAULT)
    assert usual is not None
    roles = {role: named.changed(default=None) for role, named in usual.roles.items()}
    return usual.changed(method=name, roles=roles, target=None, loss=None, banks={})


@cache
def functions() -> tuple[tuple[str, str], ...]:
    """The keys of a config whose value names a function of a module that trains by a method."""
    return tuple((entry["key"], entry["module"]) for entry in rules_folder.load("method_keys.yaml"))


def names() -> list[str]:
    """The names of all methods."""
    return sorted(path.stem for path in (rules_folder.folder() / "methods").glob("*.yaml"))
