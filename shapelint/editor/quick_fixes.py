"""The proved repairs of findings, as an editor offers them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from lsprotocol import types
from pygls.workspace import Workspace

from shapelint.common.escaping import escape
from shapelint.editor.diagnostics import of_finding
from shapelint.editor.positions import overlap, place_of
from shapelint.spec.findings import Edit, FileReport, Finding


def quick_fixes(report: FileReport, place: types.Location, workspace: Workspace) -> Iterator[types.CodeAction]:
    """Yield the repairs of the findings at a place, the chosen one of each first; a safe one is preferred."""
    for finding in report.findings:
        where = place_of(finding.location, workspace)
        if where.uri == place.uri and overlap(where.range, place.range):
            yield from _of(finding, workspace)


def _of(finding: Finding, workspace: Workspace) -> Iterator[types.CodeAction]:
    fix = finding.fix
    if fix is None:
        return
    diagnostic = of_finding(finding, workspace)
    repairs = [(f"{fix.message} ({fix.proof})", fix.edits), *((one.message, one.edits) for one in fix.alternatives)]
    for number, (title, edits) in enumerate(repairs):
        yield types.CodeAction(
            title=escape(f"{finding.code}: {title}"),
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[diagnostic],
            is_preferred=fix.safe and number == 0,
            edit=_edit(edits, workspace),
        )


def _edit(edits: Sequence[Edit], workspace: Workspace) -> types.WorkspaceEdit:
    changes: dict[str, list[types.TextEdit]] = defaultdict(list)
    for edit in edits:
        where = place_of(edit.location, workspace)
        changes[where.uri].append(types.TextEdit(where.range, edit.text))
    return types.WorkspaceEdit(changes=dict(changes))
