"""Files of a repository that use a given file, found by their text only.

A pre-commit hook gets the files that changed. If one of them is a fragment (a local module, a Hydra group, a `_base_`),
the models it belongs to are in other files. Nothing is parsed or imported: a file is assumed to use another one if it
names it in one of the forms below. A false dependency only costs a few milliseconds, to lint a file that is correct.

from .heads import Projection        import project.heads          from project import heads      Python
_base_ = "../base/byol.py"           _base_: ../base/byol.yaml     !include heads.yaml            paths
defaults: [{backbone: resnet18}, optimiser/sgd, override /head: byol]                             Hydra
@hydra.main(config_path="configs", config_name="byol")
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from shapelint.common import disk, gitignore
from shapelint.common.patterns import pattern
from shapelint.linting.collect import walk

PYTHON, YAML = frozenset({".py"}), frozenset({".yaml", ".yml"})
MAXIMUM_SEARCHED_BYTES = 1024 * 1024
_MAXIMUM_FILES = 20_000

_FROM = pattern(r"^[ \t]*from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n#;]+)", re.MULTILINE)
_IMPORT = pattern(r"^[ \t]*import[ \t]+([^\n#;]+)", re.MULTILINE)
_PATH = pattern(r"""[\w./\\-]+\.(?:py|ya?ml)\b""")
_DEFAULTS = pattern(r"^defaults[ \t]*:(.*(?:\n(?:[ \t-].*|[ \t]*))*)", re.MULTILINE)
_GROUP = pattern(r"""/?([\w./-]+?)(?:@[\w.]+)?["']?[ \t]*:[ \t]*([^\n#{}]+)""")
_CONFIG_NAME = pattern(r"""(?:\bconfig_name[ ]*=[ ]*|\bcompose\([ ]*)["']([\w./-]+)["']""")
_WORD = pattern(r"(?<!@)\b\w[\w./-]*")


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


def _repository_files(root: str) -> dict[str, str]:
    """Return the texts of a repository's Python and YAML files, by path from the root with forward slashes."""
    texts: dict[str, str] = {}
    for path in walk(Path(root), PYTHON | YAML):
        text = _text_of(path) if len(texts) < _MAXIMUM_FILES else None
        if text is not None:
            texts[path.relative_to(root).as_posix()] = text
    return texts


def _text_of(path: Path) -> str | None:
    """Return the text of a file; None if it cannot be read, or is too large to be written by hand."""
    try:
        return disk.read_text_bounded(path, MAXIMUM_SEARCHED_BYTES, errors="replace")
    except OSError:
        return None


def dependents(changed: Iterable[str], files: dict[str, str]) -> list[str]:
    """Return the files (of paths with their texts) that use a changed one, directly or through others, sorted."""
    return behind(changed, users(files))


def users(files: dict[str, str]) -> dict[str, set[str]]:
    """Return the files that use each file directly."""
    found: dict[str, set[str]] = {}
    index = _Index(files)
    for path, text in files.items():
        for used in index.uses(path, text):
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

    def __init__(self, files: dict[str, str]) -> None:
        """Index each module by its dotted path from every folder above it, since any of these may be on `sys.path`.

        Configs are indexed by their names without the suffix.
        """
        self.files = files
        self.modules: dict[str, list[str]] = {}
        self.configs: dict[str, list[str]] = {}
        for path in files:
            if path.endswith(tuple(YAML)):
                self.configs.setdefault(PurePosixPath(path).stem, []).append(path)
            if path.endswith(".py"):
                parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
                for start in range(len(parts)):
                    self.modules.setdefault(".".join(parts[start:]), []).append(path)

    def uses(self, path: str, text: str) -> Iterator[str]:
        """Yield the files that a text names."""
        yield from self._paths(path, text)
        if path.endswith(".py"):
            yield from self._imports(path, text)
            yield from self._configs(path, text)
        else:
            yield from self._defaults(path, text)
            yield from self._dotted(text)

    def _imports(self, path: str, text: str) -> Iterator[str]:
        for module, names in _FROM.findall(text):
            base = _absolute(path, module)
            yield from self._module(path, base)
            for name in re.findall(r"[A-Za-z_]\w*", re.sub(r"\bas\s+\w+", "", names)):
                yield from self._module(path, f"{base}.{name}".strip("."))
        for modules in _IMPORT.findall(text):
            for module in re.findall(r"[\w.]+", re.sub(r"\bas\s+\w+", "", modules)):
                yield from self._module(path, module)

    def _configs(self, path: str, text: str) -> Iterator[str]:
        """Yield the configs that a program names for Hydra."""
        for name in set(_CONFIG_NAME.findall(text)):
            yield from self._nearest(path, self.configs.get(PurePosixPath(name).name.removesuffix(".yaml"), []))

    def _module(self, path: str, name: str) -> Iterator[str]:
        """Yield the files of a module; if several have its name, those in the folder nearest to the importing file."""
        yield from self._nearest(path, self.modules.get(name, []))

    def _nearest(self, path: str, found: Sequence[str]) -> Iterator[str]:
        """Yield the files that have the most folders in common with a file."""
        folder = path.split("/")[:-1]
        near = max((_shared(folder, other.split("/")[:-1]) for other in found), default=0)
        yield from (other for other in found if _shared(folder, other.split("/")[:-1]) == near and other != path)

    def _dotted(self, text: str) -> Iterator[str]:
        """Yield the local modules that a config names: `_target_: project.heads.Projection`."""
        for word in set(re.findall(r"\b[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", text)):
            yield from self.modules.get(word.rpartition(".")[0], ())

    def _paths(self, path: str, text: str) -> Iterator[str]:
        folder = PurePosixPath(path).parent
        for written in set(_PATH.findall(text)):
            name = written.replace("\\", "/")
            for candidate in (_normal(str(folder / name)), _normal(name)):
                if candidate in self.files and candidate != path:
                    yield candidate

    def _defaults(self, path: str, text: str) -> Iterator[str]:
        """Yield the files of Hydra groups: in a folder with the group's name, next to the file or in a config root."""
        for block in _DEFAULTS.findall(text):
            named = [f"{group}/{word}" for group, options in _GROUP.findall(block) for word in _WORD.findall(options)]
            for name in [*named, *_WORD.findall(block)]:
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
