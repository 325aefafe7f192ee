"""The first convolution of a library's model is replaced, for images of other channels, wherever it stands."""

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


class BarlowTwins(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = torchvision.models.{model}()
        self.backbone.{place} = nn.{stem}
        self.backbone.{end} = nn.Identity()
        self.projection_head = nn.Sequential(nn.Linear({width}, 64), nn.ReLU(), nn.Linear(64, 32))

    def forward(self, images):
        return self.projection_head(self.backbone(images))


BarlowTwins()(torch.zeros(2, {channels}, 96, 96))
"""
STEMS = [
    ("mobilenet_v2", "features[0][0]", "Conv2d(5, 32, 3, 2, 1, bias=False)", "classifier", 1280),
    ("mobilenet_v3_small", "features[0][0]", "Conv2d(5, 16, 3, 2, 1)", "classifier", 576),
    ("efficientnet_b0", "features[0][0]", "Conv2d(5, 32, 5, 2, 2)", "classifier", 1280),
    ("convnext_tiny", "features[0][0]", "Conv2d(5, 96, 4, 4)", "classifier[2]", 768),
    ("swin_t", "features[0][0]", "Conv2d(5, 96, 4, 4)", "head", 768),
    ("swin_v2_t", "features[0][0]", "Conv2d(5, 96, 4, 4)", "head", 768),
    ("regnet_y_400mf", "stem[0]", "Conv2d(5, 32, 3, 2, 1)", "fc", 440),
    ("densenet121", "features.conv0", "Conv2d(5, 64, 7, 2, 3)", "classifier", 1024),
]
each_stem = pytest.mark.parametrize(("model", "place", "stem", "end", "width"), STEMS)


def reported(text: str) -> list[tuple[str, object, object]]:
    report = lint_source(Source("train.py", text), Options())
    assert [link for model in report.models for link in model.unchecked] == []
    return [(finding.code, finding.expected, finding.actual) for finding in report.findings]


@each_stem
def test_the_model_takes_the_channels_of_its_new_stem(model: str, place: str, stem: str, end: str, width: int) -> None:
    fields = {"model": model, "place": place, "stem": stem, "end": end}
    right = MODEL.format(**fields, width=width, channels=5)
    exec(right, {"__name__": "train"})
    assert reported(right) == []
    wrong = MODEL.format(**fields, width=width + 7, channels=5)
    with pytest.raises(RuntimeError, match=f"x{width} and {width + 7}x64"):
        exec(wrong, {"__name__": "train"})
    assert reported(wrong) == [("SL101", width + 7, width)]


@each_stem
def test_images_of_other_channels_do_not_fit_the_new_stem(
    model: str, place: str, stem: str, end: str, width: int
) -> None:
    text = MODEL.format(model=model, place=place, stem=stem, end=end, width=width, channels=3)
    with pytest.raises(RuntimeError, match="to have 5 channels, but got 3 channels"):
        exec(text, {"__name__": "train"})
    assert [(expected, actual) for _, expected, actual in reported(text)] == [(5, 3)]


def test_a_stem_of_another_width_does_not_fit_what_follows_it() -> None:
    fields = {"model": "mobilenet_v2", "place": "features[0][0]", "end": "classifier", "width": 1280, "channels": 3}
    text = MODEL.format(**fields, stem="Conv2d(3, 48, 3, 2, 1)")
    with pytest.raises(RuntimeError, match="running_mean should contain 48 elements not 32"):
        exec(text, {"__name__": "train"})
    assert [(expected, actual) for _, expected, actual in reported(text)] == [(32, 48)]
