"""The configs of a Lightning command: those that the program names, and those beside it that fit its classes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as MappingOf
from pathlib import Path
from typing import Protocol

from shapelint.common import disk
from shapelint.documents.data_files import read_nodes
from shapelint.documents.nodes import InvalidYamlError, Mapping, Scalar, YamlNode, pairs
from shapelint.python.libraries import config_files_, parameter_types
from shapelint.python.state import loading
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import sequence
from shapelint.python.state.values import (
    NONE,
    CommandLine,
    Const,
    DataFile,
    Library,
    Table,
    Value,
)
from shapelint.text.source import UnreadableError, read_source

CONFIG_FOLDERS = ("", "configs", "config", "conf", "cfgs")
"""Where the configs of a program lie, as seen from its folder."""
MAXIMUM_CONFIGS = 8
MAXIMUM_CONFIGS_SEEN = 60
OTHER_SECTIONS = frozenset({"trainer", "seed_everything", "optimizer", "lr_scheduler", "ckpt_path", "verbose"})
"""The keys of a config that set nothing of its model or data."""
SUBCOMMANDS = ("fit", "validate", "test")


class Sections(Protocol):
    """A command: the classes of the sections of its configs, and what else its configs may set."""

    @property
    def classes(self) -> MappingOf[str, Value]:
        """The class of each section; None where a config names it."""

    @property
    def parser(self) -> CommandLine:
        """The parser with the options of the command."""


def of_command(run: Run, arguments: Arguments, site: Site, command: Sections) -> list[Table]:
    """Return the configs with which a command may be run, each with what is under it; none if it needs none."""
    usual = _merged(_load(run, path, site, _reads_references(arguments)) for path in _default_files(arguments))
    given = arguments.keywords["args"].value if "args" in arguments.keywords else NONE
    if sequence(given) is not None or isinstance(given, Table):
        return _as_given(run, given, site, usual)
    started = _root(run.config) if run.config else None
    if started is not None and _is_of(started, command):
        return [_merged([usual, _load(run, run.config, site, _reads_references(arguments))])]
    defaults = {disk.real(loading.locate(run, path) or "") for path in _default_files(arguments)}
    others = [path for path in _beside(run, command) if disk.real(path) not in defaults]
    loaded = (_load(run, path, site, _reads_references(arguments)) for path in others[:MAXIMUM_CONFIGS])
    found = [_merged([usual, config]) for config in loaded]
    return [usual, *found] if defaults - {""} else found


def _as_given(run: Run, given: Value, site: Site, usual: Table) -> list[Table]:
    """Return the config of a command whose command line, or whose config, is written out in the program."""
    if isinstance(given, Table):
        return [_merged([usual, given])]
    words = sequence(given)
    texts = [str(word.value) if isinstance(word, Const) else "" for word in words.items] if words is not None else []
    configs: list[Value] = [usual]
    for flag, value in _options(texts):
        if flag in ("--config", "-c"):
            configs.append(_load(run, value, site))
        elif flag.startswith("--"):
            configs.append(_nested(flag[2:].split("."), loading.parse(run, value, "yaml")))
    return [_merged(configs)]


def _options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the options of a command line with their values: `--name=value` or `--name value`."""
    for word, following in zip(words, (*words[1:], "")):
        name, given, value = word.partition("=")
        if name.startswith("-"):
            yield name, value if given else following


def _nested(keys: Sequence[str], value: Value) -> Table:
    for key in reversed(keys):
        value = Table({key: value})
    return value if isinstance(value, Table) else Table({})


def _reads_references(arguments: Arguments) -> bool:
    """Return whether OmegaConf reads the configs, so that one value may refer to another."""
    options = arguments.keywords["parser_kwargs"].value if "parser_kwargs" in arguments.keywords else NONE
    mode = options.items.get("parser_mode", NONE) if isinstance(options, Table) else NONE
    return isinstance(mode, Const) and str(mode.value).startswith("omegaconf")


def _default_files(arguments: Arguments) -> list[str]:
    """Return the files that `parser_kwargs={"default_config_files": [...]}` names."""
    options = arguments.keywords["parser_kwargs"].value if "parser_kwargs" in arguments.keywords else NONE
    if isinstance(options, Table) and isinstance(options.items.get("fit"), Table):
        options = options.items["fit"]
    listed = sequence(options.items.get("default_config_files", NONE)) if isinstance(options, Table) else None
    items = listed.items if listed is not None else []
    return [item.value for item in items if isinstance(item, Const) and isinstance(item.value, str)]


def _load(run: Run, path: str, site: Site, references: bool = False) -> Value:
    found = loading.load(run, DataFile(path, "file"), "yaml", site, references)
    if not isinstance(found, Table) or "model" in found.items:
        return found
    return next((found.items[name] for name in SUBCOMMANDS if name in found.items), found)


def _merged(configs: Iterable[Value]) -> Table:
    """Return configs as one, the later ones over the earlier ones; one that is not known leaves all open."""
    result: Value = Table({})
    for config in configs:
        result = config_files_.merged(result, config if isinstance(config, Table) else Table({}, open=True))
    return result if isinstance(result, Table) else Table({}, open=True)


def _beside(run: Run, command: Sections) -> Iterator[str]:
    """Yield the configs near a program that set something of the command, and nothing that does not fit it."""
    for path in _near(os.fspath(run.folder)) if run.folder is not None else ():
        root = _root(path)
        if root is not None and _is_of(root, command):
            yield path


def _near(folder: str) -> list[str]:
    found: list[str] = []
    for name in CONFIG_FOLDERS:
        place = os.path.join(folder, name) if name else folder
        inner = [entry for entry in _names(place) if name and disk.is_folder(os.path.join(place, entry))]
        for path in (place, *(os.path.join(place, entry) for entry in inner)):
            files = [entry for entry in _names(path) if entry.endswith((".yaml", ".yml"))]
            found += [os.path.join(path, entry) for entry in files]
    return found[:MAXIMUM_CONFIGS_SEEN]


def _names(folder: str) -> Sequence[str]:
    try:
        return disk.names(folder)
    except OSError:
        return []


def _root(path: str) -> Mapping | None:
    """Return a config; of one with a section for each subcommand, the first of these."""
    try:
        root = read_nodes(read_source(Path(path)), "yaml")
    except (UnreadableError, InvalidYamlError):
        return None
    if not isinstance(root, Mapping):
        return None
    children = {key.text: value for key, value in pairs(root)}
    inner = next((children[name] for name in SUBCOMMANDS if name in children), None)
    return inner if isinstance(inner, Mapping) and "model" not in children else root


def _is_of(root: Mapping, command: Sections) -> bool:
    """Return whether a config sets something of a command, and nothing that does not fit it."""
    children = {key.text: value for key, value in pairs(root)}
    own = {name.partition(".")[0] for name in command.parser.defaults} | command.classes.keys()
    if "model" not in children and not (children.keys() & own and children.keys() <= own | OTHER_SECTIONS):
        return False
    return all(_fits(children[name], cls) for name, cls in command.classes.items() if name in children)


def _fits(section: YamlNode, cls: Value) -> bool:
    """Return whether a section names a class, or holds arguments of the class alone that the program passes."""
    if isinstance(section, Scalar):
        return isinstance(section.value, (str, type(None)))
    keys = {key.text for key, _ in pairs(section)} if isinstance(section, Mapping) else set()
    if "class_path" in keys or isinstance(cls, Library):
        return True
    taken = parameter_types.parameters(cls)
    return isinstance(section, Mapping) and (taken is None or keys <= taken.keys()) and cls != NONE
