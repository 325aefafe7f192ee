"""A finding as plain text of several lines, for readers that show no source."""

from __future__ import annotations

from shapelint.common.escaping import escape
from shapelint.spec.findings import Finding


def paragraph(finding: Finding) -> str:
    """The message and all remarks, one line each, for a reader that shows plain text."""
    lines = [finding.message, *(f"{kind}: {text}" for kind, text in finding.remarks)]
    return "\n".join(escape(line) for line in lines)
