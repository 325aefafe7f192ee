"""The Python API: what `import shapelint` offers, and that the names do not depend on what was imported before."""

from __future__ import annotations

import subprocess
import sys

from conftest import ROOT

import shapelint
from shapelint.spec.findings import Report


def test_lint_returns_the_report_as_objects() -> None:
    report = shapelint.lint([ROOT / "fixtures" / "lightly-1589.yaml"])
    assert isinstance(report, Report)
    (finding,) = report.findings
    assert (finding.code, finding.expected, finding.actual) == ("SL101", 512, 256)
    assert finding.fix is not None
    assert finding.fix.message == "use BYOLProjectionHead(256, 1024, 256)"


def test_the_names_stay_functions_whatever_is_imported_first() -> None:
    code = (
        "import shapelint, shapelint.cli.app, shapelint.linting.lint_paths\n"
        "import shapelint.linting.file_report, shapelint.live.checking\n"
        "print(*[callable(getattr(shapelint, name)) for name in ('lint', 'check', 'guard')])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert result.stdout.split() == ["True"] * 3, result.stderr


def test_a_single_path_is_accepted_instead_of_a_list() -> None:
    path = ROOT / "fixtures" / "lightly-1589.yaml"
    assert shapelint.lint(path) == shapelint.lint(str(path)) == shapelint.lint([path])
