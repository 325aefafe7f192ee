"""Files of the cache: each says by what it is found, what worked it out, and on what it depends.

One is believed if it is this user's own, whole, and shapelint, Python and all that was read are as they were.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from shapelint.common import bounds, disk
from shapelint.common.bounded_files import content_of
from shapelint.common.cache_folder import is_private, keep
from shapelint.common.reads import GRANULE, Reads, digest
from shapelint.common.version import __version__

FORMAT = "shapelint results 2"
"""What a file begins with; it changes with what is in one."""
RESULTS = "results"
_DAY = 86_400.0

_ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


class KeptEntry:
    """The place of a result: its file, everything that it is found by, and what works it out."""

    def __init__(self, folder: str, key: list[Any], engine: list[Any]) -> None:
        self.folder = folder
        self.engine = engine
        written = json.dumps(key)
        self.key = json.loads(written)
        self.path = os.path.join(folder, RESULTS, f"{digest(written.encode())}.run")

    def found(self, holds: Callable[[dict[str, Any]], bool | None] = disk.still_hold) -> dict[str, Any] | None:
        """Return what is kept, None if it cannot be believed; what depends on paths that were touched is kept anew."""
        try:
            status = os.lstat(self.path)
            kept = read_entry(self.path)
            if kept["key"] != self.key or kept["engine"] != self.engine:
                return None
            same = holds(kept["reads"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
            return None  # nothing that this version of shapelint has written
        if same is None:
            return None
        if not same:
            keep(self.path, _written(kept))
        elif time.time() - status.st_mtime > _DAY:
            with suppress(OSError):
                os.utime(self.path)
        return kept

    def store(self, content: dict[str, Any]) -> None:
        """Keep a result, with its `reads`, unless it is too large."""
        data = _written({"key": self.key, "engine": self.engine, **content})
        if len(data) <= bounds.RESULT_BYTES:
            keep(self.path, data)

    def is_readable(self) -> bool:
        """Whether its folder is this user's own."""
        return is_private(os.path.dirname(self.path))


class BegunEntry(NamedTuple("BegunEntry", [("entry", KeptEntry), ("reads", Reads)])):
    """The place of a run that is going on, and what all of it depends on from the start."""

    __slots__ = ()


def read_entry(path: str) -> dict[str, Any]:
    """The content of a file; raises OSError and ValueError."""
    head, _, body = content_of(path, bounds.RESULT_BYTES).partition(b"\n")
    if head.decode() != f"{FORMAT} {digest(body)}":
        raise ValueError
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError
    return found


def _written(content: dict[str, Any]) -> bytes:
    body = json.dumps(content, separators=(",", ":")).encode()
    return f"{FORMAT} {digest(body)}\n".encode() + body


def import_paths() -> list[str]:
    """Where modules are found; whoever adds to it may add paths of any kind."""
    return [os.fspath(path) for path in sys.path if isinstance(path, (str, os.PathLike))]


def engine() -> list[Any]:
    """What works the reports out: Python, its paths, and every file of shapelint's own."""
    latest = time.time_ns() - GRANULE
    files: list[tuple[str, int, int, int]] = []
    for top in (_ROOT, os.path.join(os.path.dirname(_ROOT), "rules")):
        _stamp(top, files)
    settled = all(changed < latest for *_, changed in files)
    own = digest(repr(sorted(files)).encode("utf-8", "surrogatepass")) if settled else time.time_ns()
    return [__version__, sys.version, list(sys.flags), import_paths(), own]


def _stamp(folder: str, files: list[tuple[str, int, int, int]]) -> None:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name[0] in "._" and not entry.name.endswith(".py"):
                    continue
                if entry.is_dir():
                    _stamp(entry.path, files)
                else:
                    status = entry.stat()
                    files.append((entry.path, status.st_size, status.st_ino, status.st_mtime_ns))
    except OSError:
        return
