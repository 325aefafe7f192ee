"""Exit codes, colours and notices."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from shapelint.cli.streams import EXIT_TROUBLE
from shapelint.common.notices import say
from shapelint.report.summary import unchecked_lines
from shapelint.spec.findings import Report

EXIT_FINDINGS = 1


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
