"""The folder of the data in `rules/`: inside the package in a wheel, next to it in an editable install."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from shapelint.common.yaml_loader import YAML_LOADER

_NAME = re.compile(r"[\w.-]{1,200}(/[\w.-]{1,200})*", re.ASCII)


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
    if not _NAME.fullmatch(name) or ".." in name or not (path := folder() / name).is_file():
        return None
    return yaml.load(path.read_text(encoding="utf-8"), Loader=YAML_LOADER)
