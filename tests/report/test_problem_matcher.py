"""The problem matcher for GitHub reads every line of a concise report that is a finding, and no other."""

from __future__ import annotations

import json
import re

from conftest import ROOT
from report_examples import MIXED

from shapelint.report import render

(MATCHER,) = json.loads((ROOT / "docs" / "problem-matcher.json").read_text(encoding="utf-8"))["problemMatcher"]


def test_the_matcher_reads_concise_findings() -> None:
    (pattern,) = MATCHER["pattern"]
    found = [match for line in render(MIXED, "concise").splitlines() if (match := re.match(pattern["regexp"], line))]
    places = [(match[pattern["file"]], int(match[pattern["line"]]), match[pattern["code"]]) for match in found]
    assert places == [(one.location.path, one.location.line, one.code) for one in MIXED.findings]
    assert [match[pattern["message"]] for match in found] == [one.message for one in MIXED.findings]
