"""`--watch`: lint again whenever a file changes, until Ctrl-C."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from shapelint.cli.output import is_terminal
from shapelint.common.notices import say
from shapelint.linting.collect import SUFFIXES, walk
from shapelint.report.summary import plural

INTERVAL = 0.5
"""Seconds between two looks at the files."""
_CHANGING = frozenset({"--fix", "--add-ignores", "--write-baseline", "--baseline", "-"})
_WATCHED = SUFFIXES | {".toml", ".json"}
_CLEAR = "\033[2J\033[H"

Stamps = Mapping[Path, tuple[int, int]]


def watch(paths: Sequence[str], command_line: Sequence[str]) -> int:
    """Run a command line in a process of its own at every change; return its last exit code.

    Raises click.UsageError if it would change the files that are watched, or read stdin.
    """
    command = [sys.executable, "-m", "shapelint", *(word for word in command_line if word != "--watch")]
    if not _CHANGING.isdisjoint(command):
        raise click.UsageError("--watch only reports: it changes no file, and reads no stdin")
    code = 0
    try:
        while True:
            before = stamps(paths)
            if is_terminal():
                click.echo(_CLEAR, nl=False)
            code = subprocess.run(command, check=False).returncode
            say(f"{time.strftime('%X')} watching {plural(len(before), 'file')}; Ctrl-C ends")
            while stamps(paths) == before:
                time.sleep(INTERVAL)
    except KeyboardInterrupt:
        return code


def stamps(paths: Sequence[str]) -> Stamps:
    """The time and size of each file that may matter: in the named folders, and beside and below the named files."""
    folders = dict.fromkeys(Path(path) if Path(path).is_dir() else Path(path).parent for path in paths)
    found = {}
    for file in (file for folder in folders for file in walk(folder, _WATCHED)):
        try:
            status = os.stat(file)
        except OSError:  # it was removed meanwhile
            continue
        found[file] = (status.st_mtime_ns, status.st_size)
    return found
