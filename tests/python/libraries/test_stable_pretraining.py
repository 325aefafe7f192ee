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


STEPS = """
import lightning
import stable_pretraining as spt
import torch
from functools import partial
from torch import nn


class Conditioned(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.shift = nn.Linear(width, width)

    def forward(self, latent, condition):
        return self.norm(latent) + self.shift(condition)


class Jepa(nn.Module):
    def __init__(self, encoder, projector, predictor):
        super().__init__()
        self.encoder, self.projector, self.predictor = encoder, projector, predictor

    def encode(self, batch):
        batch["latent"] = self.projector(self.encoder(batch["frames"]).last_hidden_state[:, 0])
        return batch


def step(self, batch, stage, weight):
    latent = self.model.encode(batch)["latent"]
    tokens = self.model.encoder(batch["frames"]).last_hidden_state
    predicted = self.model.predictor(batch["past"], tokens)
    batch["loss"] = weight * (predicted - latent).pow(2).mean()
    return batch


encoder = spt.backbone.utils.vit_hf("small", patch_size=16, use_mask_token=False)
projector = spt.backbone.MLP({width}, [512, 96], norm_layer="batch_norm")
module = spt.Module(model=Jepa(encoder, projector, Conditioned(384)), forward=partial(step, weight=0.5))
manager = spt.Manager(trainer=lightning.Trainer(), module=module, data=None)
manager()
"""


@pytest.mark.parametrize(("width", "found"), [(384, []), (192, [("SL101", 192, 384)])])
def test_a_step_that_is_a_function_is_read_where_the_manager_trains_with_it(width: int, found: list[object]) -> None:
    """The tokens that a predictor is conditioned on are no features of a head for vectors."""
    report = lint_text(Source("train.py", STEPS.format(width=width)), Settings())
    assert [(one.code, one.expected, one.actual) for one in report.findings if one.severity != "info"] == found
    assert "predictor" in {link.role for link in report.models[0].unchecked}
