"""`--output-format markdown`: the summary of a CI job, a table of findings and a diagram of each chain."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from shapelint.common.escaping import escape
from shapelint.common.patterns import pattern
from shapelint.report import RenderOptions
from shapelint.report.mermaid import flowchart
from shapelint.report.summary import closing_lines, problem
from shapelint.spec.findings import FileReport, Finding, ModelReport, Report
from shapelint.spec.fingerprints import relative

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_MARKUP = pattern(r"[\\`*\[\]|~$#]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def render(report: Report, options: RenderOptions) -> str:
    """GitHub Markdown; the diagrams of models without a fault are collapsed."""
    blocks = ["## shapelint", "<br>\n".join(_text(line) for line in closing_lines(report, options))]
    if report.findings or any(problem(file) for file in report.files):
        blocks.append("\n".join(_table(report, options)))
    for file in report.files:
        for model in file.models:
            blocks += _diagram(file, model, options)
    return "\n\n".join(blocks) + "\n"


def _table(report: Report, options: RenderOptions) -> Iterator[str]:
    yield "| Severity | Rule | Where | Finding | Fix |"
    yield "| --- | --- | --- | --- | --- |"
    for finding in report.findings:
        location = finding.location
        where = f"{relative(location.path, options.root)}:{location.line}:{location.column}"
        rule = f"[{finding.code}]({finding.url})" if finding.url else finding.code
        yield _row(finding.severity, rule, _text(where), _text(finding.message), _fix(finding))
    for file in report.files:
        if problem(file):
            yield _row("error", "", _text(relative(file.path, options.root)), _text(problem(file)), "")


def _row(*columns: str) -> str:
    return "| " + " | ".join(columns) + " |"


def _fix(finding: Finding) -> str:
    fix = finding.fix
    if fix is None:
        return _text(finding.help)
    choices = [fix.message, *(f"or {alternative.message}" for alternative in fix.alternatives)]
    return "<br>".join(_text(choice) for choice in choices) + f" ({'safe' if fix.safe else 'unsafe'})"


def _diagram(file: FileReport, model: ModelReport, options: RenderOptions) -> Sequence[str]:
    findings = file.findings_of(model)
    title = _text(f"{relative(file.path, options.root)}: {model.title}")
    chart = f"```mermaid\n{flowchart(model, findings)}\n```"
    if any(finding.severity != "info" for finding in findings):
        return [f"### {title}", chart]
    return [f"<details><summary>{title}</summary>", chart, "</details>"]


def _text(text: str) -> str:
    """Escape a user's text so that Markdown shows it literally, on one line, also inside a table."""
    marked = _MARKUP.sub(lambda match: "\\" + match[0], escape(text))
    return re.sub("[&<>]", lambda match: _ENTITIES[match[0]], marked)
