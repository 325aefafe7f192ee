"""Every example of every page in `rules/methods/` is run: a bad one gives the report below it, a good one none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import ROOT

from shapelint import report as reports
from shapelint.knowledge import methods
from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport, Report
from shapelint.text.source import Source

BLOCK = re.compile(r"^```yaml\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)
SECTIONS = ("What is wired", "Why it matters", "Example", "Use instead", "What is not checked")
PAGES = sorted((ROOT / "rules" / "methods").glob("*.md"))


def lint(text: str) -> FileReport:
    return lint_text(Source("model.yaml", text), Settings(isolated=True))


def rendered(text: str) -> str:
    return reports.render(Report((lint(text),)), "text")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_bad_example_gives_its_report_and_one_finding(path: Path, update: bool) -> None:
    page = path.read_text(encoding="utf-8")
    if update:

        def fresh(match: re.Match[str]) -> str:
            return match[0] if match[2] is None else f"```yaml\n{match[1]}```\n\n```text\n{rendered(match[1])}```\n"

        page = BLOCK.sub(fresh, page)
        path.write_text(page, encoding="utf-8")
    bad = [match.groups() for match in BLOCK.finditer(page) if match[2] is not None]
    assert bad
    for text, report in bad:
        assert rendered(text) == report
        assert len(lint(text).findings) == 1


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_link_of_a_good_example_is_checked_and_fits(path: Path) -> None:
    good = [match[1] for match in BLOCK.finditer(path.read_text(encoding="utf-8")) if match[2] is None]
    assert good
    for text in good:
        report = lint(text)
        (model,) = report.models
        assert model.method == path.stem
        assert (report.findings, model.unchecked) == ((), ())


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_is_of_a_method_and_ordered_like_the_others(path: Path) -> None:
    assert path.stem in methods.names()
    headings = re.findall(r"^##? (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == [path.stem, *SECTIONS]
