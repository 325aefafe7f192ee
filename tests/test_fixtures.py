"""Every fixture gives exactly the report next to it; some properties are checked that no snapshot update can hide."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT

from shapelint import report as reports
from shapelint.judge.repair import splice
from shapelint.linting.fixing import fixed_text, move_of
from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.spec.findings import Edit, FileReport, Finding, Report
from shapelint.text.source import Source, Span, read_source

FIXTURES = sorted([*(ROOT / "fixtures").glob("*.yaml"), *(ROOT / "fixtures" / "notebooks").glob("*.ipynb")])
SETTINGS = Settings()


def load(path: Path) -> Source:
    source = read_source(path)
    return Source(path.relative_to(ROOT).as_posix(), source.text, source.mark)


def lint(source: Source) -> FileReport:
    return lint_text(source, SETTINGS)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_report(path: Path, update: bool) -> None:
    text = reports.render(Report((lint(load(path)),)), "text")
    expected = path.with_suffix(".txt")
    if update:
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_a_span_never_leaves_its_line_empty(path: Path) -> None:
    """Every finding is located at text; if this is a number in conflict, it is the number of the finding."""
    source = load(path)
    for finding in lint(source).findings:
        text = source.slice(span_of(source, finding))
        assert text.strip()
        if text.isdigit():
            assert text == str(finding.expected)


def span_of(source: Source, finding: Finding) -> Span:
    return move_of(source, Edit(finding.location, "")).span


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_every_fix_removes_its_finding_and_adds_none(path: Path) -> None:
    source = load(path)
    before = lint(source).findings
    for finding in before:
        if finding.fix is None:
            continue
        for edits in [finding.fix.edits, *(alternative.edits for alternative in finding.fix.alternatives)]:
            text = splice(source.text, [move_of(source, edit) for edit in edits])
            after = lint(Source(source.path, text)).findings
            left = [(other.code, other.role, other.message) for other in after]
            assert (finding.code, finding.role, finding.message) not in left
            assert len(after) < len(before)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_fixing_again_changes_nothing(path: Path) -> None:
    source = load(path)
    once, _ = fixed_text(source, lint, unsafe=True)
    twice, changes = fixed_text(Source(source.path, once), lint, unsafe=True)
    assert (twice, changes) == (once, ())
    assert not any(finding.fix for finding in lint(Source(source.path, once)).findings)
