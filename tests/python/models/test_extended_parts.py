"""A program that adds a layer to a part of a model goes on with that part: the whole is not run in its place."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.text.source import Source

SCRIPT = """
import torch
from torch import nn
from torchvision.models import resnet18


class SimSiam(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(*list(resnet18().children())[:-1], nn.Flatten())
        self.projector = nn.Sequential(nn.Linear(WIDTH, 256), nn.BatchNorm1d(256))

    def forward(self, x):
        return self.projector(self.backbone(x))


model = SimSiam()
"""
PROBE = "probe = model.backbone\nprobe.classifier = nn.Linear(512, 10)\nprobe(torch.randn(4, 3, 64, 64))\n"
WHOLE = "model.backbone.norm = nn.BatchNorm1d(512)\nmodel(torch.randn(4, 3, 64, 64))\n"


def codes(rest: str, width: int) -> list[tuple[str, object, object]]:
    source = Source("probe.py", SCRIPT.replace("WIDTH", str(width)) + rest)
    return [(one.code, one.expected, one.actual) for one in lint_source(source, Options()).findings]


def test_a_probe_on_the_backbone_is_no_fault_of_the_projector() -> None:
    assert codes(PROBE, 512) == []


@pytest.mark.parametrize(("width", "found"), [(512, []), (640, [("SL101", 640, 512)])])
def test_a_model_that_the_program_runs_afterwards_is_checked(width: int, found: list[object]) -> None:
    assert codes(WHOLE, width) == found


def test_torch_agrees() -> None:
    pytest.importorskip("torchvision")
    exec(SCRIPT.replace("WIDTH", "512") + PROBE, {})
    exec(SCRIPT.replace("WIDTH", "512") + WHOLE, {})
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        exec(SCRIPT.replace("WIDTH", "640") + WHOLE, {})
