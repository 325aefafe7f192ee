"""Functions and dataclasses whose arguments a command line gives: jsonargparse's `CLI`, tyro, draccus, pyrallis.

A program is interpreted as it is started with a config, if that fits, and otherwise without options; tyro reads none.
"""

from __future__ import annotations

import ast
from pathlib import Path

from shapelint.common.frozen import replace
from shapelint.common.words import words
from shapelint.documents.data_files import DATA_SUFFIXES, form_of, read_nodes
from shapelint.documents.nodes import InvalidYamlError, Mapping, pairs
from shapelint.python.libraries import parameter_types
from shapelint.python.libraries.class_paths import ClassBuilder
from shapelint.python.state import loading
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.plugins import LibraryPlugin
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import blamed
from shapelint.python.state.values import (
    UNKNOWN,
    Const,
    DataFile,
    Function,
    Library,
    Partial,
    Table,
    UserClass,
    Value,
)
from shapelint.text.source import UnreadableError, read_source

CALLING = words("jsonargparse.CLI jsonargparse.auto_cli")
"""Functions that call a function, or build an object, with what the command line says."""
WITHOUT_CONFIG = "tyro.cli"
"""One that reads no config: https://brentyi.github.io/tyro/"""
PARSING = words("draccus.parse pyrallis.parse simple_parsing.parse")
"""Functions that fill a dataclass."""
WRAPPING = words("draccus.wrap pyrallis.wrap")
WRAPPER = "draccus.wrap.decorated"
"""The decorator that `draccus.wrap()` returns."""


def _called(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `CLI(main)`: with the config of this run, or without options."""
    target = arguments.get(0, "components", "config_class")
    return _made(run, target, arguments, site) if isinstance(target, (Function, UserClass)) else UNKNOWN


def _from_dict(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `dacite.from_dict(Config, values)`: a dataclass, and those in it, filled from a dict."""
    target, values = arguments.get(0, "data_class"), arguments.get(1, "data")
    if not isinstance(target, UserClass) or not isinstance(values, Table):
        return blamed(UNKNOWN, values)
    return ClassBuilder(run, site).made(target, values)


def _without_config(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `tyro.cli(main)`: without options."""
    target = arguments.get(0, "f")
    if not isinstance(target, (Function, UserClass)):
        return UNKNOWN
    _note_needed(run, target, Table({}), site)
    return ClassBuilder(run, site).made(target, Table({}))


def _made(run: Run, target: Value, arguments: Arguments, site: Site) -> Value:
    written = arguments.keywords.get("config_path")
    path = written.value.value if written is not None and isinstance(written.value, Const) else run.config
    config: Value = Table({})
    if isinstance(path, str) and _fits(run, path, target):
        config = loading.load(run, DataFile(path, "file"), form_of(path), site)
    else:
        run.takes_words = True
    _note_needed(run, target, config, site)
    return ClassBuilder(run, site).made(target, config if isinstance(config, Table) else Table({}, open=True))


def _note_needed(run: Run, target: Value, config: Value, site: Site) -> None:
    """Note what a config or an option has to say, and of which nothing else does: the class of an object."""
    given = config.items if isinstance(config, Table) else {}
    parameters = parameter_types.parameters(target) or {}
    needed = [name for name, default in parameters.items() if default is None and name not in {"self", *given}]
    run.failed_reads += bool(needed)
    objects = [name for name in needed if parameter_types.of_parameter(run, target, name, site).classes]
    if objects:
        loading.unread(run, f"{' and '.join(objects)} of {_name(target)} is what a config or an option says", site)


def _name(target: Value) -> str:
    return target.node.name if isinstance(target, Function) and isinstance(target.node, ast.FunctionDef) else "it"


def _fits(run: Run, path: str, target: Value) -> bool:
    """Return whether each key of a config is a parameter of a function or class."""
    found = loading.locate(run, path)
    taken = parameter_types.parameters(target)
    if found is None or taken is None or Path(found).suffix not in DATA_SUFFIXES:
        return False
    try:
        root = read_nodes(read_source(Path(found)), form_of(found))
    except (UnreadableError, InvalidYamlError):
        return False
    return isinstance(root, Mapping) and {key.text for key, _ in pairs(root)} <= taken.keys()


def _wrap(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `draccus.wrap()`: a decorator that passes a filled dataclass to the function."""
    return Partial(Library(WRAPPER), (), tuple(arguments.keywords.items()))


def _wrapped(run: Run, arguments: Arguments, site: Site) -> Value:
    """Apply `@draccus.wrap()`: the first parameter is the dataclass that its annotation names."""
    function = arguments.get(0, "function")
    if not isinstance(function, Function) or function.defaults or not function.node.args.args:
        return function or UNKNOWN
    first = parameter_types.of_parameter(run, function, function.node.args.args[0].arg, site)
    config = _made(run, first.classes[0], arguments, site) if len(first.classes) == 1 else UNKNOWN
    return _with_default(function, config)


def _with_default(function: Function, config: Value) -> Function:
    return replace(function, defaults=(config, *[UNKNOWN] * (len(function.node.args.args) - 1)))


CONFIG_COMMANDS = LibraryPlugin(
    "config commands",
    packages=words("tyro draccus pyrallis simple_parsing dacite"),
    decorators=frozenset({WRAPPER}),
    functions={
        **dict.fromkeys((*CALLING, *PARSING), _called),
        **dict.fromkeys(WRAPPING, _wrap),
        WRAPPER: _wrapped,
        WITHOUT_CONFIG: _without_config,
        "dacite.from_dict": _from_dict,
        "dacite.core.from_dict": _from_dict,
    },
)
