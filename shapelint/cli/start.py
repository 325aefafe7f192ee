"""Where a process begins: the output of the same run is written again if it is kept, else the command line is run."""

from __future__ import annotations

import gc
import sys
from importlib import import_module

from shapelint.cli import kept_runs
from shapelint.cli.streams import EXIT_TROUBLE, write_out
from shapelint.common.notices import say

_OBJECTS_OF_A_COLLECTION = 100_000
"""How many new objects start a search for cycles: a short process has few, and each search costs it time."""


def main() -> None:
    """Run the command line of this process and exit: 0, 1 for findings, 2 for trouble."""
    gc.set_threshold(_OBJECTS_OF_A_COLLECTION)
    try:
        found = kept_runs.start(sys.argv[1:])
        if found is not None:
            for stream, text in found.written:
                (say if stream == "stderr" else write_out)(text)
            sys.exit(found.code)
        run = import_module("shapelint.cli.app").main
    except KeyboardInterrupt:
        say("shapelint: interrupted")
        sys.exit(EXIT_TROUBLE)
    run()
