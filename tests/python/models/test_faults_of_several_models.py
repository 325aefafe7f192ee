"""A wrong operation is a fault of the model whose tensors it gets, once, however many models a program has."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.text.source import Source

HEAD = """
import torch
from torch import nn
import torch.nn.functional as F

shared = nn.Linear(32, 16)
"""
MODEL = """

class {name}(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 64, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projection_head = nn.Linear(64, 32)
        self.unused = nn.Linear({weight}, 8)

    def forward(self, x):
        z = self.projection_head(self.backbone(x))
        {line}
        return z
"""
FOOT = """

first, second, third = First(), Second(), Third()
images = torch.randn(4, 3, 8, 8)
one, two, three = first(images), second(images), third(images)
"""
LINES = [
    "z = z @ torch.ones(16, 8)",
    "z = shared(z) @ torch.ones(8, 7)",
    "z = F.linear(z, self.unused.weight)",
]


def program(*lines: str) -> str:
    names = ("First", "Second", "Third")
    models = [MODEL.format(name=name, line=line, weight=16) for name, line in zip(names, lines)]
    return HEAD + "".join(models) + FOOT


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("at", range(3))
def test_it_is_reported_with_the_model_that_has_it(line: str, at: int) -> None:
    lines = ["pass"] * 3
    lines[at] = line
    text = program(*lines)
    with pytest.raises(RuntimeError):
        exec(text, {})
    report = lint_source(Source("model.py", text), Options())
    name = ("First", "Second", "Third")[at]
    assert [finding.model for finding in report.findings] == [name]
    assert report.findings[0].location.line == text[: text.index(line)].count("\n") + 1


def test_each_of_several_is_reported_once() -> None:
    report = lint_source(Source("model.py", program(*LINES)), Options())
    assert [finding.model for finding in report.findings] == ["First", "Second", "Third"]
