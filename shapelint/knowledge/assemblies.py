"""The components of `rules/assemblies/`, looked up by the package of a name and its last part."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from shapelint.common.frozen import frozen
from shapelint.knowledge import rules_folder
from shapelint.knowledge.schema.assembly_files import Assembly


@frozen
class FoundAssembly:
    """A component with the classes of layers that its arguments may name."""

    assembly: Assembly
    names: Mapping[str, str]


def find(target: str) -> FoundAssembly | None:
    """The component of a dotted name, or None: `mmpretrain.models.NonLinearNeck`, from wherever it is imported."""
    package, dot, rest = target.partition(".")
    return _find(package, rest.rpartition(".")[2]) if dot else None


@cache
def _find(package: str, name: str) -> FoundAssembly | None:
    data = _file(package)
    entry = next((one for one in data.get("components", ()) if _name(one) == name), None)
    if entry is not None:
        return FoundAssembly(Assembly.trusted(entry), _names(package))
    return _find(data["extends"], name) if data.get("extends") else None


def _names(package: str) -> Mapping[str, str]:
    """The classes of layers that a package names, or that it has from another one."""
    data = _file(package)
    return {**(_names(data["extends"]) if data.get("extends") else {}), **data.get("names", {})}


def _file(package: str) -> Mapping[str, Any]:
    found = rules_folder.load(f"assemblies/{package}.yaml") if package.isidentifier() else None
    return found or {}


def _name(entry: Mapping[str, Any]) -> str:
    target: str = entry["call"].partition("(")[0]
    return target.rpartition(".")[2]
