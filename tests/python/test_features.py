"""Every case of the table, right and wrong: the interpreter knows the width, and points at the number."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.spec.findings import Finding
from shapelint.text.source import Source
from tests.python.features import CASES

WRONG = 777


def serious(text: str) -> list[Finding]:
    """Return the findings that fail a run."""
    return [
        finding for finding in lint_source(Source("train.py", text), Options()).findings if finding.severity != "info"
    ]


@pytest.mark.parametrize("name", CASES)
def test_the_correct_number_is_not_reported(name: str) -> None:
    code, width = CASES[name]
    assert serious(code.replace("{H}", str(width)).replace("{{", "{").replace("}}", "}")) == []


@pytest.mark.parametrize("name", CASES)
def test_the_wrong_number_is_found_and_fixed(name: str) -> None:
    code, width = CASES[name]
    text = code.replace("{H}", str(WRONG)).replace("{{", "{").replace("}}", "}")
    (finding,) = serious(text)
    assert (finding.code, finding.expected, finding.actual) == ("SL101", WRONG, width)
    line = text.splitlines()[finding.location.line - 1]
    assert line[finding.location.column - 1 : finding.location.end_column - 1] == str(WRONG)
    assert finding.fix is not None
    assert [edit.text for edit in finding.fix.edits] == [str(width)]
