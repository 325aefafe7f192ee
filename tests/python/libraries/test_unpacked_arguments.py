"""Components of which some arguments are unpacked from what is not known: any of those may be among them."""

from __future__ import annotations

from typing import Any

import pytest

from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.text.source import Source

torch = pytest.importorskip("torch")
pytest.importorskip("timm")

PROGRAM = """
import json
import os

import timm
import torch
import torchvision
from torch import nn

options = json.loads(os.environ.get("OPTIONS", "{{}}"))


class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = {backbone}
        self.projection_head = nn.Linear(512, 64)

    def forward(self, x):
        return self.projection_head(self.backbone(x){pooled})


SimCLR()(torch.zeros(2, {channels}, 64, 64))
"""


@pytest.mark.parametrize(("backbone", "pooled", "channels", "options"), [
    ('timm.create_model("resnet18", **options)', ".mean((2, 3))", 3, '{"num_classes": 0, "global_pool": ""}'),
    ('timm.create_model("resnet18", **options)', "", 1, '{"num_classes": 0, "in_chans": 1}'),
    ('timm.create_model("resnet18", **options)', "[-1].mean((2, 3))", 3, '{"features_only": true}'),
    ("torchvision.models.resnet18(**options)", "", 3, '{"num_classes": 512}'),
    ("nn.Conv2d(3, 512, 3, **options)", ".flatten(1)", 3, '{"stride": 62}'),
    ("nn.Conv2d(4, 512, 3, **options)", ".mean((2, 3))", 4, '{"groups": 2}'),
    ("nn.AdaptiveAvgPool2d(**options)", ".flatten(1)", 512, '{"output_size": 1}'),
])  # fmt: skip
def test_what_may_run_is_no_error_and_what_may_not_is_not_clear(
    backbone: str, pooled: str, channels: int, options: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = PROGRAM.format(backbone=backbone, pooled=pooled, channels=channels)
    monkeypatch.setenv("OPTIONS", options)
    exec(code, {"__name__": "model"})
    report: Any = lint_text(Source("model.py", code), Settings(isolated=True))
    assert [one.code for one in report.findings if one.severity != "info"] == []
    (model,) = report.models
    assert model.checked < model.links


def test_the_model_without_them_is_checked() -> None:
    code = PROGRAM.format(backbone="torchvision.models.resnet18(num_classes=512)", pooled="", channels=3)
    report: Any = lint_text(Source("model.py", code), Settings(isolated=True))
    assert [(model.checked, model.links) for model in report.models] == [(2, 2)]
