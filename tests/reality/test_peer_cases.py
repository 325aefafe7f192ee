"""The programs of `benchmarks/peer_cases.py`: torch refuses each, but for the silent one, and runs it mended."""

from __future__ import annotations

import pytest
import torch
from peer_cases import CASES, HEAD, PeerCase

from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.text.source import Source


def runs(case: PeerCase, text: str) -> bool:
    names: dict[str, type[torch.nn.Module]] = {}
    exec(HEAD + text, names)
    try:
        names["Net"]()(torch.randn(case.shape))
    except RuntimeError:
        return False
    return True


def codes(text: str) -> list[str]:
    report = lint_text(Source("net.py", HEAD + text), Settings(isolated=True))
    return [finding.code for finding in report.findings if finding.severity != "info"]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_report_is_told_again(case: PeerCase) -> None:
    assert runs(case, case.text) is ("silent" in case.name)
    assert runs(case, case.mended)
    assert codes(case.mended) == []
