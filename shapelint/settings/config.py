"""The settings that apply to a file: shapelint.toml, or `[tool.shapelint]` in pyproject.toml, found upward from it.

As in ruff, the nearest folder with settings wins entirely, and nothing is merged from above, but a file may `extend`
another: it replaces the values of that file, and adds to its tables. In one folder shapelint.toml wins over
pyproject.toml; a pyproject.toml without `[tool.shapelint]` does not count. The search ends at the root of the file
system, not at `.git`: a repository may be inside a workspace that has the settings.

A run without settings imports neither a TOML parser nor the schema.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from shapelint.common.frozen import frozen, replace

ALL = "ALL"


class ConfigError(ValueError):
    """Settings that do not parse or validate; the text names the file, the line if it is known, and the key.

    `path` is the file, "" if the settings are not from one.
    """

    def __init__(self, text: str, path: str = ""):
        super().__init__(text)
        self.path = path


@frozen
class Config:
    """The settings of one file, codes resolved and paths absolute.

    `path` is the file that sets them, None for the defaults. `given` are the keys that are set, each with the file that
    sets it. `extend` is the file that this one extends. `input` is (channels, height, width); an axis that is left open
    is None.
    """

    path: Path | None = None
    given: Mapping[str, Path] = field(default_factory=dict)
    extend: Path | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    trust: tuple[str, ...] = ()
    method: str = ""
    input: tuple[int | None, int | None, int | None] | None = None
    rules: tuple[Path, ...] = ()
    signatures: Mapping[str, str] = field(default_factory=dict)

    def extending(self, base: Config) -> Config:
        """These settings over those of another file: values replace its values, tables add to its tables."""
        names = [key.replace("-", "_") for key in self.given]
        own = {name: _over(getattr(base, name), getattr(self, name)) for name in names}
        return replace(base, **{**own, "path": self.path, "given": {**base.given, **self.given}, "extend": self.extend})

    @property
    def folder(self) -> str:
        """The folder that patterns are relative to."""
        return str(self.path.parent) if self.path else os.getcwd()

    def excludes(self, path: str | os.PathLike[str], above: bool = True) -> bool:
        """Whether `exclude` matches a file or folder, or (with `above`) a folder around it."""
        return bool(self.exclude) and matches_any(self.exclude, path, self.folder, above)

    def ignored_in(self, path: str | os.PathLike[str]) -> tuple[str, ...]:
        """The codes that `per-file-ignores` silences in a file."""
        found = (codes for pattern, codes in self.per_file_ignores.items() if matches_any([pattern], path, self.folder))
        return tuple(code for codes in found for code in codes)


def _over(below: Any, above: Any) -> Any:
    return {**below, **above} if isinstance(above, Mapping) else above


DEFAULTS = Config()


def is_selected(code: str, select: Iterable[str], ignore: Iterable[str]) -> bool:
    """Whether a rule is selected: the longest matching prefix decides, and `ignore` wins over an equal one of `select`.

    >>> is_selected("SL101", ["SL101"], ["SL1"]), is_selected("SL102", ["SL101"], ["SL1"])
    (True, False)
    """
    chosen = _longest(code, select, none_given=0)
    return chosen >= 0 and chosen > _longest(code, ignore, none_given=-1)


def _longest(code: str, prefixes: Iterable[str], none_given: int) -> int:
    """The length of the longest prefix that matches, -1 if none does."""
    prefixes = list(prefixes)
    if not prefixes:
        return none_given
    lengths = [0 if prefix == ALL else len(prefix) for prefix in prefixes if prefix == ALL or code.startswith(prefix)]
    return max(lengths, default=-1)


def matches_any(patterns: Sequence[str], path: str | os.PathLike[str], folder: str, above: bool = True) -> bool:
    """Whether a pattern matches the relative path, whole path or bare name of a file, or of a folder above it.

    `*` crosses slashes, as in ruff: `old` and `old/*` both cover everything in `old`.

    >>> matches_any(["old"], "/home/conf/old/a.yaml", "/home"), matches_any(["old/*.yaml"], "/home/a.yaml", "/home")
    (True, False)
    """
    from fnmatch import fnmatchcase

    absolute = os.path.abspath(path)
    try:
        relative = os.path.relpath(absolute, folder)
    except ValueError:  # on another drive
        relative = absolute
    names = relative.replace(os.sep, "/").split("/")
    whole = absolute.replace(os.sep, "/")
    places: list[str] = []
    for count in range(len(names), 0 if above and names[0] != ".." else len(names) - 1, -1):
        up = len(names) - count
        places += [names[count - 1], "/".join(names[:count]), whole.rsplit("/", up)[0] if up else whole]
    cleaned = [pattern.removeprefix("./").rstrip("/") for pattern in patterns]
    return any(fnmatchcase(place, pattern) for pattern in cleaned for place in places)
