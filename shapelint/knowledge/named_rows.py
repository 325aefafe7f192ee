"""Files of `rules/` with a line for each model of a library: its name, a tab, and what was measured of it."""

from __future__ import annotations

from functools import cache

from shapelint.knowledge import rules_folder


@cache
def text(file: str) -> str:
    """Return a file, whose first line holds the version of the library."""
    return (rules_folder.folder() / file).read_text(encoding="utf-8")


def find(file: str, name: str) -> str | None:
    """Return what a file holds under a name; None if it has no such name."""
    start = text(file).find(f"\n{name}\t") if name else -1
    if start < 0:
        return None
    line = text(file)[start + 1 :].partition("\n")[0]
    return line.partition("\t")[2]


def names(file: str) -> tuple[str, ...]:
    """Return the names that a file has, in their order."""
    return tuple(line.partition("\t")[0] for line in text(file).splitlines()[1:])
