"""Paths, open files, and their texts: `os.path`, `pathlib` and `open`."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable
from pathlib import PurePosixPath

from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.kernel import Kind
from shapelint.python.state.loading import locate
from shapelint.python.state.plugins import Handler, LibraryPlugin
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import unknown_among
from shapelint.python.state.values import NO_SPAN, NONE, UNKNOWN, Bound, Const, DataFile, Given, Items, Value

SAME_PATH = frozenset({"resolve", "absolute", "expanduser", "as_posix", "abspath", "realpath", "normpath", "fspath"})
"""Methods and functions that return a path to the same file."""


def path_of(value: Value | None) -> str | None:
    """Return the path of a text, a path or an open file; None if it is not known."""
    if isinstance(value, DataFile) and value.kind != "text":
        return value.path
    return value.value if isinstance(value, Const) and isinstance(value.value, str) else None


def _joined(values: list[Value]) -> str | None:
    parts = [path_of(value) for value in values]
    known = [part for part in parts if part is not None]
    return posixpath.join(*known) if known and len(known) == len(parts) else None


def _path(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `Path("configs", "byol.yaml")`."""
    joined = _joined(arguments.values) if arguments.complete else None
    return unknown_among(*arguments.values) if joined is None else DataFile(joined)


def _open(run: Run, arguments: Arguments, site: Site) -> Value | None:
    """Interpret `open(path)` of a file that is read."""
    mode = arguments.values[1] if len(arguments.positional) > 1 else _keyword(arguments, "mode")
    path = path_of(arguments.values[0] if arguments.positional else _keyword(arguments, "file"))
    if path is None or not (mode is None or (isinstance(mode, Const) and str(mode.value)[:1] == "r")):
        return unknown_among(*arguments.values)
    return DataFile(path, "file")


def _keyword(arguments: Arguments, name: str) -> Value | None:
    return arguments.keywords[name].value if name in arguments.keywords else None


def _text(run: Run, arguments: Arguments, site: Site) -> Value | None:
    """Interpret `str(path)`."""
    value = arguments.values[0] if len(arguments.positional) == 1 else None
    return Const(value.path) if isinstance(value, DataFile) and value.kind == "path" else None


def _on_path(function: Callable[[str], str | bool]) -> Handler:
    """Return the handler of a function of `os.path`."""

    def handler(run: Run, arguments: Arguments, site: Site) -> Value:
        path = path_of(arguments.values[0]) if len(arguments.positional) == 1 else None
        return unknown_among(*arguments.values) if path is None else Const(function(path))

    return handler


def _join(run: Run, arguments: Arguments, site: Site) -> Value:
    joined = _joined(arguments.values) if arguments.complete else None
    return unknown_among(*arguments.values) if joined is None else Const(joined)


def _exists(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `os.path.exists`: certain only if a file is there, since others may be made before it is asked."""
    path = path_of(arguments.values[0]) if arguments.positional else None
    return Const(True) if path is not None and locate(run, path) else UNKNOWN


def attribute(run: Run, owner: DataFile, name: str, site: Site) -> Value:
    """Read an attribute of a path."""
    if owner.kind == "path":
        path = PurePosixPath(owner.path)
        if name == "parent":
            return DataFile(posixpath.dirname(owner.path) or ".")
        if name == "parents":
            return Items([DataFile(str(parent)) for parent in path.parents], "tuple")
        if name in ("name", "stem", "suffix"):
            return Const(str(getattr(path, name)))
    return Const(owner.path) if owner.kind == "file" and name == "name" else Bound(owner, name)


def method(run: Run, owner: DataFile, name: str, arguments: Arguments, site: Site) -> Value:
    """Call a method of a path, an open file or a text."""
    if owner.kind == "text":
        return owner if name in ("decode", "strip") else UNKNOWN
    if name in ("read_text", "read_bytes", "read"):
        return DataFile(owner.path, "text")
    if owner.kind == "file":
        return owner if name == "__enter__" else NONE if name in ("close", "seek", "flush") else UNKNOWN
    if name == "open":
        return DataFile(owner.path, "file")
    if name in SAME_PATH:
        return owner if name != "as_posix" else Const(owner.path)
    if name in ("joinpath", "__truediv__"):
        return _path(run, Arguments((Given(owner, NO_SPAN), *arguments.positional)), site)
    if name in ("exists", "is_file"):
        return Const(True) if locate(run, owner.path) else UNKNOWN
    if name == "with_suffix" and arguments.positional and isinstance(arguments.values[0], Const):
        return DataFile(posixpath.splitext(owner.path)[0] + str(arguments.values[0].value))
    return UNKNOWN


def divided(run: Run, left: Value, right: Value) -> Value:
    """Evaluate `left / right`, one of which is a path."""
    joined = _joined([left, right])
    return unknown_among(left, right) if joined is None else DataFile(joined)


PATHS_AND_FILES = Kind(attribute=attribute, method=method, divide=divided)
PATHS = LibraryPlugin(
    "paths",
    packages=frozenset({"io"}),
    functions={
        "builtins.open": _open,
        "builtins.str": _text,
        "io.open": _open,
        "pathlib.Path": _path,
        "pathlib.PurePath": _path,
        "os.path.join": _join,
        "os.path.exists": _exists,
        "os.path.isfile": _exists,
        "os.path.dirname": _on_path(posixpath.dirname),
        "os.path.basename": _on_path(posixpath.basename),
        "os.getcwd": lambda run, arguments, site: Const(os.curdir),
        "pathlib.Path.cwd": lambda run, arguments, site: DataFile(os.curdir),
        **{f"os.path.{name}": _on_path(str) for name in ("abspath", "realpath", "normpath", "expanduser")},
        "os.fspath": _on_path(str),
    },
)
