"""Every rule has a fixture that violates only this rule, and a slightly different one that is clean."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT

from shapelint import report as reports
from shapelint.judge.repair import splice
from shapelint.knowledge import rule_pages
from shapelint.linting.fixing import move_of
from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport, Report
from shapelint.text.source import Source, read_source

FOLDER = ROOT / "fixtures" / "rules"
FIXTURES = sorted(path for path in FOLDER.iterdir() if path.suffix in (".yaml", ".py"))
BAD = [path for path in FIXTURES if path.stem.endswith("-bad")]
GOOD = [path for path in FIXTURES if path.stem.endswith("-good")]


def lint(path: Path, monkeypatch: pytest.MonkeyPatch) -> FileReport:
    """Lint a fixture by its path from the root."""
    monkeypatch.chdir(ROOT)
    source = read_source(path)
    return lint_text(Source(f"fixtures/rules/{path.name}", source.text, source.mark), Settings())


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_only_this_rule_is_violated(path: Path, update: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    report = lint(path, monkeypatch)
    text = reports.render(Report((report,)), "text")
    expected = path.with_suffix(".txt")
    if update:
        expected.write_text(text, encoding="utf-8")
    assert {finding.code for finding in report.findings} == {path.stem[:5]}
    assert len(report.findings) == 1
    assert text == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_the_similar_fixture_is_clean(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = lint(path, monkeypatch)
    assert report.status == "checked"
    assert report.models
    assert report.findings == ()


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_fix_leaves_a_clean_model(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (finding,) = lint(path, monkeypatch).findings
    if finding.fix is None:
        return
    source = Source(f"fixtures/rules/{path.name}", read_source(path).text)
    for edits in [finding.fix.edits, *(alternative.edits for alternative in finding.fix.alternatives)]:
        text = splice(source.text, [move_of(source, edit) for edit in edits])
        report = lint_text(Source(source.path, text), Settings())
        assert report.models
        assert report.findings == ()


def test_every_rule_has_both_fixtures() -> None:
    codes = set(rule_pages.built_in())
    assert {path.stem[:5] for path in BAD} == codes
    assert {path.stem[:5] for path in GOOD} == codes
