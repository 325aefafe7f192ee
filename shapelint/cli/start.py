"""Where a process begins: the output of the same run is written again if it is kept, else the command line is run."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from importlib import import_module

from shapelint.cli import kept_runs
from shapelint.cli.streams import EXIT_TROUBLE, write_out
from shapelint.common.notices import say

_OBJECTS_OF_A_COLLECTION = 100_000
"""How many new objects start a search for cycles: a short process has few, and each search costs it time."""


def main() -> None:
    """Run the command line of this process and end it: with 0, 1 for findings, 2 for trouble."""
    try:
        run()
    except SystemExit as end:
        _end(end.code)
        raise


def _end(code: object) -> None:
    """End the process at once, unless something still runs or watches it.

    Python would take all modules and objects apart first, a tenth of a run; mypy ends like this for the same reason.
    """
    threads = sys.modules.get("threading")
    is_watched = sys.gettrace() is not None or sys.getprofile() is not None
    if is_watched or not isinstance(code, int) or (threads is not None and threads.active_count() > 1):
        return
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except (OSError, ValueError):
        return  # Python says what is wrong with a stream.
    atexit._run_exitfuncs()
    os._exit(code)


def run() -> None:
    """Run the command line of this process; raises SystemExit."""
    gc.set_threshold(_OBJECTS_OF_A_COLLECTION)
    try:
        found = kept_runs.start(sys.argv[1:])
        if found is not None:
            for stream, text in found.written:
                (say if stream == "stderr" else write_out)(text)
            sys.exit(found.code)
        command_line = import_module("shapelint.cli.app").main
    except KeyboardInterrupt:
        say("shapelint: interrupted")
        sys.exit(EXIT_TROUBLE)
    command_line()
