"""Configs that name classes of their repository: read through a program that builds what they name, and nothing else.

The code of a class says how its parts are wired. What no class of the repository holds is wired by its roles, if it has
no other parts.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from shapelint.common import disk, package_folders
from shapelint.common.frozen import frozen, replace
from shapelint.common.patterns import pattern
from shapelint.documents.composing import composed_once
from shapelint.documents.nodes import InvalidYamlError, Mapping, Scalar, Sequence, YamlNode, pairs
from shapelint.knowledge import methods
from shapelint.linting.collect import NAMES_A_CLASS
from shapelint.python.state import model_scan
from shapelint.resolve.options import Options
from shapelint.spec.findings import FileReport, Finding, ModelReport
from shapelint.text.location import Location
from shapelint.text.source import Source, joined

MAXIMUM_MODELS = 12
ROLES = ("backbone", "projection_head", "prediction_head")
"""The parts that are wired one after the other."""
NAMING_KEYS = ("_target_", "class_path")
"""The keys under which a mapping names its class."""
_LIBRARIES = "|".join(sorted(model_scan.BUILT_FROM))
_OF_A_LIBRARY = pattern(rf"""{NAMES_A_CLASS.pattern}[ \t]*["']?({_LIBRARIES})\.[\w.]+(["',\s}}]|\Z)""")
"""What names a class that is surely none of the repository."""
IMPORTS = """# A backbone and its heads, as a config names them.
import hydra
import torch
from hydra.utils import instantiate
from lightning.pytorch.cli import LightningCLI
from omegaconf import OmegaConf
"""
COMMAND = "LightningCLI(args=['--config', {path!r}], run=False)"
ROOT = "config = OmegaConf.load({path!r})"
COMPOSED = """
@hydra.main(version_base=None, config_path={folder!r}, config_name={name!r})
def composed(config):
    return config

config = composed()
"""
"""What loads a config with overrides, or one that is run with several values."""
PART = "instantiate(OmegaConf.select(config, {path!r}))"
CHAIN = """
class Model{number}(torch.nn.Module):
    def __init__(self):
        super().__init__()
{attributes}

    def forward(self, images):
        return {calls}
"""

_Lint = Callable[[Source, Options], FileReport]


@frozen
class _Named:
    """A mapping that names a class of the repository: the path of keys to it, its class, and where that is found.

    `roles` are the keys of what is wired by its roles, in order: then the class is that of one of these.
    """

    path: tuple[str, ...]
    key: str
    name: Scalar
    folder: str
    roles: tuple[str, ...] = ()


def through_classes(source: Source, options: Options, lint: _Lint) -> FileReport | None:
    """Return the report of a config as the classes of its repository read it; None if it names no model of these."""
    if source.language != "yaml" or not _may_name_its_own(source.own_text) or not disk.is_file(source.path):
        return None
    try:
        documents = composed_once(Source(source.path, source.own_text)).documents
    except InvalidYamlError:
        return None
    folders = list(package_folders.import_folders(os.fspath(Path(source.path).parent)))
    named = list(_outermost(documents[0], folders, ()))[:MAXIMUM_MODELS] if len(documents) == 1 else []
    if not named:
        return None
    folder = named[0].folder
    is_composed = bool(options.overrides) or "sweeper:" in source.own_text
    here = Source(
        os.path.join(folder, f"{Path(source.path).stem}-config.py"), _program(source.path, named, is_composed)
    )
    report = lint(joined(here, [(source.path, source.own_text)]), replace(options, folder=folder))
    return _of_config(report, source, here.path, named[0]) if report.models else None


def _may_name_its_own(text: str) -> bool:
    """Return whether a text names a class that may be of its repository: not all of them are surely of libraries."""
    return len(NAMES_A_CLASS.findall(text)) > len(_OF_A_LIBRARY.findall(text))


def _outermost(node: YamlNode, folders: list[str], path: tuple[str, ...]) -> Iterator[_Named]:
    """Yield the outermost mappings that name a class of the repository."""
    if isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from _outermost(item, folders, (*path, str(index)))
    if not isinstance(node, Mapping):
        return
    own = _class_of(node)
    if own is not None and (folder := _found(own[1].text, folders)) is not None:
        if own[0] == "_target_" or path in (("model",), ("fit", "model")):
            yield _Named(path, *own, folder)
        return
    wired = _wired(node, folders, path)
    if wired is not None:
        yield wired
        return
    for key, value in pairs(node):
        yield from _outermost(value, folders, (*path, key.text))


def _wired(node: Mapping, folders: list[str], path: tuple[str, ...]) -> _Named | None:
    """Return a mapping of a backbone and heads, one of them of the repository, if these are all of its parts."""
    parts = {key.text: found for key, value in pairs(node) if (found := _class_of(value)) is not None}
    pack = methods.pack_or_open(methods.DEFAULT)
    by_role = {pack.role_of(key): key for key in parts if key.isidentifier()}
    roles = tuple(by_role[role] for role in ROLES if role in by_role)
    if len(roles) < 2 or len(roles) < len(parts) or ROLES[0] not in by_role:
        return None
    if any(key != "_target_" for key, _ in parts.values()):
        return None
    for key, name in parts.values():
        folder = _found(name.text, folders)
        if folder is not None:
            return _Named(path, key, name, folder, roles)
    return None


def _class_of(node: YamlNode) -> tuple[str, Scalar] | None:
    if not isinstance(node, Mapping):
        return None
    named = ((key.text, value) for key, value in pairs(node) if key.text in NAMING_KEYS)
    return next(((key, value) for key, value in named if isinstance(value, Scalar) and "." in value.text), None)


def _found(name: str, folders: list[str]) -> str | None:
    """Return the folder from which a program imports the module of a class; None if it is not in the repository."""
    module = name.rpartition(".")[0]
    top = module.partition(".")[0]
    if top in model_scan.BUILT_FROM or top in sys.stdlib_module_names:
        return None
    while module:
        for folder in folders:
            if model_scan.find(module, 0, Path(folder), hops=0) is not None:
                return folder
        module = module.rpartition(".")[0]
    return None


def _program(config: str, named: list[_Named], is_composed: bool) -> str:
    """Return a program that builds what a config names; Hydra composes the config if it `is_composed`."""
    path = os.path.relpath(config, named[0].folder)
    lines = [COMMAND.format(path=path)] if any(one.key == "class_path" for one in named) else []
    folder, name = os.path.split(path)
    lines += [COMPOSED.format(folder=folder or ".", name=name) if is_composed else ROOT.format(path=path)]
    for number, one in enumerate(named):
        if one.roles:
            lines += [_chain(one, number)]
        elif one.key == "_target_":
            lines += [PART.format(path=".".join(one.path)) if one.path else "instantiate(config)"]
    return "\n".join([IMPORTS, *lines, ""])


def _chain(named: _Named, number: int) -> str:
    """Return a class whose parts are called one after the other."""
    parts = {key: PART.format(path=".".join((*named.path, key))) for key in named.roles}
    attributes = "\n".join(f"        self.{key} = {part}" for key, part in parts.items())
    calls = "images"
    for key in named.roles:
        calls = f"self.{key}({calls})"
    return CHAIN.format(number=number, attributes=attributes, calls=calls)


def _of_config(report: FileReport, source: Source, program: str, named: _Named) -> FileReport:
    """Return the report of the program as that of the config: what is in the program is at the class that it names."""
    place = source.location(named.name.span)
    found = {_placed(one, program, place) for one in report.findings}
    return FileReport(
        source.path,
        "checked",
        models=tuple(_model_at(model, program, place) for model in report.models),
        findings=tuple(sorted(found, key=lambda finding: (finding.location, finding.code))),
        text=source.own_text,
        notices=(*report.notices, f"read through {named.name.text}"),
        others=tuple((path, text) for path, text in report.others if path != source.path),
    )


def _placed(finding: Finding, program: str, place: Location) -> Finding:
    def at(location: Location) -> Location:
        return place if location.path == program else location

    related = (replace(one, location=at(one.location)) for one in finding.related)
    here = any(edit.location.path == program for edit in (finding.fix.edits if finding.fix else ()))
    return replace(
        finding,
        location=at(finding.location),
        related=tuple(one for one in related if one.location != at(finding.location)),
        fix=None if here else finding.fix,
    )


def _model_at(model: ModelReport, program: str, place: Location) -> ModelReport:
    unchecked = (
        replace(link, location=place if link.location.path == program else link.location) for link in model.unchecked
    )
    return replace(model, unchecked=tuple(unchecked))
