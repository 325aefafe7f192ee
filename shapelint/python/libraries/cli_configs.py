"""The configs of a Lightning command: those that the program names, and those beside it that fit its classes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from shapelint.documents.data_files import read_nodes
from shapelint.documents.nodes import InvalidYamlError, Mapping, YamlNode, pairs
from shapelint.python.libraries import config_files_
from shapelint.python.state import class_lookup, loading
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import sequence
from shapelint.python.state.values import (
    NONE,
    Const,
    DataFile,
    Function,
    Table,
    UserClass,
    Value,
)
from shapelint.text.source import UnreadableError, read_source

CONFIG_FOLDERS = ("", "configs", "config", "conf", "cfgs")
"""Where the configs of a program lie, as seen from its folder."""
MAXIMUM_CONFIGS = 8
MAXIMUM_CONFIGS_SEEN = 60
SUBCOMMANDS = ("fit", "validate", "test")


def of_command(run: Run, arguments: Arguments, site: Site, model: Value) -> list[Table]:
    """Return the configs with which a command may be run, each with what is under it; none if it needs none."""
    usual = _merged(_load(run, path, site) for path in _default_files(arguments))
    given = arguments.keywords["args"].value if "args" in arguments.keywords else NONE
    if given != NONE:
        return _as_given(run, given, site, usual)
    defaults = {os.path.realpath(loading.locate(run, path) or "") for path in _default_files(arguments)}
    others = [path for path in _beside(run, model) if os.path.realpath(path) not in defaults]
    found = [_merged([usual, _load(run, path, site)]) for path in others[:MAXIMUM_CONFIGS]]
    return [usual, *found] if defaults - {""} else found


def _as_given(run: Run, given: Value, site: Site, usual: Table) -> list[Table]:
    """Return the config of a command whose command line, or whose config, is written out in the program."""
    if isinstance(given, Table):
        return [_merged([usual, given])]
    words = sequence(given)
    texts = [str(word.value) if isinstance(word, Const) else "" for word in words.items] if words is not None else []
    paths = [text.partition("=")[2] for text in texts if text.startswith(("--config=", "-c="))]
    paths += [path for flag, path in pairwise(texts) if flag in ("--config", "-c")]
    return [_merged([usual, *(_load(run, path, site) for path in paths)])]


def _default_files(arguments: Arguments) -> list[str]:
    """Return the files that `parser_kwargs={"default_config_files": [...]}` names."""
    options = arguments.keywords["parser_kwargs"].value if "parser_kwargs" in arguments.keywords else NONE
    if isinstance(options, Table) and isinstance(options.items.get("fit"), Table):
        options = options.items["fit"]
    listed = sequence(options.items.get("default_config_files", NONE)) if isinstance(options, Table) else None
    items = listed.items if listed is not None else []
    return [item.value for item in items if isinstance(item, Const) and isinstance(item.value, str)]


def _load(run: Run, path: str, site: Site) -> Value:
    found = loading.load(run, DataFile(path, "file"), "yaml", site)
    if not isinstance(found, Table) or "model" in found.items:
        return found
    return next((found.items[name] for name in SUBCOMMANDS if name in found.items), found)


def _merged(configs: Iterable[Value]) -> Table:
    """Return configs as one, the later ones over the earlier ones; one that is not known leaves all open."""
    result: Value = Table({})
    for config in configs:
        result = config_files_.merged(result, config if isinstance(config, Table) else Table({}, open=True))
    return result if isinstance(result, Table) else Table({}, open=True)


def _beside(run: Run, model: Value) -> Iterator[str]:
    """Yield the configs near a program whose model section fits the class."""
    for path in _near(os.fspath(run.folder)) if run.folder is not None else ():
        section = _section(path)
        if section is not None and _fits(section, model):
            yield path


def _near(folder: str) -> list[str]:
    found: list[str] = []
    for name in CONFIG_FOLDERS:
        place = os.path.join(folder, name) if name else folder
        inner = [entry for entry in _names(place) if name and os.path.isdir(os.path.join(place, entry))]
        for path in (place, *(os.path.join(place, entry) for entry in inner)):
            files = [entry for entry in _names(path) if entry.endswith((".yaml", ".yml"))]
            found += [os.path.join(path, entry) for entry in files]
    return found[:MAXIMUM_CONFIGS_SEEN]


def _names(folder: str) -> Sequence[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _section(path: str) -> Mapping | None:
    """Return the section of the model in a config; None if it has none."""
    try:
        root = read_nodes(read_source(Path(path)), "yaml")
    except (UnreadableError, InvalidYamlError):
        return None
    section = _child(root, "model") or _child(_child(root, "fit"), "model")
    return section if isinstance(section, Mapping) else None


def _child(node: YamlNode | None, name: str) -> YamlNode | None:
    return next((value for key, value in pairs(node) if key.text == name), None) if isinstance(node, Mapping) else None


def _fits(section: Mapping, model: Value) -> bool:
    """Return whether a section names a class, or holds arguments of the class alone that the program passes."""
    keys = {key.text for key, _ in pairs(section)}
    return "class_path" in keys or (isinstance(model, UserClass) and _takes(model, keys))


def _takes(cls: UserClass, keys: set[str]) -> bool:
    names: set[str] = set()
    for one in class_lookup.resolution_order(cls):
        found = one.scope.names.get("__init__") if isinstance(one, UserClass) else None
        if isinstance(found, Function):
            parameters = found.node.args
            names |= {one.arg for one in (*parameters.posonlyargs, *parameters.args, *parameters.kwonlyargs)}
            if parameters.kwarg is None:
                break
    return keys <= names
