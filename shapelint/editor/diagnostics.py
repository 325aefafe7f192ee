"""Findings, and links that are not checked, as an editor underlines them."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types
from pygls.workspace import Workspace

from shapelint.common.escaping import escape
from shapelint.editor.positions import range_of, uri_of
from shapelint.report.remarks import paragraph
from shapelint.report.summary import problem, remedy
from shapelint.spec.findings import FileReport, Finding, UncheckedLink

SOURCE = "shapelint"
UNCHECKED = "unchecked"
_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "info": types.DiagnosticSeverity.Information,
}
_START = types.Range(types.Position(0, 0), types.Position(0, 0))


def diagnostics(report: FileReport, workspace: Workspace) -> dict[str, list[types.Diagnostic]]:
    """Return what is shown of a report, by the address of the file it is in, which may be a part of a config."""
    found: dict[str, list[types.Diagnostic]] = {uri_of(report.path): []}
    for path, diagnostic in _all(report, workspace):
        found.setdefault(uri_of(path), []).append(diagnostic)
    return found


def of_finding(finding: Finding, workspace: Workspace) -> types.Diagnostic:
    """One finding, with its notes and help, the other places, and a link to the page of its rule."""
    related = [
        types.DiagnosticRelatedInformation(
            types.Location(uri_of(one.location.path), range_of(one.location, workspace)), escape(one.message)
        )
        for one in finding.related
    ]
    return types.Diagnostic(
        range=range_of(finding.location, workspace),
        message=paragraph(finding),
        severity=_SEVERITIES[finding.severity],
        code=finding.code,
        code_description=types.CodeDescription(finding.url) if finding.url else None,
        source=SOURCE,
        related_information=related,
    )


def _all(report: FileReport, workspace: Workspace) -> Iterator[tuple[str, types.Diagnostic]]:
    for finding in report.findings:
        yield finding.location.path, of_finding(finding, workspace)
    for link in dict.fromkeys(link for model in report.models for link in model.unchecked):
        yield link.location.path, _unchecked(link, workspace)
    if report.status == "unreadable":
        yield (
            report.path,
            types.Diagnostic(_START, escape(problem(report)), types.DiagnosticSeverity.Error, source=SOURCE),
        )


def _unchecked(link: UncheckedLink, workspace: Workspace) -> types.Diagnostic:
    help = f"\n{escape(remedy(link))}" if link.help else ""
    return types.Diagnostic(
        range=range_of(link.location, workspace),
        message=f"not checked: {link.role}: {escape(link.reason)}{help}",
        severity=types.DiagnosticSeverity.Hint,
        code=UNCHECKED,
        source=SOURCE,
    )
