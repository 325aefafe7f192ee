"""Folders from which the modules of a repository are imported: what its pyproject.toml says of its packages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from shapelint.common import disk, gitignore
from shapelint.common.reads import remembered
from shapelint.common.toml_text import read_toml

DEFAULT_FOLDERS = ("", "src")
"""Where packages lie without a word about it."""
MAXIMUM_BYTES = 1024 * 1024


def import_folders(folder: str) -> Iterator[str]:
    """Yield the folders from which modules may be imported in a folder, the nearest first."""
    for above in gitignore.upward(folder):
        for inner in (*DEFAULT_FOLDERS, *declared(above)):
            yield os.path.normpath(os.path.join(above, inner))


def declared(root: str) -> tuple[str, ...]:
    """Return the folders, as seen from a folder, that its pyproject.toml names as those of its packages."""
    path = os.path.abspath(os.path.join(root, "pyproject.toml"))
    try:
        changed, size = disk.stamp(path)
    except OSError:
        return ()
    return _declared(path, changed) if size <= MAXIMUM_BYTES else ()


@remembered(maxsize=64)
def _declared(path: str, changed: int) -> tuple[str, ...]:
    try:
        tool = read_toml(disk.read_text_bounded(path, MAXIMUM_BYTES)).get("tool", {})
    except (OSError, ValueError):
        return ()
    found = dict.fromkeys(os.path.normpath(one) for one in _named(tool) if isinstance(one, str))
    return tuple(one for one in found if not os.path.isabs(one) and not one.startswith(os.pardir))


def _named(tool: Any) -> Iterator[Any]:
    """Yield the folders that the settings of each build tool name."""
    yield from _under(tool, "setuptools", "packages", "find", "where")
    for package, folder in _table(tool, "setuptools", "package-dir").items():
        yield _without(folder, package)
    hatch = _table(tool, "hatch", "build")
    for target in (hatch, _table(hatch, "targets", "wheel")):
        yield from (os.path.dirname(one) for one in _under(target, "packages") if isinstance(one, str))
        sources = target.get("sources")
        yield from sources if isinstance(sources, (list, dict)) else ()
    for package in _under(tool, "poetry", "packages"):
        yield package.get("from") if isinstance(package, dict) else None
    yield _table(tool, "pdm", "build").get("package-dir")
    yield _table(tool, "uv", "build-backend").get("module-root")
    yield _table(tool, "maturin").get("python-source")


def _without(folder: Any, package: str) -> str | None:
    """Return the folder that holds a package's own: `lib` for a package `nets` in `lib/nets`."""
    if not isinstance(folder, str):
        return None
    names = package.split(".") if package else []
    parts = os.path.normpath(folder).split(os.sep)
    if names and parts[-len(names) :] != names:
        return None
    return os.path.join("", *parts[: len(parts) - len(names)])


def _table(found: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _under(found: Any, *keys: str) -> list[Any]:
    listed = _table(found, *keys[:-1]).get(keys[-1])
    return listed if isinstance(listed, list) else []
