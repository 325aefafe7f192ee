"""Queues of a wrong width: shown at the number that makes them, with an edit after which torch goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightly")

from loops import error_of  # noqa: E402

from shapelint.linting.lint_paths import lint_text  # noqa: E402
from shapelint.settings.settings import Settings  # noqa: E402
from shapelint.text.source import Source  # noqa: E402

MOCO = """
import torch
from torch import nn
from torch.nn import functional as F


class MoCo(nn.Module):
    def __init__(self, dim=24, length=40):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 6, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projection_head = nn.Linear(6, dim)
        {buffer}

    def forward(self, x):
        q = F.normalize(self.projection_head(self.backbone(x)), dim=1)
        return ({similar}).logsumexp(1).mean()


MoCo()(torch.randn(4, 3, 12, 12)).backward()
"""
COLUMNS = 'self.register_buffer("queue", {})'
PAIRS = {
    "columns": (COLUMNS.format("torch.randn(HOLE, length)"), "q @ self.queue.clone().detach()"),
    "normalised columns": (
        COLUMNS.format("F.normalize(torch.rand((HOLE, length)), dim=0)"), 'torch.einsum("nc,ck->nk", [q, self.queue])',
    ),
    "rows": (COLUMNS.format("torch.zeros(length, HOLE)"), "q @ self.queue.t()"),
    "rows of a bank": (
        'self.register_buffer("bank", torch.randn(length, HOLE), persistent=False)',
        'torch.einsum("nc,kc->nk", q, self.bank)',
    ),
}  # fmt: skip


def findings(program: str) -> list[tuple[str, str, str]]:
    """Return code, message and the text that is shown of each finding."""
    lines = program.split("\n")
    found = lint_text(Source("train.py", program), Settings(isolated=True)).findings
    return [
        (one.code, one.message, lines[one.location.line - 1][one.location.column - 1 : one.location.end_column - 1])
        for one in found
    ]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run everything in a folder of its own."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", PAIRS)
def test_a_queue_of_another_width_is_shown_at_its_number(name: str) -> None:
    buffer, similar = PAIRS[name]
    wrong, right = (MOCO.format(buffer=buffer.replace("HOLE", width), similar=similar) for width in ("16", "24"))
    assert error_of(wrong)
    assert error_of(right) == ""
    ((code, message, shown),) = findings(wrong)
    assert (code, shown) == ("SL112", "16")
    assert message.endswith("is made for 16 features, but projection_head produces 24")
    assert findings(right) == []
    fix = lint_text(Source("train.py", wrong), Settings(isolated=True)).findings[0].fix
    assert fix is not None
    assert fix.edits[0].text == "24"


def test_a_queue_that_is_turned_has_the_right_numbers() -> None:
    program = MOCO.format(buffer=COLUMNS.format("torch.randn(length, dim)"), similar="q @ self.queue")
    assert error_of(program)
    ((code, message, _),) = findings(program)
    assert (code, "expects 40 features" in message) == ("SL101", True)
