"""Objects that a config or a text names by a dotted path: of a library, or of a file of the repository."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from shapelint.common import package_folders
from shapelint.python.state import model_scan
from shapelint.python.state.arguments import Site
from shapelint.python.state.class_lookup import namespace
from shapelint.python.state.run import Run
from shapelint.python.state.values import Library, Value


def named(run: Run, dotted: str, site: Site) -> Value:
    """Return the object with a dotted name; one that is not found in the repository is that of a library."""
    parts = dotted.split(".")
    if not is_library(run, dotted):
        for length in range(len(parts), 0, -1):
            module = _module(run, ".".join(parts[:length]))
            if module is not None:
                return _inside(run, module, parts[length:], site)
    return Library(dotted)


def is_library(run: Run, name: str) -> bool:
    """Return whether a dotted name belongs to a known library, and to no package of the repository that replaces it."""
    plugin = run.libraries.of(name)
    if plugin.gives_way and run.folder is not None:
        return model_scan.find(name.partition(".")[0], 0, run.folder) is None
    return run.libraries.claim(name)


def _inside(run: Run, value: Value, names: list[str], site: Site) -> Value:
    for name in names:
        value = run.named_attribute(value, name, site)
    return value


def _module(run: Run, module: str) -> Value | None:
    for base in _bases(run):
        path = model_scan.find(module, 0, base, hops=0)
        scope = run.load_file(path) if path is not None else None
        if scope is not None:
            return namespace(scope)
    return None


def _bases(run: Run) -> Iterator[Path]:
    """Yield the folders in which modules are looked up: that of the program, and those above it with their packages."""
    if run.folder is not None:
        yield from map(Path, package_folders.import_folders(os.path.abspath(run.folder)))
