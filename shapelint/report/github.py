"""`--output-format github`: workflow commands, which GitHub Actions shows as annotations next to the lines."""

from __future__ import annotations

from shapelint.report import RenderOptions
from shapelint.report.annotations import annotated, one_line
from shapelint.report.remarks import paragraph
from shapelint.spec.findings import Finding, Report

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def render(report: Report, options: RenderOptions) -> str:
    """A command per finding, then the closing lines for the log."""
    return annotated(report, options, _annotation, _problem)


def _annotation(finding: Finding, path: str) -> str:
    """The message begins with the position, since the log of the step shows nothing else of the command."""
    location = finding.location
    properties = {"file": path, "line": str(location.line), "endLine": str(location.end_line)}
    if location.line == location.end_line:  # GitHub accepts columns only on a single line
        properties |= {"col": str(location.column), "endColumn": str(location.end_column)}
    properties["title"] = f"shapelint {finding.code} ({finding.name})"
    message = f"{path}:{location.line}:{location.column}: {finding.code} {paragraph(finding)}"
    return _command(_COMMANDS[finding.severity], properties, message)


def _problem(path: str, words: str) -> str:
    return _command("error", {"file": path, "title": "shapelint"}, words)


def _command(name: str, properties: dict[str, str], message: str) -> str:
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {listed}::{one_line(message)}"


def _property(text: str) -> str:
    return one_line(text).replace(":", "%3A").replace(",", "%2C")
