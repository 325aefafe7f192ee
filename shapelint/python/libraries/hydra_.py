"""Hydra: a program gets the composed config, and what that names by `_target_` is built.

The rules are those of Hydra 1.3, `hydra/_internal/instantiate/_instantiate2.py`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from shapelint.common import disk
from shapelint.common.frozen import frozen, replace
from shapelint.common.patterns import pattern
from shapelint.documents.nodes import InvalidYamlError
from shapelint.documents.overrides import Sweep, parse
from shapelint.python.libraries import config_files_
from shapelint.python.state import loading
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.named_objects import named
from shapelint.python.state.plugins import LibraryPlugin
from shapelint.python.state.references import settled
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import blamed, sequence, truth
from shapelint.python.state.values import (
    NO_SPAN,
    UNKNOWN,
    Const,
    DataFile,
    Function,
    Given,
    Items,
    Library,
    Partial,
    Table,
    Unknown,
    Value,
)
from shapelint.text.source import UnreadableError, read_source

DECORATOR = "hydra.main.decorated"
"""The decorator that `hydra.main(...)` returns."""
GLOBAL_PACKAGE = pattern(r"^#[ ]*@package[ ]+_global_", re.MULTILINE)
KEYWORDS = frozenset({"_target_", "_args_", "_partial_", "_recursive_", "_convert_"})


@frozen
class Builder:
    """Builds what configs describe: `recursive` says whether what is inside a config is built as well."""

    run: Run
    site: Site
    recursive: bool = True

    def built(self, value: Value) -> Value:
        """Return a config with everything in it built that has a `_target_`."""
        value = settled(value)
        if isinstance(value, Items):
            return Items([self.built(item) for item in value.items], value.kind, value.rest and UNKNOWN)
        if not isinstance(value, Table):
            return value
        if "_target_" in value.items:
            return self.made(value, ())
        items = {key: self.built(item) for key, item in value.items.items()}
        return Table(
            items, value.open, attributes=value.attributes, maybe_missing=value.maybe_missing, converts=value.converts
        )

    def made(self, config: Table, positional: tuple[Given, ...]) -> Value:
        """Return what the `_target_` of a config is with the arguments beside it; `positional` replace its `_args_`."""
        recursive = self._flag(config, "_recursive_", self.recursive)
        partial = self._flag(config, "_partial_", False)
        target = self.target(config.items["_target_"])
        if recursive is None or partial is None or isinstance(target, Unknown):
            return blamed(UNKNOWN, target)
        inner = Builder(self.run, self.site, recursive)
        arguments = inner._arguments(config, positional)
        if partial:
            given = tuple(arguments.keywords.items())
            return Partial(target, arguments.positional, given) if arguments.complete else UNKNOWN
        return self.run.call(target, arguments, self.site)

    def target(self, value: Value) -> Value:
        """Return the object that a text names; an object that a program passes as `_target_` is itself."""
        value = settled(value)
        if not isinstance(value, Const):
            return value
        return named(self.run, value.value, self.site) if isinstance(value.value, str) else UNKNOWN

    def _flag(self, config: Table, name: str, default: bool) -> bool | None:
        return truth(settled(config.items[name])) if name in config.items else default

    def _arguments(self, config: Table, positional: tuple[Given, ...]) -> Arguments:
        listed = settled(config.items.get("_args_", Items([])))
        known = isinstance(listed, Items) and listed.rest is None
        keywords = {str(key): self._given(value) for key, value in config.items.items() if key not in KEYWORDS}
        own = tuple(map(self._given, listed.items)) if isinstance(listed, Items) else ()
        complete = not config.open and not config.maybe_missing and (known or bool(positional))
        return Arguments(positional or own, keywords, complete)

    def _given(self, value: Value) -> Given:
        value = self.built(value) if self.recursive else settled(value)
        file = self.site.scope.file
        return Given(value, file.span(self.site.node) if file is not None else NO_SPAN, foreign=True)


def _instantiate(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `instantiate(config, *args, **keywords)`: keywords win over what the config says."""
    config = settled(arguments.get(0, "config") or UNKNOWN)
    keywords = {name: given.value for name, given in arguments.keywords.items() if name != "config"}
    builder = Builder(run, site)
    if isinstance(config, Table) and arguments.complete:
        whole = config_files_.merged(config, Table(keywords)) if keywords else config
        positional = arguments.positional if "config" in arguments.keywords else arguments.positional[1:]
        if isinstance(whole, Table) and "_target_" in whole.items:
            return builder.made(whole, positional)
        return builder.built(whole)
    return builder.built(config) if not keywords and isinstance(config, (Items, Const)) else blamed(UNKNOWN, config)


