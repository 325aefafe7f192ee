"""Which files of a repository use a given one, by their text alone.

A pre-commit hook is given the files that changed. When that is a fragment (a local module, a Hydra group, a `_base_`),
the models it takes part in lie in other files. Nothing is parsed or imported: a file is taken to use another where it
names it in one of the ways below. One edge too many costs a few milliseconds: a file is linted, and found right.

    from .heads import Projection        import project.heads          from project import heads      Python
    _base_ = "../base/byol.py"           _base_: ../base/byol.yaml     !include heads.yaml            paths
    defaults: [{backbone: resnet18}, optimiser/sgd, override /head: byol]                             Hydra
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from shapelint.common import gitignore
from shapelint.linting.collect import walk

PYTHON, YAML = frozenset({".py"}), frozenset({".yaml", ".yml"})
MAXIMUM_SEARCHED_BYTES = 1024 * 1024
_MAXIMUM_FILES = 20_000

_FROM = re.compile(r"^[ \t]*from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n#;]+)", re.MULTILINE)
_IMPORT = re.compile(r"^[ \t]*import[ \t]+([^\n#;]+)", re.MULTILINE)
_PATH = re.compile(r"""[\w./\\-]+\.(?:py|ya?ml)\b""")
_DEFAULTS = re.compile(r"^defaults[ \t]*:(.*(?:\n(?:[ \t-].*|[ \t]*))*)", re.MULTILINE)
_GROUP = re.compile(r"""/?([\w./-]+?)(?:@[\w.]+)?["']?[ \t]*:[ \t]*([^\n#{}]+)""")
_WORD = re.compile(r"(?<!@)\b\w[\w./-]*")


def dependents_of(paths: Sequence[str]) -> list[str]:
    """The files that use one of the named ones, in the repository around it; a path outside of one has none."""
    found: dict[str, None] = {}
    roots: dict[str, list[str]] = {}
    for path in paths:
        if os.path.isfile(path):
            root = gitignore.repository(os.path.dirname(os.path.abspath(path)))
            if root:
                roots.setdefault(root, []).append(os.path.relpath(os.path.abspath(path), root).replace(os.sep, "/"))
    for root, changed in roots.items():
        files = _repository_files(root)
        found.update((os.path.relpath(os.path.join(root, name)), None) for name in dependents(changed, files))
    named = {os.path.abspath(path) for path in paths}
    return [path for path in found if os.path.abspath(path) not in named]


def _repository_files(root: str) -> dict[str, str]:
    """The texts of a repository's Python and YAML files, by their path from the root with forward slashes."""
    texts: dict[str, str] = {}
    for path in walk(Path(root), PYTHON | YAML):
        text = _text_of(path) if len(texts) < _MAXIMUM_FILES else None
        if text is not None:
            texts[path.relative_to(root).as_posix()] = text
    return texts


def _text_of(path: Path) -> str | None:
    """What a file holds; None where it cannot be read, or is so big that nobody wrote it."""
    try:
        return (
            path.read_text(encoding="utf-8", errors="replace")
            if path.stat().st_size <= MAXIMUM_SEARCHED_BYTES
            else None
        )
    except OSError:
        return None


def dependents(changed: Iterable[str], files: dict[str, str]) -> list[str]:
    """The files (by path, with their texts) that use a changed one, directly or through others, sorted."""
    return behind(changed, users(files))


def users(files: dict[str, str]) -> dict[str, set[str]]:
    """The files that use each one directly."""
    found: dict[str, set[str]] = {}
    index = _Index(files)
    for path, text in files.items():
        for used in index.uses(path, text):
            found.setdefault(used, set()).add(path)
    return found


def behind(changed: Iterable[str], users: dict[str, set[str]]) -> list[str]:
    """The files that use a changed one directly or through others, sorted, from the direct users of each."""
    changed = list(changed)
    seen: set[str] = set()
    waiting = list(changed)
    while waiting:
        for user in users.get(waiting.pop(), ()):
            if user not in seen:
                seen.add(user)
                waiting.append(user)
    return sorted(seen - set(changed))


@dataclass
class _Index:
    """The files of a repository by what others may call them."""

    files: dict[str, str]
    modules: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """A module goes by its dotted path from any folder above it: which of them is on `sys.path` is not known."""
        for path in self.files:
            if path.endswith(".py"):
                parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
                for start in range(len(parts)):
                    self.modules.setdefault(".".join(parts[start:]), []).append(path)

    def uses(self, path: str, text: str) -> Iterator[str]:
        """The files that a text names."""
        yield from self._paths(path, text)
        if path.endswith(".py"):
            yield from self._imports(path, text)
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

    def _module(self, path: str, name: str) -> Iterator[str]:
        """The files of a module; where several folders have one of that name, the nearest to the importing file."""
        found = self.modules.get(name, [])
        folder = path.split("/")[:-1]
        near = max((_shared(folder, other.split("/")[:-1]) for other in found), default=0)
        yield from (other for other in found if _shared(folder, other.split("/")[:-1]) == near and other != path)

    def _dotted(self, text: str) -> Iterator[str]:
        """Local modules that a config names: `_target_: project.heads.Projection`."""
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
        """Hydra: a group's options lie in a folder of its name, beside the file or under the root of the configs."""
        for block in _DEFAULTS.findall(text):
            named = [f"{group}/{word}" for group, options in _GROUP.findall(block) for word in _WORD.findall(options)]
            for name in [*named, *_WORD.findall(block)]:
                for folder in (PurePosixPath(path).parent, *PurePosixPath(path).parent.parents):
                    for suffix in YAML:
                        candidate = _normal(str(folder / (name.removesuffix(".yaml") + suffix)))
                        if candidate in self.files and candidate != path:
                            yield candidate


def _shared(first: Sequence[str], second: Sequence[str]) -> int:
    """How many folders two paths have in common."""
    count = 0
    for one, other in zip(first, second):
        if one != other:
            break
        count += 1
    return count


def _absolute(path: str, module: str) -> str:
    """The dotted path of a module as a file names it: `.heads` in `project/byol.py` is `project.heads`."""
    name = module.lstrip(".")
    dots = len(module) - len(name)
    if not dots:
        return name
    folders = path.split("/")[:-1]
    return ".".join([*folders[: len(folders) - dots + 1], *filter(None, [name])])


def _normal(path: str) -> str:
    """A path without `.` and `..`; one that leaves the repository comes back as it is."""
    return os.path.normpath(path).replace(os.sep, "/")
