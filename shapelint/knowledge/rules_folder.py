"""The folder of the data in `rules/`: inside the package in a wheel, next to it in an editable install."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from shapelint.common import yaml_loader
from shapelint.common.patterns import pattern

COMPACT = "compact.json"
"""A file that the build of a wheel writes: what the files hold, each as JSON, behind a line that says where each is."""
_NAME = pattern(r"[\w.-]{1,200}(/[\w.-]{1,200})*", re.ASCII)


@lru_cache(maxsize=1)
def folder() -> Path:
    """The folder that holds rule pages, methods and signatures."""
    package = Path(__file__).resolve().parent.parent
    shipped, checkout = package / "rules", package.parent / "rules"
    return shipped if shipped.is_dir() else checkout


@cache
def load(name: str) -> Any:
    """The content of a YAML file in `rules/`, by its relative path; None if there is no such file.

    A part of the path may come from a linted file, and leads nowhere else.
    """
    if name in _compact():
        return _from_compact([name])[0]
    if not _NAME.fullmatch(name) or ".." in name or not (path := folder() / name).is_file():
        return None
    return yaml_loader.loaded(path.read_text(encoding="utf-8"))


def compact_pages() -> list[tuple[Path, Any, str]]:
    """The paths of the rule pages with their front matter and prose; an empty list in a checkout."""
    names = [name for name in _compact() if name.endswith(".md")]
    found = _from_compact(names) if names else []
    return [(folder() / name, matter, prose) for name, (matter, prose) in zip(names, found)]


@cache
def _compact() -> dict[str, tuple[int, int]]:
    """Where the contents are in COMPACT, by name: the first byte, and how many there are."""
    try:
        with (folder() / COMPACT).open("rb") as file:
            line = file.readline()
    except OSError:
        return {}
    places = json.loads(line)
    return {name: (len(line) + start, size) for name, (start, size) in places.items()}


def _from_compact(names: Sequence[str]) -> list[Any]:
    found = []
    with (folder() / COMPACT).open("rb") as file:
        for start, size in map(_compact().__getitem__, names):
            file.seek(start)
            found.append(json.loads(file.read(size)))
    return found
