"""Exit codes, colours, and writing to a stream that may be closed."""

from __future__ import annotations

import os
import sys
from typing import TextIO

import click

from shapelint.common.notices import say
from shapelint.report.summary import unchecked_lines
from shapelint.spec.findings import Report

EXIT_FINDINGS = 1


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
        # The renderers have already decided about colour; click would strip it.
        click.echo(text.encode(encoding, "backslashreplace").decode(encoding), file=stream, nl=False, color=True)
    except OSError as error:
        # Python would complain once more while it closes the stream.
        if not isinstance(error, BrokenPipeError):
            say(f"shapelint: the report cannot be written: {error.strerror}")
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        sys.exit(EXIT_TROUBLE)


def colours() -> bool:
    """Whether to colour: on a terminal that can, unless NO_COLOR is set; always with FORCE_COLOR."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (is_terminal() and os.environ.get("TERM") != "dumb")


def is_terminal() -> bool:
    """Whether stdout is a terminal; it may be closed."""
    stream: TextIO | None = sys.stdout
    return stream is not None and stream.isatty()


def encoding() -> str:
    """The encoding of stdout."""
    stream: TextIO | None = sys.stdout
    return (stream.encoding if stream is not None else None) or "utf-8"


def exit_code(report: Report, error_on_unknown: bool = False) -> int:
    """The exit code: 2 if a file could not be checked, else 1 for errors and warnings, else 0."""
    if any(file.status != "checked" for file in report.files):
        return EXIT_TROUBLE
    unchecked = any(model.unchecked for file in report.files for model in file.models)
    unknown = error_on_unknown and (unchecked or any(finding.code == "SL901" for finding in report.findings))
    return EXIT_FINDINGS if report.count("error") or report.count("warning") or unknown else 0


def write_notices(report: Report, with_unchecked: bool) -> None:
    """Write to stderr which signatures were used and what stayed unknown; the unchecked links if asked to."""
    for file in report.files:
        for notice in file.notices:
            say(f"{file.path}: {notice}")
    if with_unchecked:
        for line in unchecked_lines(
            [link for file in report.files for model in file.models for link in model.unchecked]
        ):
            say(line)
