"""A loss is one link where it is written, however often the program gets there."""

from __future__ import annotations

import pytest

from shapelint.linting.file_report import lint_source
from shapelint.resolve.options import Options
from shapelint.text.source import Source

MODEL = """
import torch
import torchvision
from torch import nn


class SimSiam(nn.Module):
    def __init__(self, extra):
        super().__init__()
        self.backbone = torchvision.models.resnet18()
        self.backbone.fc = nn.Identity()
        self.projector = nn.Linear(512, 72)
        self.predictor = nn.Linear(72, 72)
        self.criterion = nn.MSELoss()
        self.extra = extra

    def compare(self, p, z):
        return self.criterion(p, z)

    def forward(self, x, y):
        one, two = self.projector(self.backbone(x)), self.projector(self.backbone(y))
        total = 0
        for p, z in ((one, two), (two, one), (SECOND, one)):
            total = total + self.compare(self.predictor(p), z)
        return total
"""


@pytest.mark.parametrize(("second", "checked"), [("one", 4), ("self.extra(one)", 3)])
def test_a_loss_that_runs_three_times_is_one_link(second: str, checked: int) -> None:
    report = lint_source(Source("m.py", MODEL.replace("SECOND", second), "python"), Options())
    (model,) = report.models
    assert (model.checked, model.links) == (checked, 4)
    assert len([link for link in model.unchecked if link.role == "loss"]) == (checked != 4)
