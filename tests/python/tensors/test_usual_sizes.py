"""Maps of an image whose size is not known: two that differ for every usual image are not called clear together."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from shapelint.linting.lint_source import lint_source  # noqa: E402
from shapelint.resolve.options import Options  # noqa: E402
from shapelint.text.source import Source  # noqa: E402

PROGRAM = """
import torch
import torch.nn.functional as F
from torch import nn

class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Conv2d(3, 8, 3, 2, 1)
        self.down = nn.Conv2d(8, 8, 3, 2, 1)
        self.projector = nn.Linear(8, 4)

    def forward(self, x):
        a = self.encoder(x)
        b = self.down(a)
        {line}
        return self.projector(z[:, :8].mean((2, 3)))

model = SimCLR()

def train(loader):
    for images, _ in loader:
        model(images)

if __name__ == "run":
    for size in (32, 96, 224):
        train([(torch.randn(2, 3, size, size), None)])
"""
TOGETHER = [
    "z = a + F.interpolate(b, scale_factor=2)",
    "z = a + F.interpolate(b, size=a.shape[-2:])",
    "z = a + F.interpolate(b, a.shape[2:], mode='bilinear')",
    "z = torch.cat([F.max_pool2d(a, 2), b], 1)",
    "z = F.avg_pool2d(a, 3, 2, 1) * b.sigmoid()",
    "z = a * b.mean((2, 3), keepdim=True)",
]
APART = [
    "z = a + b",
    "z = torch.cat([a, b], 1)",
    "z = torch.stack([a, b]).sum(0)",
    "z = torch.where(a > 0, a, b)",
]


@pytest.mark.parametrize("line", TOGETHER)
def test_maps_that_go_together_are_clear(line: str) -> None:
    text = PROGRAM.format(line=line)
    exec(text, {"__name__": "run"})
    report = lint_source(Source("model.py", text), Options())
    assert report.findings == ()
    assert [model.unchecked for model in report.models] == [()]


@pytest.mark.parametrize("line", APART)
def test_maps_that_are_apart_are_an_unchecked_link(line: str) -> None:
    text = PROGRAM.format(line=line)
    with pytest.raises(RuntimeError, match=r"size|same"):
        exec(text, {"__name__": "run"})
    report = lint_source(Source("model.py", text), Options())
    reasons = [link.reason for model in report.models for link in model.unchecked]
    assert any("are the same for no usual image" in reason for reason in reasons)
