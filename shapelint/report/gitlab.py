"""`--output-format gitlab`: a Code Quality report, which GitLab compares between branches by its fingerprints."""

from __future__ import annotations

from typing import Any

from shapelint.common.escaping import escape
from shapelint.report import RenderOptions
from shapelint.report.json_text import json_text
from shapelint.report.summary import problem
from shapelint.spec.findings import FileReport, Finding, Report
from shapelint.spec.fingerprints import fingerprint, fingerprinted, relative

_SEVERITIES = {"error": "major", "warning": "minor", "info": "info"}


def render(report: Report, options: RenderOptions) -> str:
    """The report as a JSON list of issues."""
    issues = [_issue(finding, identity, options) for finding, identity in fingerprinted(report, options.root)]
    issues += [_problem(file, options) for file in report.files if problem(file)]
    return json_text(issues) + "\n"


def _issue(finding: Finding, identity: str, options: RenderOptions) -> dict[str, Any]:
    return {
        "description": escape(finding.message),
        "check_name": finding.code,
        "fingerprint": identity,
        "severity": _SEVERITIES[finding.severity],
        "location": {
            "path": relative(finding.location.path, options.root),
            "lines": {"begin": finding.location.line, "end": finding.location.end_line},
        },
    }


def _problem(file: FileReport, options: RenderOptions) -> dict[str, Any]:
    """A file that could not be checked, as an issue on its first line."""
    path = relative(file.path, options.root)
    return {
        "description": escape(problem(file)),
        "check_name": file.status,
        "fingerprint": fingerprint(f"{path}\0{file.status}"),
        "severity": "blocker",
        "location": {"path": path, "lines": {"begin": 1}},
    }
