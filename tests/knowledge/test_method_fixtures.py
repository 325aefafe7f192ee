"""Methods have a fixture with one fault, reported alone, and a slightly different one that fits."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT

from shapelint import report as reports
from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport, Report
from shapelint.text.source import Source

FOLDER = ROOT / "fixtures" / "methods"
PAGES = sorted(path.stem for path in (ROOT / "rules" / "methods").glob("*.md"))


def lint(path: Path) -> FileReport:
    """Lint a fixture by its path from the root."""
    return lint_text(Source(f"fixtures/methods/{path.name}", path.read_text(encoding="utf-8")), Settings())


@pytest.mark.parametrize("method", PAGES)
def test_the_fault_is_reported_alone(method: str, update: bool) -> None:
    path = FOLDER / f"{method}-bad.yaml"
    report = lint(path)
    text = reports.render(Report((report,)), "text")
    expected = path.with_suffix(".txt")
    if update:
        expected.write_text(text, encoding="utf-8")
    assert [model.method for model in report.models] == [method]
    assert len(report.findings) == 1
    assert text == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("method", PAGES)
def test_every_link_of_the_similar_fixture_is_checked_and_fits(method: str) -> None:
    report = lint(FOLDER / f"{method}-good.yaml")
    (model,) = report.models
    assert (model.method, model.unchecked, report.findings) == (method, (), ())
