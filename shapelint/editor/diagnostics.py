"""Findings, and links that are not checked, as an editor underlines them."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types
from pygls.workspace import Workspace

from shapelint.common.escaping import escape
from shapelint.editor.open_files import OpenFile
from shapelint.editor.positions import place_of
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


def diagnostics(file: OpenFile, report: FileReport, workspace: Workspace) -> dict[str, list[types.Diagnostic]]:
    """Return what is shown of a report, by the address of the document it is in, which may be a part of a config."""
    found: dict[str, list[types.Diagnostic]] = {uri: [] for uri in file.documents}
    for uri, diagnostic in _all(report, workspace):
        found.setdefault(uri, []).append(diagnostic)
    if report.status == "unreadable" and file.documents:
        reason = types.Diagnostic(_START, escape(problem(report)), types.DiagnosticSeverity.Error, source=SOURCE)
        found[file.documents[0]].append(reason)
    return found


def of_finding(finding: Finding, workspace: Workspace) -> types.Diagnostic:
    """One finding, with its notes and help, the other places, and a link to the page of its rule."""
    related = [
        types.DiagnosticRelatedInformation(place_of(one.location, workspace), escape(one.message))
        for one in finding.related
    ]
    return types.Diagnostic(
        range=place_of(finding.location, workspace).range,
        message=paragraph(finding),
        severity=_SEVERITIES[finding.severity],
        code=finding.code,
        code_description=types.CodeDescription(finding.url) if finding.url else None,
        source=SOURCE,
        related_information=related,
    )


def _all(report: FileReport, workspace: Workspace) -> Iterator[tuple[str, types.Diagnostic]]:
    for finding in report.findings:
        yield place_of(finding.location, workspace).uri, of_finding(finding, workspace)
    for link in dict.fromkeys(link for model in report.models for link in model.unchecked):
        yield place_of(link.location, workspace).uri, _unchecked(link, workspace)


def _unchecked(link: UncheckedLink, workspace: Workspace) -> types.Diagnostic:
    help = f"\n{escape(remedy(link))}" if link.help else ""
    return types.Diagnostic(
        range=place_of(link.location, workspace).range,
        message=f"not checked: {link.role}: {escape(link.reason)}{help}",
        severity=types.DiagnosticSeverity.Hint,
        code=UNCHECKED,
        source=SOURCE,
    )
