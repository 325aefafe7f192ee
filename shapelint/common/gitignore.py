"""Paths that .gitignore files exclude from a folder walk.

It uses `pathspec` rather than `git ls-files`: a walk must give the same result if git is not installed (slim images),
if it refuses to work (a checkout that belongs to another user), and outside a repository. The .gitignore files from the
root of the repository down and `.git/info/exclude` are read; a user's global excludes are not, so that a run gives the
same result for everybody. As in git, the deepest file decides, and nothing is re-included from an excluded folder.
Unlike git, a walk skips a tracked file that is ignored: name it to have it linted.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from shapelint.common import bounds, disk
from shapelint.common.frozen import frozen

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_FILE_NAME = ".gitignore"
MOST_FOLDERS = 6
MOST_FOLDERS_OUTSIDE = 3


@frozen
class Ignored:
    """The patterns that apply in one folder, those of parent folders first; paths are absolute."""

    levels: tuple[tuple[str, GitIgnoreSpec], ...] = ()

    def below(self, folder: str) -> Ignored:
        """Return the patterns that apply in a subfolder: these, and its own."""
        own = _read(os.path.join(folder, _FILE_NAME))
        return Ignored((*self.levels, (folder, own))) if own else self

    def covers(self, path: str, is_folder: bool = False) -> bool:
        """Return whether a file or folder is excluded."""
        for base, patterns in reversed(self.levels):
            relative = os.path.relpath(path, base).replace(os.sep, "/")
            verdict = patterns.check_file(relative + "/" if is_folder else relative).include
            if verdict is not None:
                return verdict
        return False


def above(folder: str) -> Ignored:
    """Return the patterns that apply around a folder (an absolute path), up to the root of its repository.

    A folder that is itself excluded was named explicitly, so only the patterns inside it apply.
    """
    root = repository(folder)
    if root is None:
        return Ignored()
    shared = _read(os.path.join(root, ".git", "info", "exclude"))
    ignored = Ignored(((root, shared),) if shared else ())
    if folder == root:
        return ignored
    ignored = ignored.below(root)
    parts = os.path.relpath(folder, root).split(os.sep)
    for count in range(1, len(parts) + 1):
        place = os.path.join(root, *parts[:count])
        if ignored.covers(place, is_folder=True):
            return Ignored()
        if count < len(parts):
            ignored = ignored.below(place)
    return ignored


def repository(folder: str) -> str | None:
    """Return the nearest folder, from this one upward, that contains `.git`."""
    while not disk.exists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent
    return folder


def upward(folder: str) -> Iterator[str]:
    """Yield a folder and those above it, up to the root of its repository.

    Where it is in none, these are only a few, up to the working folder if that is one of them: what stands further up
    may be anything.
    """
    root = repository(os.path.abspath(folder))
    last = root or os.getcwd()
    for _ in range(MOST_FOLDERS_OUTSIDE if root is None else MOST_FOLDERS):
        yield folder
        if os.path.abspath(folder) == last:
            return
        folder = os.path.normpath(os.path.join(folder, os.pardir))


def _is_costly(pattern: str) -> bool:
    """Whether a name may have to be split in very many ways to see that a pattern does not match it."""
    return any(len(re.findall(r"\*+", part)) > bounds.WILDCARDS for part in pattern.split("/"))


def _read(path: str) -> GitIgnoreSpec | None:
    if not disk.is_file(path):
        return None
    from pathspec import GitIgnoreSpec

    try:
        text = disk.read_bounded(path, bounds.IGNORE_FILE_BYTES).decode("utf-8", errors="surrogateescape")
        lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
        return GitIgnoreSpec.from_lines(line for line in lines[: bounds.IGNORE_PATTERNS] if not _is_costly(line))
    except (OSError, ValueError):  # unreadable, or a pattern that git skips, too
        return None
