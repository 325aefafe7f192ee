"""A network that gets the same again is not interpreted again, and what changes it between two calls is noticed."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.python.models.entry_points import interpret
from shapelint.python.objects import repeated_calls
from shapelint.resolve.options import Options
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

PROGRAM = """
import torch
import torch.nn as nn
from torch.utils.data import DataLoader

WIDTHS = [56]
chosen = {"last": False}


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x):
        skip = x
        x = self.second(torch.relu(self.first(x)))
        return torch.relu(x + skip)


class Trunk(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 40, 3, stride=2)
        self.blocks = nn.Sequential(*[Block(40) for _ in range(6)])
        self.out = nn.Linear(40, 56)

    def forward(self, x):
        x = self.blocks(self.stem(x))
        x = x.mean(dim=(2, 3))
        for width in WIDTHS:
            if x.shape[1] == 40 and width:
                x = self.out(x)
        return x


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = Trunk()
        self.projector = nn.Linear(56, 24)

    def forward(self, x):
        return self.projector(self.backbone(x))


model = Model()
loader = DataLoader(pictures(), batch_size=32)
best = 0.0
for epoch in range(30):
    for x in loader:
        z = model(x)
        loss = z.sum()
        loss.backward()
    if epoch % 10 == 0:
        best = float(loss)
    CHANGE
"""

CHANGES = {
    "nothing": ("pass", []),
    "another layer": ("model.backbone.out = nn.Linear(40, 32)", ["SL101"]),
    "another layer inside": ("model.backbone.blocks[5].second = nn.Conv2d(40, 48, 3, padding=1)", ["SL101"]),
    "another part": ("model.projector = nn.Linear(80, 24)", ["SL101"]),
    "a list that it reads": ("WIDTHS.clear()", ["SL101"]),
}


TWICE = (
    PROGRAM.replace("range(30)", "('first', 'second')")
    .replace("loss.backward()", "pass")
    .replace("epoch % 10 == 0", "best")
)


def reported(change: str) -> FileReport:
    """Lint a program that runs the network twice, with something that happens in between."""
    return lint_source(Source("train.py", TWICE.replace("CHANGE", change)), Options())


def loud(report: FileReport) -> list[str]:
    """The codes of what stops the program."""
    return [finding.code for finding in report.findings if finding.severity == "error"]


def entered(text: str, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the calls of methods that are interpreted from their first statement on."""
    counts: Counter[str] = Counter()
    begin = repeated_calls.begin

    def counted(run: Any, function: Any, *rest: Any) -> Any:
        start, value = begin(run, function, *rest)
        if value is None:
            counts[f"{function.owner.name if function.owner else ''}.{function.name}"] += 1
        return start, value

    monkeypatch.setattr(repeated_calls, "begin", counted)
    interpret(Source("train.py", text), Options())
    return counts


def test_each_block_is_interpreted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert entered(PROGRAM.replace("CHANGE", "pass"), monkeypatch)["Block.forward"] == 6


def test_without_what_is_kept_it_would_be_interpreted_in_each_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeated_calls, "MINIMUM_STEPS", 10**9)
    assert entered(PROGRAM.replace("CHANGE", "pass"), monkeypatch)["Block.forward"] == 12


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_kept_says_what_interpreting_again_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    change, codes = CHANGES[name]
    kept = reported(change)
    assert loud(kept) == codes
    monkeypatch.setattr(repeated_calls, "MINIMUM_STEPS", 10**9)
    again = reported(change)
    assert kept.findings == again.findings
    assert kept.models == again.models


def test_a_change_after_the_first_call_is_seen() -> None:
    text = (
        PROGRAM.replace("    CHANGE", "")
        + "\nmodel.backbone.out = nn.Linear(40, 32)\nmodel(torch.randn(32, 3, 64, 64))\n"
    )
    assert loud(lint_source(Source("train.py", text), Options())) == ["SL101"]
    unchanged = text.replace("nn.Linear(40, 32)\n", "nn.Linear(40, 56)\n")
    assert loud(lint_source(Source("train.py", unchanged), Options())) == []
