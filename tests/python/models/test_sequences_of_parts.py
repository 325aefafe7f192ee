"""Networks written as one `nn.Sequential` of a backbone and heads: each of these is a part with a role of its own."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

PREAMBLE = """
import copy
import torch
from torch import nn
from torchvision.models import resnet34, resnet101
from lightly.models.modules import BYOLPredictionHead, BYOLProjectionHead, SimCLRProjectionHead

images = torch.randn(4, 3, 80, 80)
trunk = resnet101()
trunk.fc = nn.Identity()
"""
HEADS = """
projector = nn.Sequential(nn.Linear({width}, 700), nn.BatchNorm1d(700), nn.ReLU(), nn.Linear(700, 90))
predictor = nn.Sequential(nn.Linear(90, {hidden}), nn.ReLU(), nn.Linear(64, 90))
net = nn.Sequential(trunk, projector, predictor)
net(images)
"""


def report(text: str) -> FileReport:
    return lint_text(Source("train.py", PREAMBLE + text), Settings())


def faults(text: str) -> list[tuple[str, str, object, object]]:
    return [(one.code, one.role, one.expected, one.actual) for one in report(text).findings]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (HEADS.format(width=2048, hidden=64), None),
        (HEADS.format(width=512, hidden=64), ("SL101", "net projector", 512, 2048)),
        (HEADS.format(width=2048, hidden=48), ("SL104", "net predictor", 64, 48)),
        ("nn.Sequential(trunk, SimCLRProjectionHead(2048, 900, 70))(images)", None),
        (
            "nn.Sequential(trunk, SimCLRProjectionHead(512, 900, 70))(images)",
            ("SL101", "projection_head", 512, 2048),
        ),
        (
            "n = nn.Sequential(trunk, BYOLProjectionHead(2048, 900, 70), BYOLPredictionHead(60, 900, 70))\nn(images)",
            ("SL101", "n prediction_head", 60, 70),
        ),
        (
            "n = nn.Sequential(*list(resnet34().children())[:-1], nn.Flatten(), SimCLRProjectionHead(500, 9, 7))\n"
            "n(images)",
            ("SL101", "n projection_head", 500, 512),
        ),
        (
            "n = nn.Sequential(trunk, nn.Linear(512, 10), SimCLRProjectionHead(10, 9, 8))\nn(images)",
            ("SL104", "n trunk", 512, 2048),
        ),
    ],
)
def test_a_head_is_compared_with_what_comes_before_it(text: str, fault: tuple[str, str, object, object] | None) -> None:
    assert faults(text) == ([] if fault is None else [fault])
    assert report(text).models


def test_two_networks_in_a_script_have_faults_of_their_own() -> None:
    text = """
first = nn.Sequential(nn.Conv2d(3, 24, 8, 8), nn.AdaptiveAvgPool2d(1), nn.Flatten(), SimCLRProjectionHead(32, 9, 7))
second = nn.Sequential(trunk, SimCLRProjectionHead(500, 9, 7))
first(images), second(images)
"""
    assert faults(text) == [
        ("SL101", "first projection_head", 32, 24),
        ("SL101", "second projection_head", 500, 2048),
    ]


def test_a_copy_has_the_parts_of_its_original() -> None:
    text = """
online = nn.Sequential(trunk, SimCLRProjectionHead(2048, 9, 7))
target = copy.deepcopy(online)
online(images), target(images)
"""
    (model,) = report(text).models
    assert [link.role for link in model.chain] == [
        "online trunk",
        "online projection_head",
        "target trunk",
        "target projection_head",
    ]


def test_a_classifier_behind_a_backbone_is_a_layer() -> None:
    assert faults("n = nn.Sequential(trunk, nn.Linear(512, 10))\nn(images)") == []
