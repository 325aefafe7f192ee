"""The end of a library's model is replaced behind a layer whose width is an argument of the model."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.text.source import Source

torch = pytest.importorskip("torch")
pytest.importorskip("torchvision")

MODEL = """
import torch
import torchvision
from torch import nn


class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = torchvision.models.squeezenet1_1({classes})
        self.backbone.classifier[-1] = {end}
        self.projection_head = nn.Sequential(nn.Linear({width}, 64), nn.ReLU(), nn.Linear(64, 32))

    def forward(self, images):
        return self.projection_head(self.backbone(images))


SimCLR()(torch.zeros(2, 3, 64, 64))
"""
PLACES = 3 * 3
"""squeezenet1_1 leaves a map of 3 x 3 of an image of 64 x 64; its forward flattens the map."""


@pytest.mark.parametrize("width", [10 * PLACES, 1000 * PLACES, 10, 1000])
@pytest.mark.parametrize(("classes", "count"), [("", 1000), ("num_classes=10", 10)])
@pytest.mark.parametrize(("end", "places"), [("nn.Identity()", PLACES), ("nn.AdaptiveAvgPool2d(1)", 1)])
def test_the_width_is_that_of_the_classes(classes: str, count: int, end: str, places: int, width: int) -> None:
    text = MODEL.format(classes=classes, end=end, width=width)
    report = lint_source(Source("train.py", text), Options())
    assert not report.models[0].unchecked
    found = [(finding.code, finding.expected, finding.actual) for finding in report.findings]
    if width == count * places:
        assert found == []
        exec(text, {"__name__": "train"})
    else:
        assert found == [("SL101", width, count * places)]
        with pytest.raises(RuntimeError, match=f"x{count * places} and {width}x64"):
            exec(text, {"__name__": "train"})
