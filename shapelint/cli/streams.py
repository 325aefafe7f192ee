"""Writing to streams that may be closed, for whatever may be all that a run does: this imports little."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from shapelint.common.notices import note_written, say

EXIT_TROUBLE = 2


def write_out(text: str, stream: TextIO | None = None) -> None:
    """Write a report; characters that the stream's encoding lacks are escaped.

    Exits with 2 if it cannot be written: the stream is closed, its reader is gone, the disk is full.
    """
    stream = sys.stdout if stream is None else stream
    if stream is None:
        say("shapelint: the report cannot be written: stdout is closed")
        sys.exit(EXIT_TROUBLE)
    encoding = stream.encoding or "utf-8"
    try:
        _put(text.encode(encoding, "backslashreplace").decode(encoding), stream)
    except OSError as error:
        # Python would complain once more while it closes the stream.
        if not isinstance(error, BrokenPipeError):
            say(f"shapelint: the report cannot be written: {error.strerror}")
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        sys.exit(EXIT_TROUBLE)
    note_written("stdout", text)


def _put(text: str, stream: TextIO) -> None:
    """Write a text with its colours, which the renderers have decided about."""
    if os.name == "nt":
        import click  # consoles of Windows may not know colours

        click.echo(text, file=stream, nl=False, color=True)
    else:
        stream.write(text)
        stream.flush()
