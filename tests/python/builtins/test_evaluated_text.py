"""Networks that are built by evaluating a text with a key that is not known."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

MODEL = """
import torch
from torch import nn
from torchvision.models import resnet34, resnet101
OTHERS


def build(arch, strip=True):
    network = TEXT
    if strip:
        network.width = network.fc.in_features
        network.fc = nn.Identity()
    return network


class SimSiam(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone
        self.projector = nn.Sequential(nn.Linear(WIDTH, 320), nn.ReLU(), nn.Linear(320, 96))
        self.predictor = nn.Linear(96, 96)

    def forward(self, x, y):
        return self.predictor(self.projector(self.backbone(x))), self.projector(self.backbone(y)).detach()


def get_model(settings):
    return SimSiam(build(settings.arch))
"""
BY_NAME = 'eval(f"{arch}()")'
SMALL = """
class Small(nn.Module):
    def __init__(self, planes=48):
        super().__init__()
        self.stem = nn.Conv2d(3, planes, 3)
        self.fc = nn.Linear(planes, 10)

    def forward(self, x):
        return self.fc(POOLED)
"""
POOLED = SMALL.replace("POOLED", "self.stem(x).mean((2, 3))")
CUT = SMALL.replace("POOLED", "self.stem(x)[:, :, 0].flatten(1)")


def report(others: str = "", text: str = BY_NAME, width: str = "backbone.width") -> FileReport:
    code = MODEL.replace("OTHERS", others).replace("TEXT", text).replace("WIDTH", width)
    return lint_source(Source("simsiam.py", code, "python"), Options())


def faults(found: FileReport) -> list[str]:
    return [finding.code for finding in found.findings if finding.severity != "info"]


def unchecked(found: FileReport) -> list[str]:
    return [link.reason for model in found.models for link in model.unchecked]


@pytest.mark.parametrize("others", ["", POOLED, "import math\nimport torch.nn.functional as F", "RATE = 0.5"])
def test_a_head_of_the_width_of_whichever_network_fits_it(others: str) -> None:
    found = report(others)
    assert [model.links > 1 for model in found.models] == [True]
    assert faults(found) == []
    assert unchecked(found) == []


def test_a_head_that_fits_one_of_the_networks_is_not_checked() -> None:
    found = report(width="512")
    assert faults(found) == []
    (reason,) = unchecked(found)
    assert "chooses among resnet34 and resnet101" in reason


def test_a_head_that_fits_one_network_at_one_image_size_only_is_not_checked() -> None:
    found = report(CUT)
    assert faults(found) == []
    (reason,) = unchecked(found)
    assert "chooses among resnet34 and resnet101 and Small" in reason


@pytest.mark.parametrize(
    "others",
    [
        "from elsewhere import make_network",
        "from elsewhere import *",
    ],
)
def test_a_name_that_is_not_seen_may_be_the_one_that_is_chosen(others: str) -> None:
    found = report(others)
    assert faults(found) == []
    assert unchecked(found)[0].startswith("self.backbone is not resolved")
    assert len(unchecked(found)) == 2


@pytest.mark.parametrize(
    "text", ['eval(f"models.{arch}()")', 'eval(f"{arch}(True)")', 'eval(arch + "()")', "eval(arch)"]
)
def test_another_text_is_not_known(text: str) -> None:
    found = report(text=text)
    assert faults(found) == []
    assert unchecked(found)[0].startswith("self.backbone is not resolved")
    assert len(unchecked(found)) == 2


def test_what_is_tried_builds_no_model_of_the_file() -> None:
    others = "class BYOL(nn.Module):\n    def __init__(self, backbone=resnet34()):\n        super().__init__()\n"
    found = report(others + "        self.backbone = backbone\n        self.projector = nn.Linear(7, 7)\n")
    assert [model.links > 1 for model in found.models if model.name == "SimSiam"] == [True]
    assert faults(found) == []
