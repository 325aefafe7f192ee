"""Baselines: the faults that existed when shapelint was adopted, so that only new ones fail a run.

A fault is identified by a fingerprint without line numbers (see `spec/fingerprints.py`), with paths relative to the
folder of the baseline file: it stays the same when the file around it changes, and becomes another when its numbers do.
A fault that is gone is forgotten: if it returns, it is new.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from shapelint.common import bounds, disk
from shapelint.common.frozen import frozen, replace
from shapelint.common.whole_files import replace_files
from shapelint.spec.findings import Finding, Report
from shapelint.spec.fingerprints import fingerprinted
from shapelint.suppress.ignores import is_complete

_VERSION = 1


class BaselineError(ValueError):
    """A baseline file that cannot be read or written, or that is not a baseline."""


@frozen
class Entry:
    """One known fault: what identifies it, and its message for people who read the file."""

    path: str
    code: str
    fingerprint: str
    message: str


def entries(report: Report, folder: str) -> list[tuple[Finding, Entry]]:
    """Every finding that fails a run, with its entry; paths are relative to `folder`."""
    return [
        (finding, Entry(from_folder(finding.location.path, folder), finding.code, mark, finding.message))
        for finding, mark in fingerprinted(report, folder, from_folder)
        if finding.severity != "info"
    ]


def from_folder(path: str, folder: str) -> str:
    """A path relative to a folder, with forward slashes."""
    try:
        return os.path.relpath(path, folder).replace(os.sep, "/")
    except ValueError:  # on another drive
        return Path(path).as_posix()


def read(path: str) -> tuple[Entry, ...]:
    """The entries of a baseline file; raises BaselineError."""
    try:
        data = json.loads(disk.read_bounded(path, bounds.BASELINE_BYTES))
        if data["version"] != _VERSION:
            raise BaselineError(f"{path}: version {data['version']} of a baseline, this shapelint reads {_VERSION}")
        return tuple(Entry(**entry) for entry in data["findings"])
    except OSError as error:
        raise BaselineError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise error if isinstance(error, BaselineError) else BaselineError(f"{path}: not a baseline file") from None


def write(path: str, known: Sequence[Entry]) -> None:
    """Write a baseline, one entry per line, sorted; raises BaselineError."""
    ordered = sorted(known, key=lambda entry: (entry.path, entry.code, entry.fingerprint))
    lines = ",\n".join("    " + json.dumps(vars(entry)) for entry in ordered)
    text = f'{{\n  "version": {_VERSION},\n  "findings": [\n{lines}\n  ]\n}}\n' if lines else _EMPTY
    try:
        replace_files({path: text.encode()})
    except OSError as error:
        raise BaselineError(f"{path}: cannot be written: {error.strerror or error}") from None


_EMPTY = f'{{\n  "version": {_VERSION},\n  "findings": []\n}}\n'


def apply(
    report: Report, known: Sequence[Entry], path: str, is_judged: Callable[[Entry], bool]
) -> tuple[Report, int, list[Entry]]:
    """The report without known faults, the number of those, and the entries to keep.

    An entry is forgotten if its fault was looked for and not found: its rule is judged in this run, and its file was
    checked completely or no longer exists.
    """
    folder = folder_of(path)
    by_mark = {entry.fingerprint for entry in known}
    found = [(finding, entry) for finding, entry in entries(report, folder) if entry.fingerprint in by_mark]
    hidden = {id(finding) for finding, _ in found}
    still = {entry.fingerprint for _, entry in found}
    complete = (file for file in report.files if file.status == "checked" and is_complete(file))
    checked = {from_folder(file.path, folder) for file in complete}

    def is_gone(entry: Entry) -> bool:
        looked_for = entry.path in checked or not disk.exists(os.path.join(folder, entry.path))
        return entry.fingerprint not in still and looked_for and is_judged(entry)

    files = tuple(
        replace(file, findings=tuple(finding for finding in file.findings if id(finding) not in hidden))
        for file in report.files
    )
    return replace(report, files=files), len(hidden), [entry for entry in known if not is_gone(entry)]


def folder_of(path: str) -> str:
    """The folder that the paths of a baseline file are relative to: its own."""
    return os.path.dirname(os.path.abspath(path))
