"""What formats that a CI system reads line by line have in common: a command per finding, and per file not checked."""

from __future__ import annotations

from collections.abc import Callable

from shapelint.common.escaping import escape
from shapelint.report import RenderOptions
from shapelint.report.summary import closing_lines, problem
from shapelint.spec.findings import Finding, Report
from shapelint.spec.fingerprints import relative


def annotated(
    report: Report,
    options: RenderOptions,
    of_finding: Callable[[Finding, str], str],
    of_problem: Callable[[str, str], str],
) -> str:
    """A command per finding and per file that could not be checked, then the closing lines for the log.

    `of_finding` gets a finding and its path, `of_problem` a path and what is said of it: both paths are escaped and
    relative to the root.
    """

    def shown(path: str) -> str:
        return escape(relative(path, options.root))

    lines = [of_finding(finding, shown(finding.location.path)) for finding in report.findings]
    failed = ((shown(file.path), escape(problem(file))) for file in report.files if problem(file))
    lines += [of_problem(path, f"{path}: {words}") for path, words in failed]
    return "\n".join([*lines, *closing_lines(report, options)]) + "\n"


def one_line(text: str, percent: str = "%25") -> str:
    """The text of a command, with codes for its line breaks and, as the system writes it, for the sign of codes."""
    return text.replace("%", percent).replace("\r", "%0D").replace("\n", "%0A")
