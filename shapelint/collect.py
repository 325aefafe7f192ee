"""Which files a run looks at: those that are named, and those of named folders that may hold a model."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = frozenset({".yaml", ".yml"})

SKIPPED_FOLDERS = frozenset({"node_modules", "site-packages", "__pycache__", "build", "dist", "venv"})
"""Folders that a walk never enters, beside those whose name begins with a dot."""

SPEAKS_OF_A_MODEL = re.compile(r"projection_?head|prediction_?head|\bbyol\b", re.IGNORECASE)
"""What a text that does not parse must hold to be worth a word in a folder walk."""


@dataclass(frozen=True)
class Candidate:
    """One file to look at. `named` is whether the user named it, `folder` the named folder it was found in."""

    path: Path
    named: bool
    folder: Path | None = None


def collect(paths: Sequence[Path]) -> list[Candidate]:
    """The files behind paths, each once, in a stable order; paths that do not exist are kept, to be reported."""
    found: dict[str, Candidate] = {}
    for path in paths:
        candidates = _walk(path) if path.is_dir() else iter([Candidate(path, named=True)])
        for candidate in candidates:
            key = os.path.realpath(candidate.path)
            if key not in found or (candidate.named and not found[key].named):
                found[key] = candidate
    return sorted(found.values(), key=lambda candidate: str(candidate.path))


def _walk(folder: Path) -> Iterator[Candidate]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in SKIPPED_FOLDERS)
        for name in sorted(files):
            if Path(name).suffix.lower() in SUFFIXES:
                yield Candidate(Path(parent, name), named=False, folder=folder)
