"""The cause of an unchecked link is the value that is not known, and not what it was passed with."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.text.source import Source

MODEL = """
from torch import nn


class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 24, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projector = nn.Linear(24, 12)

    def forward(self, x, device):
        features = getattr(self, x.name)
        return self.projector(VALUE)
"""


@pytest.mark.parametrize("value", ["features.to(device)", "features.to(device).float()", "features.cuda(device)"])
def test_a_device_is_not_the_cause(value: str) -> None:
    text = MODEL.replace("VALUE", value)
    (model,) = lint_source(Source("simclr.py", text, "python"), Options()).models
    (link,) = model.unchecked
    assert "getattr(self, x.name)" in link.reason
