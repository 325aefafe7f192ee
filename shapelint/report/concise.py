"""`--output-format concise`: a line per finding, `path:line:column: code [*] message`, where `[*]` marks a safe fix."""

from __future__ import annotations

from shapelint.common.escaping import escape
from shapelint.report import RenderOptions
from shapelint.report.snippet import position
from shapelint.report.summary import change_lines, closing_lines, problem
from shapelint.report.terminal import paint
from shapelint.spec.findings import Finding, Report


def render(report: Report, options: RenderOptions) -> str:
    """The report in as many lines as there are findings, and the closing lines."""
    lines = [_line(finding, options) for finding in report.findings]
    for file in report.files:
        if problem(file):
            error = paint("error", "error", options.colour)
            lines.append(f"{escape(file.path, options.encoding)}: {error}: {escape(problem(file), options.encoding)}")
    return "".join(f"{line}\n" for line in [*lines, *change_lines(options), *closing_lines(report, options)])


def _line(finding: Finding, options: RenderOptions) -> str:
    code = paint(finding.code, finding.severity, options.colour)
    mark = " [*]" if finding.fix and finding.fix.safe else ""
    return f"{position(finding.location, options)}: {code}{mark} {escape(finding.message, options.encoding)}"
