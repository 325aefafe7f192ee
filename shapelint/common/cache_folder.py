"""The folder in which results are kept between runs: where it is, who may write in it, how large it gets.

A cache that cannot be read or written is ignored, and so is one that somebody else can write: no checksum helps against
who can compute it. Files are written whole or not at all, and the oldest go first.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from shapelint.common.notices import say_once

VARIABLE = "SHAPELINT_CACHE_DIR"
"""The environment variable that moves the cache; empty switches it off."""
KEPT_PARTS = ("signatures", "results")
"""The folders in it, each this user's own, closed to everybody else."""
BYTES_OF_A_PART = 128 << 20
FILES_OF_A_PART = 20_000
ABANDONED = 600.0
"""Seconds after which a file that is still being written belongs to a process that was killed."""
_ASIDE = ".new"

_CHOSEN: ContextVar[str | None] = ContextVar("chosen", default=None)


def cache_folder() -> str | None:
    """The folder of the cache; None if it is switched off."""
    chosen = _CHOSEN.get()
    if chosen is None:
        chosen = os.environ.get(VARIABLE)
    if chosen is not None:
        return chosen or None
    import platformdirs

    return platformdirs.user_cache_dir("shapelint", appauthor=False)


@contextmanager
def cached_in(folder: str | None) -> Iterator[None]:
    """Use another folder in the block: "" is none, None the usual one."""
    token = _CHOSEN.set(folder)
    try:
        yield
    finally:
        _CHOSEN.reset(token)


def is_private(folder: str) -> bool:
    """Whether a folder exists and nobody but this user can have written in it, as far as the system can say."""
    try:
        status = os.lstat(folder)
    except (OSError, ValueError):
        return False
    if not stat.S_ISDIR(status.st_mode):
        return False
    return not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o077)


def is_believed(folder: str) -> bool:
    """The same; it is said if there is a folder that somebody else can write."""
    if is_private(folder):
        return True
    if os.path.lexists(folder):
        say_once(f"shapelint: the cache {folder} is not used: it is no folder that only this user may read and write")
    return False


def keep(path: str, content: bytes) -> None:
    """Keep content in a file of a part, if it can be written; the oldest files make room for it."""
    part = os.path.dirname(path)
    aside = f"{path}.{os.getpid()}{_ASIDE}"
    try:
        os.makedirs(os.path.dirname(part), exist_ok=True)
        with suppress(FileExistsError):
            os.mkdir(part, mode=0o700)
        if not is_believed(part):
            return
        try:
            with open(aside, "wb") as file:
                file.write(content)
            os.replace(aside, path)
        except OSError:
            os.unlink(aside)
    except (OSError, ValueError):
        return


def make_room(part: str) -> None:
    """Remove the oldest files of a part until it is within its bounds, and what killed processes left."""
    now = time.time()
    found = []
    for path, status in _files(part):
        if path.endswith(_ASIDE) and now - status.st_mtime > ABANDONED:
            _remove(path)
        else:
            found.append((status.st_mtime, status.st_size, path))
    total, count = sum(size for _, size, _ in found), len(found)
    if total <= BYTES_OF_A_PART and count <= FILES_OF_A_PART:
        return
    for _, size, path in sorted(found):
        _remove(path)
        total, count = total - size, count - 1
        if total <= BYTES_OF_A_PART * 3 // 4 and count <= FILES_OF_A_PART * 3 // 4:
            return


def clean(folder: str) -> tuple[int, int]:
    """Remove what is kept in a cache; return how many files there were, and of how many bytes. Raises OSError."""
    count, total = 0, 0
    for name in KEPT_PARTS:
        part = os.path.join(folder, name)
        if not is_private(part):
            continue
        for path, status in _files(part):
            with suppress(FileNotFoundError):
                os.unlink(path)
            count, total = count + 1, total + status.st_size
        with suppress(OSError):
            os.rmdir(part)
    return count, total


def _files(part: str) -> list[tuple[str, os.stat_result]]:
    """The files of a part; what is removed meanwhile is none."""
    found = []
    with suppress(OSError), os.scandir(part) as entries:
        for entry in entries:
            with suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                if not stat.S_ISDIR(status.st_mode):
                    found.append((entry.path, status))
    return found


def _remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)
