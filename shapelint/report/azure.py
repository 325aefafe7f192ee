"""`--output-format azure`: logging commands, which Azure Pipelines shows as issues of the run."""

from __future__ import annotations

from shapelint.report import RenderOptions
from shapelint.report.annotations import annotated, one_line
from shapelint.report.remarks import paragraph
from shapelint.spec.findings import Finding, Report

_PERCENT = "%AZP25"


def render(report: Report, options: RenderOptions) -> str:
    """A command per finding, then the closing lines for the log; Azure knows errors and warnings alone."""
    return annotated(report, options, _issue, _problem)


def _issue(finding: Finding, path: str) -> str:
    properties = {
        "type": "error" if finding.severity == "error" else "warning",
        "sourcepath": path,
        "linenumber": str(finding.location.line),
        "columnnumber": str(finding.location.column),
        "code": finding.code,
    }
    return _command(properties, paragraph(finding))


def _problem(path: str, words: str) -> str:
    return _command({"type": "error", "sourcepath": path}, words)


def _command(properties: dict[str, str], message: str) -> str:
    """Source of the escapes: the agent's documentation, "Escaping rules" of logging commands."""
    listed = "".join(f"{key}={_property(value)};" for key, value in properties.items())
    return f"##vso[task.logissue {listed}]{one_line(message, _PERCENT)}"


def _property(text: str) -> str:
    return one_line(text, _PERCENT).replace(";", "%3B").replace("]", "%5D")
