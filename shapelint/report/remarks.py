"""The remarks on a finding after its first line: facts, then what to do."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.common.escaping import escape
from shapelint.spec.findings import Finding


def remarks(finding: Finding) -> Iterator[tuple[str, str]]:
    """The notes and helps of a finding, each as its kind and its text; a fix states whether it is safe."""
    yield from (("note", note) for note in finding.notes)
    fix = finding.fix
    if finding.help and not (fix and fix.message == finding.help):
        yield "help", finding.help
    if fix:
        proof = f"; {fix.proof}" if fix.proof else ""
        yield "help", f"{fix.message}   [fix is {'safe' if fix.safe else 'unsafe'}{proof}]"
        yield from (("help", f"or {alternative.message}") for alternative in fix.alternatives)


def paragraph(finding: Finding) -> str:
    """The message and all remarks, one line each, for a reader that shows plain text."""
    lines = [finding.message, *(f"{kind}: {text}" for kind, text in remarks(finding))]
    return "\n".join(escape(line) for line in lines)
