"""`--output-format azure`: logging commands, which Azure Pipelines shows as issues of the run."""

from __future__ import annotations

from shapelint.common.escaping import escape
from shapelint.report import RenderOptions
from shapelint.report.remarks import paragraph
from shapelint.report.summary import closing_lines, problem
from shapelint.spec.findings import Finding, Report
from shapelint.spec.fingerprints import relative


def render(report: Report, options: RenderOptions) -> str:
    """A command per finding, then the closing lines for the log; Azure knows errors and warnings alone."""
    lines = [_issue(finding, options) for finding in report.findings]
    for file in report.files:
        if problem(file):
            path = escape(relative(file.path, options.root))
            lines.append(_command({"type": "error", "sourcepath": path}, f"{path}: {escape(problem(file))}"))
    return "\n".join([*lines, *closing_lines(report, options)]) + "\n"


def _issue(finding: Finding, options: RenderOptions) -> str:
    properties = {
        "type": "error" if finding.severity == "error" else "warning",
        "sourcepath": escape(relative(finding.location.path, options.root)),
        "linenumber": str(finding.location.line),
        "columnnumber": str(finding.location.column),
        "code": finding.code,
    }
    return _command(properties, paragraph(finding))


def _command(properties: dict[str, str], message: str) -> str:
    """Source of the escapes: the agent's documentation, "Escaping rules" of logging commands."""
    listed = "".join(f"{key}={_escaped(value)};" for key, value in properties.items())
    return f"##vso[task.logissue {listed}]{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped(text: str) -> str:
    return _data(text).replace(";", "%3B").replace("]", "%5D")
