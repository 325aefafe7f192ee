"""Files of a repository that use a given file, found by what their texts name (`shapelint.common.mentions`).

A pre-commit hook gets the files that changed. If one of them is a fragment (a local module, a Hydra group, a `_base_`),
the models it belongs to are in other files. Nothing is parsed or imported: a file is assumed to use another one if it
names it. A false dependency only costs a few milliseconds, to lint a file that is correct.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from shapelint.common import disk, gitignore
from shapelint.linting.collect import walk

if TYPE_CHECKING:
    from shapelint.common.mentions import Mentions

PYTHON, YAML = frozenset({".py"}), frozenset({".yaml", ".yml"})
_MAXIMUM_FILES = 20_000


def dependents_of(paths: Sequence[str]) -> list[str]:
    """Return the files of the surrounding repository that use a named file; none for a path outside a repository."""
    found: dict[str, None] = {}
    roots: dict[str, list[str]] = {}
    for path in paths:
        if disk.is_file(path):
            root = gitignore.repository(os.path.dirname(os.path.abspath(path)))
            if root:
                roots.setdefault(root, []).append(os.path.relpath(os.path.abspath(path), root).replace(os.sep, "/"))
    for root, changed in roots.items():
        files = _repository_files(root)
        found.update((os.path.relpath(os.path.join(root, name)), None) for name in dependents(changed, files))
    named = {os.path.abspath(path) for path in paths}
    return [path for path in found if os.path.abspath(path) not in named]


def _repository_files(root: str) -> dict[str, Mentions]:
    """Return what a repository's Python and YAML files name, by path from the root with forward slashes."""
    found: dict[str, Mentions] = {}
    for path in islice(walk(Path(root), PYTHON | YAML), _MAXIMUM_FILES):
        mentions = disk.mentions(path)
        if mentions is not None:
            found[path.relative_to(root).as_posix()] = mentions
    return found


def dependents(changed: Iterable[str], files: Mapping[str, Mentions]) -> list[str]:
    """Return the files (of paths with what they name) that use a changed one, directly or through others, sorted."""
    return behind(changed, users(files))


def users(files: Mapping[str, Mentions]) -> dict[str, set[str]]:
    """Return the files that use each file directly."""
    found: dict[str, set[str]] = {}
    index = _Index(files)
    for path, mentions in files.items():
        for used in index.uses(path, mentions):
            found.setdefault(used, set()).add(path)
    return found


def behind(changed: Iterable[str], users: dict[str, set[str]]) -> list[str]:
    """Return the files that use a changed one directly or through others, sorted, given the direct users of each."""
    changed = list(changed)
    seen: set[str] = set()
    waiting = list(changed)
    while waiting:
        for user in users.get(waiting.pop(), ()):
            if user not in seen:
                seen.add(user)
                waiting.append(user)
    return sorted(seen - set(changed))


class _Index:
    """The files of a repository by the names under which others may refer to them."""

    def __init__(self, files: Iterable[str]) -> None:
        """Index each module by its dotted path from every folder above it, since any of these may be on `sys.path`.

        Configs are indexed by their names without the suffix.
        """
        self.files = frozenset(files)
        self.modules: dict[str, list[str]] = {}
        self.configs: dict[str, list[str]] = {}
        for path in files:
            if path.endswith(tuple(YAML)):
                self.configs.setdefault(PurePosixPath(path).stem, []).append(path)
            if path.endswith(".py"):
                parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
                for start in range(len(parts)):
                    self.modules.setdefault(".".join(parts[start:]), []).append(path)

    def uses(self, path: str, mentions: Mentions) -> Iterator[str]:
        """Yield the files that a file names."""
        yield from self._paths(path, mentions.paths)
        for module, names in mentions.imported:
            base = _absolute(path, module)
            for name in (base, *(f"{base}.{name}".strip(".") for name in names)):
                yield from self._nearest(path, self.modules.get(name, []))
        for name in mentions.configs:
            yield from self._nearest(path, self.configs.get(PurePosixPath(name).name.removesuffix(".yaml"), []))
        for name in mentions.defaults:
            yield from self._group(path, name)
        for module in mentions.dotted:
            yield from self.modules.get(module, ())

    def _nearest(self, path: str, found: Sequence[str]) -> Iterator[str]:
        """Yield the files that have the most folders in common with a file."""
        folder = path.split("/")[:-1]
        near = max((_shared(folder, other.split("/")[:-1]) for other in found), default=0)
        yield from (other for other in found if _shared(folder, other.split("/")[:-1]) == near and other != path)

    def _paths(self, path: str, written: Iterable[str]) -> Iterator[str]:
        folder = PurePosixPath(path).parent
        for name in (one.replace("\\", "/") for one in written):
            for candidate in (_normal(str(folder / name)), _normal(name)):
                if candidate in self.files and candidate != path:
                    yield candidate

    def _group(self, path: str, name: str) -> Iterator[str]:
        """Yield the files of an entry of a defaults list, next to the file or in a folder above."""
        for folder in (PurePosixPath(path).parent, *PurePosixPath(path).parent.parents):
            for suffix in YAML:
                candidate = _normal(str(folder / (name.removesuffix(".yaml") + suffix)))
                if candidate in self.files and candidate != path:
                    yield candidate


def _shared(first: Sequence[str], second: Sequence[str]) -> int:
    """Return the number of leading folders that two paths have in common."""
    count = 0
    for one, other in zip(first, second):
        if one != other:
            break
        count += 1
    return count


def _absolute(path: str, module: str) -> str:
    """Return the dotted path of a module that a file names: `.heads` in `project/byol.py` is `project.heads`."""
    name = module.lstrip(".")
    dots = len(module) - len(name)
    if not dots:
        return name
    folders = path.split("/")[:-1]
    return ".".join([*folders[: len(folders) - dots + 1], *filter(None, [name])])


def _normal(path: str) -> str:
    """Return a path without `.` and `..`; a path that leaves the repository keeps them."""
    return os.path.normpath(path).replace(os.sep, "/")
