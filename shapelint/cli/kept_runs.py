"""Runs that are kept: what one wrote, its exit code, and everything that it depends on.

A run is found by its command line, its folder and what decides how text is written, and believed if shapelint, Python
and all that was read are as they were. Then its output is written again, and nothing else of shapelint is loaded: so
this imports little.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

from shapelint.common import disk
from shapelint.common.cache_folder import cache_folder, make_room
from shapelint.common.kept_entries import BegunEntry, KeptEntry, engine, import_paths
from shapelint.common.notices import Written, noted
from shapelint.common.reads import recording

NO_CACHE = "--no-cache"
CACHE_DIR = "--cache-dir"
_VARIABLES = ("NO_COLOR", "FORCE_COLOR", "TERM", "HOME", "USERPROFILE")
"""The environment variables that decide something, beside those of shapelint's own."""
_OWN_VARIABLES = "SHAPELINT_"
_COMPLETION = "_SHAPELINT_COMPLETE"


_STARTED: list[KeptEntry] = []
"""The run that this process was started for, if it may be kept."""


def place_of(arguments: Sequence[str]) -> KeptEntry | None:
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
    return KeptEntry(folder, [list(arguments), here, user, variables, streams, sys.getfilesystemencoding()], engine())


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


class BegunRun:
    """A run that is going on: its exit codes, and its entry if it is kept."""

    def __init__(self) -> None:
        self.codes: list[int] = []
        self.kept: BegunEntry | None = None


@contextmanager
def kept_run(is_wanted: bool) -> Iterator[BegunRun]:
    """Keep what the block writes, with the exit code that it adds to what is yielded."""
    run = BegunRun()
    if not is_wanted or not _STARTED:
        yield run
        return
    with recording() as reads, noted() as written:
        with recording() as first:
            _note_paths()
        run.kept = BegunEntry(_STARTED[0], first)
        yield run
    if reads.repeatable and run.codes:
        entry = run.kept.entry
        entry.store({"code": run.codes[0], "written": written, "reads": reads.as_json()})
        make_room(os.path.dirname(entry.path))


def _note_paths() -> None:
    """Note what can be imported: the names of packages tell their versions, too."""
    for folder in dict.fromkeys(import_paths()):
        with suppress(OSError):
            disk.entries(folder)


def _found(place: KeptEntry) -> KeptOutput | None:
    """What is kept of a run, if it can be believed and holds."""
    kept = place.found() if place.is_readable() else None
    if kept is None:
        return None
    try:
        code, written = kept["code"], [(str(name), str(text)) for name, text in kept["written"]]
    except (KeyError, TypeError, ValueError):
        return None
    return KeptOutput(code, written) if code in (0, 1, 2) else None
