"""Programs that real torch runs in this process, and what is reported of them."""

from __future__ import annotations

from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport, Finding
from shapelint.text.source import Source


def run_and_lint(code: str, *stops: type[Exception]) -> tuple[bool, FileReport, list[Finding]]:
    """Return whether a program runs, its report, and the errors in it; any exception but `stops` is the test's own."""
    try:
        exec(code, {"__name__": "program"})
        runs = True
    except stops:
        runs = False
    report = lint_text(Source("program.py", code), Settings(isolated=True))
    return runs, report, [finding for finding in report.findings if finding.severity == "error"]