def _object(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `get_class(path)` and its like."""
    return Builder(run, site).target(arguments.get(0, "path") or UNKNOWN)


def _main(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `hydra.main(...)`: a decorator that passes the composed config to the function."""
    return Partial(Library(DECORATOR), (), tuple(arguments.keywords.items()))


def _decorated(run: Run, arguments: Arguments, site: Site) -> Value:
    """Apply `@hydra.main(...)`: the config is what the first parameter is without an argument."""
    function = arguments.get(0, "task_function")
    if not isinstance(function, Function) or function.defaults or not function.node.args.args:
        return function or UNKNOWN
    name, folder = arguments.get(1, "config_name"), _folder(arguments, site)
    started = run.config
    if started and name is None:
        folder = folder or ("" if "config_path" in arguments.keywords else os.path.dirname(started))
        name = Const(os.path.splitext(os.path.relpath(started, folder))[0]) if _is_in(started, folder) else None
    if name is None:
        run.takes_words, run.failed_reads = True, run.failed_reads + 1
    if not folder or not isinstance(name, Const) or not isinstance(name.value, str):
        config: Value = run.unknown("it is not known which config is read here", site.node, site.scope.file)
    else:
        config = _main_config(run, folder, name.value, site)
    return replace(function, defaults=(config, *[UNKNOWN] * (len(function.node.args.args) - 1)))


def _main_config(run: Run, folder: str, name: str, site: Site) -> Value:
    """Return the config of a program; one of a group that its command line names is chosen in it, or added to it."""
    overrides, started = run.options.overrides, run.config
    group = os.path.relpath(disk.real(started), disk.real(folder)) if started else ""
    if os.path.dirname(group) and not group.startswith(os.pardir):
        place, stem = os.path.dirname(group).replace(os.sep, "/"), Path(group).stem
        for mode in ("", "+") if _is_of_all(started) else ("",):
            chosen = parse(f"{mode}{place}={stem}")
            config, _ = loading.compose(run, folder, name, (*overrides, chosen), site)
            if not isinstance(config, Unknown):
                return config
    config, sweep = loading.compose(run, folder, name, overrides, site)
    run.sweep = Sweep(folder, sweep)
    return config


def _is_in(path: str, folder: str | None) -> bool:
    return bool(folder) and Path(disk.real(path)).is_relative_to(disk.real(folder or ""))


def _is_of_all(path: str) -> bool:
    """Return whether a config of a group changes the whole config, as experiments do."""
    try:
        return GLOBAL_PACKAGE.search(read_source(Path(path)).text) is not None
    except UnreadableError:
        return False


def _folder(arguments: Arguments, site: Site) -> str | None:
    """Return the folder of configs that a call names: relative to the file that it is in."""
    path = arguments.keywords.get("config_path")
    if (path is None and "version_base" in arguments.keywords) or site.scope.file is None:
        return None
    value = path.value if path is not None else Const(".")
    if not isinstance(value, Const) or not isinstance(value.value, str):
        return None
    return os.path.abspath(os.path.join(os.path.dirname(site.scope.file.path), value.value))


def _initialized(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `initialize(config_path=...)`, as a statement or as a context."""
    named = arguments.positional[:1]
    keywords = {**arguments.keywords, **({"config_path": named[0]} if named else {})}
    run.config_folder = _folder(Arguments(keywords=keywords), site) or ""
    return UNKNOWN


def _initialized_at(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `initialize_config_dir(config_dir=...)`."""
    folder = arguments.get(0, "config_dir")
    path = folder.path if isinstance(folder, DataFile) else folder.value if isinstance(folder, Const) else ""
    run.config_folder = path if isinstance(path, str) else ""
    return UNKNOWN


def _composed(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `compose(config_name=..., overrides=[...])`."""
    name, given = arguments.get(0, "config_name"), sequence(arguments.get(1, "overrides") or Items([]))
    overrides = [item.value for item in given.items if isinstance(item, Const)] if given else []
    known = given is not None and given.rest is None and len(overrides) == len(given.items)
    if not known or not isinstance(name, Const) or not isinstance(name.value, str) or not run.config_folder:
        return run.unknown("it is not known which config is read here", site.node, site.scope.file)
    try:
        parsed = [parse(str(one)) for one in overrides]
    except InvalidYamlError as error:
        return run.unknown(error.message, site.node, site.scope.file)
    if any(one.is_sweep for one in parsed):
        return run.unknown("it is not known which config is read here", site.node, site.scope.file)
    return loading.compose(run, run.config_folder, name.value, parsed, site)[0]


HYDRA = LibraryPlugin(
    "hydra",
    packages=frozenset({"hydra"}),
    decorators=frozenset({DECORATOR}),
    functions={
        "hydra.utils.instantiate": _instantiate,
        "hydra.utils.call": _instantiate,
        "hydra.main": _main,
        DECORATOR: _decorated,
        "hydra.compose": _composed,
        "hydra.initialize": _initialized,
        "hydra.initialize_config_dir": _initialized_at,
        **dict.fromkeys(("hydra.utils.get_class", "hydra.utils.get_object", "hydra.utils.get_method"), _object),
    },
)
