"""The folder of the data in `rules/`: inside the package in a wheel, next to it in an editable install."""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from shapelint.common import yaml_loader
from shapelint.common.patterns import pattern

COMPACT = "compact.tsv"
"""A file that the build of a wheel writes: in each line a name, a tab, and the content of that file as JSON."""
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
    compact = _compact().get(name)
    if compact is not None:
        return json.loads(compact)
    if not _NAME.fullmatch(name) or ".." in name or not (path := folder() / name).is_file():
        return None
    return yaml_loader.loaded(path.read_text(encoding="utf-8"))


def compact_pages() -> list[tuple[Path, Any, str]]:
    """The paths of the rule pages with their front matter and prose; an empty list in a checkout."""
    pages = ((name, json.loads(text)) for name, text in _compact().items() if name.endswith(".md"))
    return [(folder() / name, matter, prose) for name, (matter, prose) in pages]


@lru_cache(maxsize=1)
def _compact() -> dict[str, bytes]:
    """The lines of COMPACT by their names."""
    try:
        lines = (folder() / COMPACT).read_bytes().splitlines()
    except OSError:
        return {}
    return {name.decode(): text for name, _, text in (line.partition(b"\t") for line in lines)}
