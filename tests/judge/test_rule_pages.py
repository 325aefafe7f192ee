"""Every example of every rule page is run: a bad one gives exactly the report below it, a good one nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import ROOT

from shapelint import report as reports
from shapelint.knowledge import rule_pages
from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport, Report
from shapelint.text.source import Source

BLOCK = re.compile(r"^```(yaml|python)\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)
FILES = {"yaml": "model.yaml", "python": "model.py"}
SECTIONS = ("What it does", "Why it matters", "Example", "Use instead", "Fix safety")
PAGES = sorted((ROOT / "rules").glob("SL*.md"))


def lint(language: str, text: str, monkeypatch: pytest.MonkeyPatch) -> FileReport:
    """Lint an example as a file in the root of the repository, where its checkpoints are found."""
    monkeypatch.chdir(ROOT)
    return lint_text(Source(FILES[language], text), Settings())


def rendered(language: str, text: str, monkeypatch: pytest.MonkeyPatch) -> str:
    return reports.render(Report((lint(language, text, monkeypatch),)), "text")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_bad_example_gives_its_report(path: Path, update: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    page = path.read_text(encoding="utf-8")
    if update:

        def fresh(match: re.Match[str]) -> str:
            if match[3] is None:
                return match[0]
            report = rendered(match[1], match[2], monkeypatch)
            return f"```{match[1]}\n{match[2]}```\n\n```text\n{report}```\n"

        page = BLOCK.sub(fresh, page)
        path.write_text(page, encoding="utf-8")
    code = path.name[:5]
    bad = [match.groups() for match in BLOCK.finditer(page) if match[3] is not None]
    assert bad
    for language, text, report in bad:
        assert rendered(language, text, monkeypatch) == report
        assert code in {finding.code for finding in lint(language, text, monkeypatch).findings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_good_example_is_clean(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = [(match[1], match[2]) for match in BLOCK.finditer(path.read_text(encoding="utf-8")) if match[3] is None]
    assert good
    for language, text in good:
        report = lint(language, text, monkeypatch)
        assert report.status == "checked"
        assert report.models
        assert report.findings == ()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_is_named_and_ordered_like_the_others(path: Path) -> None:
    rule = rule_pages.read_page(path)
    assert path.stem == f"{rule.page.code}-{rule.page.name}"
    headings = re.findall(r"^##? (.*)$", rule.prose, re.MULTILINE)
    assert headings == [path.stem, *SECTIONS]
