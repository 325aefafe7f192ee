"""Layers before the first convolution that change an image's size alone: how many channels it has stays open."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

SCRIPT = """\
from torch import nn


class SimSiam(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(
            LAYER, nn.Conv2d(1, 72, 5), nn.LAYER2, nn.AdaptiveAvgPool2d(1), nn.Flatten()
        )
        self.projector = nn.Linear(WIDTH, 40)

    def forward(self, x):
        return self.projector(self.backbone(x))
"""
LAYERS = [
    "nn.ZeroPad2d(3)",
    "nn.ZeroPad2d((1, 2, 3, 4))",
    "nn.ZeroPad2d(padding=2)",
    "nn.ConstantPad2d(2, 0.5)",
    "nn.ConstantPad2d(padding=(1, 1, 2, 2), value=0)",
    "nn.ReflectionPad2d(2)",
    "nn.ReplicationPad2d([1, 1, 1, 1])",
    "nn.CircularPad2d(1)",
    "nn.MaxPool2d(2)",
    "nn.AvgPool2d(3, stride=2)",
    "nn.Upsample(scale_factor=2)",
    "nn.Dropout2d(0.1)",
]


def linted(layer: str, width: int) -> FileReport:
    second = layer.removeprefix("nn.")
    code = SCRIPT.replace("LAYER2", second).replace("LAYER", layer).replace("WIDTH", str(width))
    return lint_source(Source("pretrain.py", code), Options())


@pytest.mark.parametrize("layer", LAYERS)
def test_every_link_is_checked(layer: str) -> None:
    right, wrong = linted(layer, 72), linted(layer, 60)
    assert right.findings == ()
    assert [model.links - model.checked for model in right.models] == [0]
    assert [finding.code for finding in wrong.findings] == ["SL101"]
