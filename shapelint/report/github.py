"""`--output-format github`: workflow commands, which GitHub Actions shows as annotations next to the lines."""

from __future__ import annotations

from shapelint.common.escaping import escape
from shapelint.report import RenderOptions
from shapelint.report.remarks import paragraph
from shapelint.report.summary import closing_lines, problem
from shapelint.spec.findings import Finding, Report
from shapelint.spec.fingerprints import relative

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def render(report: Report, options: RenderOptions) -> str:
    """A command per finding, then the closing lines for the log."""
    lines = [_annotation(finding, options) for finding in report.findings]
    for file in report.files:
        if problem(file):
            path = escape(relative(file.path, options.root))
            lines.append(_command("error", {"file": path, "title": "shapelint"}, f"{path}: {escape(problem(file))}"))
    return "\n".join([*lines, *closing_lines(report, options)]) + "\n"


def _annotation(finding: Finding, options: RenderOptions) -> str:
    """The message begins with the position, since the log of the step shows nothing else of the command."""
    location = finding.location
    path = escape(relative(location.path, options.root))
    properties = {"file": path, "line": str(location.line), "endLine": str(location.end_line)}
    if location.line == location.end_line:  # GitHub accepts columns only on a single line
        properties |= {"col": str(location.column), "endColumn": str(location.end_column)}
    properties["title"] = f"shapelint {finding.code} ({finding.name})"
    message = f"{path}:{location.line}:{location.column}: {finding.code} {paragraph(finding)}"
    return _command(_COMMANDS[finding.severity], properties, message)


def _command(name: str, properties: dict[str, str], message: str) -> str:
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {listed}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
