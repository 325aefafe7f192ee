"""Paths, open files, and their texts: `os.path`, `pathlib` and `open`."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable
from pathlib import PurePosixPath

from shapelint.common.frozen import replace
from shapelint.common.words import words
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.kernel import Kind
from shapelint.python.state.loading import locate, note_writing
from shapelint.python.state.plugins import Handler, LibraryPlugin
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import unknown_among
from shapelint.python.state.values import NO_SPAN, NONE, UNKNOWN, Bound, Const, DataFile, Given, Items, Value

SAME_PATH = frozenset({"resolve", "absolute", "expanduser"})
"""Methods that return a path to the same file."""
MODES_OF_READING = words("r rb rt br tr")


def path_of(value: Value | None) -> str | None:
    """Return the path of a text, a path or an open file; None if it is not known."""
    if isinstance(value, DataFile) and value.kind != "text":
        return value.path
    return value.value if isinstance(value, Const) and isinstance(value.value, str) else None


def _joined(values: list[Value]) -> str | None:
    parts = [path_of(value) for value in values]
    known = [part for part in parts if part is not None]
    return posixpath.join(*known) if known and len(known) == len(parts) else None


def _is_bare(path: str) -> bool:
    """Return whether a path has no name and may have been made absolute: where it leads up to is not known."""
    return not path.startswith("/") and {"", ".", ".."}.issuperset(path.split("/"))


def _path(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `Path("configs", "byol.yaml")`."""
    joined = _joined(arguments.values) if arguments.complete else None
    return unknown_among(*arguments.values) if joined is None else DataFile(str(PurePosixPath(joined)))


def _open(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `open(path)` of a file that is read."""
    return _opened(run, path_of(arguments.get(0, "file")), arguments.get(1, "mode"), arguments)


def _opened(run: Run, path: str | None, mode: Value | None, arguments: Arguments) -> Value:
    if path is not None and (mode is None or (isinstance(mode, Const) and mode.value in MODES_OF_READING)):
        return DataFile(path, "file")
    note_writing(run, path)
    return unknown_among(*arguments.values)


def _text(run: Run, arguments: Arguments, site: Site) -> Value | None:
    """Interpret `str(path)`."""
    value = arguments.values[0] if len(arguments.positional) == 1 else None
    return Const(value.path) if isinstance(value, DataFile) and value.kind == "path" else None


def _on_path(function: Callable[[str], str | None]) -> Handler:
    """Return the handler of a function of `os.path`; one that returns None does not know."""

    def handler(run: Run, arguments: Arguments, site: Site) -> Value:
        path = path_of(arguments.values[0]) if len(arguments.positional) == 1 else None
        found = None if path is None else function(path)
        return unknown_among(*arguments.values) if found is None else Const(found)

    return handler


def _dirname(path: str) -> str | None:
    return None if _is_bare(path) else posixpath.dirname(path)


def _basename(path: str) -> str | None:
    return None if _is_bare(path) else posixpath.basename(path)


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
        if name == "parents":
            return _parents(path)
        if name in ("parent", "name", "stem", "suffix") and _is_bare(owner.path):
            return UNKNOWN
        if name == "parent":
            return DataFile(str(path.parent))
        if name in ("name", "stem", "suffix"):
            return Const(str(getattr(path, name)))
    return Const(owner.path) if owner.kind == "file" and name == "name" else Bound(owner, name)


def _parents(path: PurePosixPath) -> Items:
    """Return the folders above a path; which of them are above a relative one is not known."""
    above = [str(parent) for parent in path.parents if not _is_bare(str(path))]
    named = [parent for parent in above if not _is_bare(parent)]
    known = above[: len(named) + 1]
    return Items([DataFile(parent) for parent in known], "tuple", None if path.is_absolute() else UNKNOWN)


def method(run: Run, owner: DataFile, name: str, arguments: Arguments, site: Site) -> Value:
    """Call a method of a path, an open file or a text."""
    if owner.kind == "text":
        return owner if name in ("decode", "strip") else UNKNOWN
    if name in ("read_text", "read_bytes", "read"):
        return DataFile(owner.path, "text")
    if owner.kind == "file":
        return owner if name == "__enter__" else NONE if name in ("close", "seek", "flush") else UNKNOWN
    if name == "open":
        return _opened(run, owner.path, arguments.get(0, "mode"), arguments)
    if name in ("write_text", "write_bytes"):
        note_writing(run, owner.path)
    if name in SAME_PATH:
        return replace(owner, path=posixpath.normpath(owner.path)) if name == "resolve" else owner
    if name == "as_posix":
        return Const(owner.path)
    if name in ("joinpath", "__truediv__"):
        return _path(run, Arguments((Given(owner, NO_SPAN), *arguments.positional)), site)
    if name in ("exists", "is_file"):
        return Const(True) if locate(run, owner.path) else UNKNOWN
    if name == "with_suffix" and arguments.positional and isinstance(arguments.values[0], Const):
        return _with_suffix(PurePosixPath(owner.path), str(arguments.values[0].value))
    return UNKNOWN


def _with_suffix(path: PurePosixPath, suffix: str) -> Value:
    try:
        return DataFile(str(path.with_suffix(suffix)))
    except ValueError:
        return UNKNOWN


def divided(run: Run, left: Value, right: Value) -> Value:
    """Evaluate `left / right`, one of which is a path."""
    joined = _joined([left, right])
    return unknown_among(left, right) if joined is None else DataFile(str(PurePosixPath(joined)))


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
        "os.path.dirname": _on_path(_dirname),
        "os.path.basename": _on_path(_basename),
        "os.getcwd": lambda run, arguments, site: Const(os.curdir),
        "pathlib.Path.cwd": lambda run, arguments, site: DataFile(os.curdir),
        **{f"os.path.{name}": _on_path(posixpath.normpath) for name in ("abspath", "realpath", "normpath")},
        **{name: _on_path(str) for name in ("os.path.expanduser", "os.fspath")},
    },
)
