"""The signatures that ship with shapelint: looked up by name, one file read at a time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache

from shapelint.knowledge import rules_folder
from shapelint.knowledge.schema.library_rules import LibraryRule
from shapelint.knowledge.schema.signature_files import ComponentSignature, SignatureFile


@lru_cache(maxsize=1)
def libraries() -> tuple[LibraryRule, ...]:
    """The libraries of `rules/libraries.yaml`, in the order in which unqualified names are looked up."""
    return tuple(LibraryRule.trusted(entry) for entry in rules_folder.load("libraries.yaml"))


@cache
def load(name: str) -> SignatureFile | None:
    """A file of `rules/signatures/`, such as `torch.nn` or `torchvision.models/resnet18`."""
    data = rules_folder.load(f"signatures/{name}.yaml")
    return SignatureFile.trusted(data) if data else None


@cache
def find(target: str) -> tuple[SignatureFile, ComponentSignature] | None:
    """The stored signature of a canonical name (`torch.nn.Linear`, `torchvision/resnet18`)."""
    for name in _file_names(target):
        data = rules_folder.load(f"signatures/{name}.yaml") or {}
        for entry in data.get("components", ()):
            if entry["call"].partition("(")[0] == target:
                return _head(name), ComponentSignature.trusted(entry)
    return None


@cache
def _head(name: str) -> SignatureFile:
    """A file without its components, which are built one by one when they are looked up."""
    return SignatureFile.trusted({**rules_folder.load(f"signatures/{name}.yaml"), "components": ()})


def tensors(target: str) -> Mapping[str, str]:
    """The tensors of each module of a stored model, as in `SignatureRow.tensors`; empty if they are not stored.

    They are those of the model with everything switched on: what a row's table of parts lacks is not there.
    """
    found = (rules_folder.load(f"tensors/{name}.yaml") for name in _file_names(target))
    return next(filter(None, found), {})


def canonical(written: str, as_backbone: bool) -> str:
    """The canonical form of a name as people write it; a name of no known library is returned as it is.

    `nn.Linear` is `torch.nn.Linear`; an unqualified name is looked up in library after library; a bare backbone name is
    torchvision's feature extractor.
    """
    if "/" in written:
        return written
    module, _, name = written.rpartition(".")
    if as_backbone and (features := _features_name(module, name)):
        return features
    for library in libraries():
        homes = _homes(library)
        if not module or any(module == home or module.startswith(home + ".") for home in homes):
            known = next((f"{home}.{name}" for home in homes if find(f"{home}.{name}")), None)
            if name in library.names:
                known = f"{library.module}.{name}"
            if known or module == library.module:
                return known or written
    return written


def _features_name(module: str, name: str) -> str | None:
    """`torchvision/resnet18` for `resnet18` and for `torchvision.models.resnet18`."""
    for library in libraries():
        at_home = not module or any(module == home or module.startswith(home + ".") for home in _homes(library))
        if library.features and at_home and find(f"{library.features}/{name}"):
            return f"{library.features}/{name}"
    return None


def _homes(library: LibraryRule) -> tuple[str, ...]:
    return (library.module, *library.also)


def library_of(target: str) -> LibraryRule | None:
    """The library that a canonical name belongs to."""
    for library in libraries():
        if target.startswith(library.module + ".") or (library.features and target.startswith(library.features + "/")):
            return library
    return None


def _file_names(target: str) -> list[str]:
    """The files that may hold a class: its module's, or one of its own: `torch.nn`, `torchvision.models/resnet18`."""
    prefix, slash, name = target.partition("/")
    if slash:
        modules = [library.module for library in libraries() if library.features == prefix]
        return [f"{module}/{name}" for module in modules if name.replace("_", "").isalnum()]
    _, _, name = target.rpartition(".")
    modules = [library.module for library in libraries() if target.startswith(library.module + ".")]
    return [file for module in modules if name.isidentifier() for file in (f"{module}/{name}", module)]
