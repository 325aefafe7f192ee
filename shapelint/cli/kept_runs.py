"""Runs that are kept: what one wrote, its exit code, and everything that it depends on.

A run is found by its command line, its folder and what decides how text is written, and believed if shapelint, Python
and all that was read are as they were. Then its output is written again, and nothing else of shapelint is loaded: so
this imports little.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from shapelint.common import bounds, disk
from shapelint.common.bounded_files import content_of
from shapelint.common.cache_folder import cache_folder, is_private, keep, make_room
from shapelint.common.notices import Written, noted
from shapelint.common.reads import GRANULE, digest, recording
from shapelint.common.version import __version__

FORMAT = "shapelint results 1"
"""What a file begins with; it changes with what is in one."""
RESULTS = "results"
NO_CACHE = "--no-cache"
CACHE_DIR = "--cache-dir"
_VARIABLES = ("NO_COLOR", "FORCE_COLOR", "TERM", "HOME", "USERPROFILE")
"""The environment variables that decide something, beside those of shapelint's own."""
_OWN_VARIABLES = "SHAPELINT_"
_COMPLETION = "_SHAPELINT_COMPLETE"
_DAY = 86_400.0

_ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


class KeptRun:
    """The place of a run: its file, everything that it is found by, and what works it out, as that is at the start."""

    def __init__(self, folder: str, key: list[Any]) -> None:
        self.engine = _engine()
        self.key = json.loads(json.dumps(key))
        self.path = os.path.join(folder, RESULTS, f"{digest(json.dumps(key).encode())}.run")


_STARTED: list[KeptRun] = []
"""The run that this process was started for, if it may be kept."""


def place_of(arguments: Sequence[str]) -> KeptRun | None:
    """The place of a run of this process; None if none is to be used."""
    out, err = sys.stdout, sys.stderr
    if NO_CACHE in arguments or out is None or err is None or _COMPLETION in os.environ:
        return None
    folder = _folder_in(arguments) or cache_folder()
    if folder is None:
        return None
    variables = sorted(one for one in os.environ.items() if one[0] in _VARIABLES or (one[0].startswith(_OWN_VARIABLES)))
    streams = [out.encoding, err.encoding, out.isatty()]
    user = [os.getuid(), os.getgid(), *os.getgroups()] if hasattr(os, "getuid") else []
    try:
        here = os.getcwd()
    except OSError:
        return None
    return KeptRun(folder, [list(arguments), here, user, variables, streams, sys.getfilesystemencoding()])


def _folder_in(arguments: Sequence[str]) -> str:
    """The folder that a command line names for the cache; "" if it names none."""
    for word, following in zip(arguments, [*arguments[1:], ""]):
        if word == CACHE_DIR:
            return following
        if word.startswith(f"{CACHE_DIR}="):
            return word.removeprefix(f"{CACHE_DIR}=")
    return ""


class KeptOutput(NamedTuple("KeptOutput", [("code", int), ("written", list[Written])])):
    """The exit code of a run, and what it wrote, in order."""

    __slots__ = ()


def start(arguments: Sequence[str]) -> KeptOutput | None:
    """Begin the run that this process is started for: return what it would come to if that is known.

    Whatever is wrong with the cache: without it the run is right.
    """
    try:
        place = place_of(arguments)
        if place is None:
            return None
        found = _found(place)
    except Exception:
        return None
    if found is None:
        _STARTED.append(place)
    return found


@contextmanager
def kept_run(is_wanted: bool) -> Iterator[list[int]]:
    """Keep what the block writes, with the exit code that it appends to what is yielded."""
    codes: list[int] = []
    if not is_wanted or not _STARTED:
        yield codes
        return
    with recording() as reads, noted() as written:
        _note_paths()
        yield codes
    if reads.repeatable and codes:
        _store(_STARTED[0], {"code": codes[0], "written": written, "reads": reads.as_json()})


def _note_paths() -> None:
    """Note what can be imported: the names of packages tell their versions, too."""
    for folder in dict.fromkeys(_paths()):
        with suppress(OSError):
            disk.entries(folder)


def _paths() -> list[str]:
    """Where modules are found; whoever adds to it may add paths of any kind."""
    return [os.fspath(path) for path in sys.path if isinstance(path, (str, os.PathLike))]


def _engine() -> list[Any]:
    """What works the reports out: Python, its paths, and every file of shapelint's own."""
    latest = time.time_ns() - GRANULE
    files: list[tuple[str, int, int, int]] = []
    for top in (_ROOT, os.path.join(os.path.dirname(_ROOT), "rules")):
        _stamp(top, files)
    settled = all(changed < latest for *_, changed in files)
    own = digest(repr(sorted(files)).encode("utf-8", "surrogatepass")) if settled else time.time_ns()
    return [__version__, sys.version, list(sys.flags), _paths(), own]


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


def _found(place: KeptRun) -> KeptOutput | None:
    """What is kept of a run, if it can be believed and holds."""
    if not is_private(os.path.dirname(place.path)):
        return None
    try:
        status = os.lstat(place.path)
        kept = _read(place.path)
        if kept["key"] != place.key or kept["engine"] != place.engine:
            return None
        code, written = kept["code"], [(str(name), str(text)) for name, text in kept["written"]]
        same = disk.still_hold(kept["reads"])
        if same is None or code not in (0, 1, 2):
            return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return None  # nothing that this version of shapelint has written
    if not same:
        keep(place.path, _written(kept))
    elif time.time() - status.st_mtime > _DAY:
        with suppress(OSError):
            os.utime(place.path)
    return KeptOutput(code, written)


def _read(path: str) -> dict[str, Any]:
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


def _store(place: KeptRun, content: dict[str, Any]) -> None:
    data = _written({"key": place.key, "engine": place.engine, **content})
    if len(data) <= bounds.RESULT_BYTES:
        keep(place.path, data)
        make_room(os.path.dirname(place.path))
