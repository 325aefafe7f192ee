"""What stable-pretraining builds in a script: torchvision's models, perceptrons, copies, and transformers by size."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.text.source import Source

SCRIPT = """
import stable_pretraining as spt
from stable_pretraining.backbone.utils import vit_hf
import torch
from lightly.loss import NegativeCosineSimilarity
from torch import nn


class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = spt.backbone.TeacherStudentWrapper({backbone})
        projector = spt.backbone.MLP({width}, [640, 160], norm_layer="batch_norm")
        self.projector = spt.backbone.TeacherStudentWrapper(projector)
        self.predictor = spt.backbone.MLP(160, [640, 160])
        self.loss = NegativeCosineSimilarity()

    def forward(self, a, b):
        p = self.predictor(self.projector.forward_student(self.backbone.forward_student(a){token}))
        z = self.projector.forward_teacher(self.backbone.forward_teacher(b){token})
        return self.loss(p, z)


BYOL()(torch.randn(4, 3, 224, 224), torch.randn(4, 3, 224, 224))
"""
RESNET = 'spt.backbone.from_torchvision("{}", low_resolution=True)'


def faults(backbone: str, width: int, token: str = "") -> list[tuple[str, object, object]]:
    text = SCRIPT.format(backbone=backbone, width=width, token=token)
    report = lint_text(Source("byol.py", text), Settings())
    assert report.models
    return [(one.code, one.expected, one.actual) for one in report.findings if one.severity != "info"]


@pytest.mark.parametrize(("name", "width"), [("resnet18", 512), ("resnet50", 2048)])
def test_a_model_of_torchvision_comes_without_its_classifier(name: str, width: int) -> None:
    assert faults(RESNET.format(name), width) == []
    ((_, expected, actual),) = faults(RESNET.format(name), width + 1)
    assert (expected, actual) == (width + 1, width)


@pytest.mark.parametrize(("size", "width"), [("tiny", 192), ("small", 384), ("base", 768), ("large", 1024)])
def test_a_transformer_has_the_width_of_its_size(size: str, width: int) -> None:
    token = ".last_hidden_state[:, 0]"
    assert faults(f'vit_hf("{size}", patch_size=14)', width, token) == []
    ((_, expected, actual),) = faults(f'vit_hf(size="{size}")', 512, token)
    assert (expected, actual) == (512, width)
