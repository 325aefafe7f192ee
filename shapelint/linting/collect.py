"""Selection of the files of a run: those that are named, and those in named folders that may contain a model."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from shapelint.common import disk, gitignore
from shapelint.common.frozen import frozen
from shapelint.common.patterns import pattern
from shapelint.python.state import model_scan
from shapelint.read import openmmlab
from shapelint.text.source import Source

PROGRAMS = frozenset({".py", ".ipynb"})
SUFFIXES = frozenset({".yaml", ".yml"}) | PROGRAMS
"""What a walk looks at."""

SKIPPED_FOLDERS = frozenset({"node_modules", "site-packages", "__pycache__", "build", "dist", "venv"})
"""Folders that a walk never enters, in addition to those whose name begins with a dot."""

MENTIONS_A_MODEL = pattern(r"projection_?head|prediction_?head|\bbyol\b", re.IGNORECASE)
"""Words that a text must contain for its syntax errors to be reported in a folder walk."""


_NAMES_A_HEAD = r"(?mi:^[ \t-]*\w*(?:project|predict)(?:or|ion)\w*:)"
NAMES_A_CLASS = pattern(r"(_target_|class_path)[\"']?\s*:")
"""What a config says that names a class by its path."""
_MAY_HOLD_A_MODEL = pattern(
    rf"method:|{NAMES_A_CLASS.pattern}|Head|(?m:^defaults:)|(?i:{MENTIONS_A_MODEL.pattern})|{_NAMES_A_HEAD}"
)
_BUILT_FROM = pattern(rf"\b({'|'.join(sorted(model_scan.BUILT_FROM))})\b")
_IMPORTED = pattern(r"""^[ \t"]*(?:from|import)[ \t]+(\.*)([\w.]*)""", re.MULTILINE)


def worth_reading(path: Path, text: str) -> bool:
    """Whether a file that nobody named may hold a model, by a glance at its words; spares the readers the others."""
    if path.suffix.lower() in PROGRAMS:
        if openmmlab.is_config(Source(str(path), text)):
            return openmmlab.BASE_FOLDER not in path.parts  # what lies there is read through the configs that name it
        return bool(model_scan.MODEL_WORDS.search(text)) and (
            bool(_BUILT_FROM.search(text)) or _imports_a_neighbour(path, text)
        )
    return bool(_MAY_HOLD_A_MODEL.search(text))


def _imports_a_neighbour(path: Path, text: str) -> bool:
    """Whether a script imports a file of its repository, which may hold the model that it trains."""
    found = dict.fromkeys((module, len(dots)) for dots, module in _IMPORTED.findall(text))
    return any(
        model_scan.find(module, level, path.parent) is not None
        for module, level in found
        if level or module.partition(".")[0] not in sys.stdlib_module_names
    )


@frozen
class Candidate:
    """A file to lint: whether the user `named` it, and the named `folder` it was found in."""

    path: Path
    named: bool
    folder: Path | None = None


Excludes = Callable[[Path, bool], bool]
"""Returns whether a path is excluded, given the path and whether the user named it."""


def collect(
    paths: Sequence[Path], excludes: Excludes = lambda path, named: False, beside: Sequence[Path] = ()
) -> list[Candidate]:
    """Return the files for paths, each once, in a stable order; paths that do not exist are kept, to be reported.

    Files ignored by .gitignore are not found by a walk. `beside` are files that are linted without being named.
    """
    found = {disk.real(path): Candidate(path, named=False) for path in beside if not excludes(path, True)}
    for path in paths:
        if excludes(path, True):
            continue
        inside = (
            (Candidate(file, False, path) for file in walk(path, SUFFIXES, excludes)) if disk.is_folder(path) else None
        )
        for candidate in inside or [Candidate(path, named=True)]:
            key = disk.real(candidate.path)
            if key not in found or (candidate.named and not found[key].named):
                found[key] = candidate
    return sorted(found.values(), key=lambda candidate: str(candidate.path))


def walk(folder: Path, suffixes: frozenset[str], excludes: Excludes = lambda path, named: False) -> Iterator[Path]:
    """Yield the files in a folder with one of the suffixes, in order, except hidden, ignored and excluded ones."""
    around = {os.path.abspath(folder): gitignore.above(os.path.abspath(folder))}
    for parent, folders, files in disk.walk(folder):
        absolute = os.path.abspath(parent)
        ignored = around.pop(absolute).below(absolute)
        entered = [name for name in folders if not name.startswith(".") and name not in SKIPPED_FOLDERS]
        entered = [name for name in entered if not ignored.covers(os.path.join(absolute, name), is_folder=True)]
        folders[:] = sorted(name for name in entered if not excludes(Path(parent, name), False))
        around.update((os.path.join(absolute, name), ignored) for name in folders)
        for name in sorted(files):
            path = Path(parent, name)
            wanted = path.suffix.lower() in suffixes and not ignored.covers(os.path.join(absolute, name))
            if wanted and not excludes(path, False):
                yield path
