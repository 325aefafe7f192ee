"""Functions with a backward of their own: what `apply` gives is what `forward` returns, as in torch."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint import lint
from shapelint.spec.findings import Finding

PROGRAM = """
import torch, torchvision
from torch import nn
from torch.autograd import Function

class Reversed(Function):
    @staticmethod
    def forward(ctx, features, scale):
        ctx.scale = scale
        ctx.save_for_backward(features)
        return features.view_as(features)

    @staticmethod
    def backward(ctx, gradient):
        return -ctx.scale * gradient, None

class Halved(torch.autograd.Function):
    @staticmethod
    def forward(features, parts):
        return features.chunk(parts, dim=1)[0]

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, gradient):
        return gradient.repeat(1, 2), None

class Adapted(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = torchvision.models.resnet18()
        self.backbone.fc = nn.Identity()
        self.projector = nn.Linear(TAKEN, 20)

    def forward(self, images):
        return self.projector(APPLIED)

Adapted()(torch.randn(2, 3, 32, 32))
"""
APPLIED = {"Reversed.apply(self.backbone(images), 0.1)": 512, "Halved.apply(self.backbone(images), 2)": 256}


def linted(folder: Path, applied: str, taken: int) -> tuple[str, tuple[Finding, ...], int]:
    text = PROGRAM.replace("TAKEN", str(taken)).replace("APPLIED", applied)
    (folder / "train.py").write_text(text)
    [file] = lint(folder / "train.py").files
    return text, file.findings, sum(len(model.unchecked) for model in file.models)


@pytest.mark.parametrize(("applied", "width"), APPLIED.items())
def test_a_right_width_fits(tmp_path: Path, applied: str, width: int) -> None:
    text, findings, unchecked = linted(tmp_path, applied, width)
    exec(text, {"__name__": "train"})
    assert (findings, unchecked) == ((), 0)


@pytest.mark.parametrize(("applied", "width"), APPLIED.items())
def test_a_wrong_width_is_found(tmp_path: Path, applied: str, width: int) -> None:
    text, [finding], _ = linted(tmp_path, applied, 384)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        exec(text, {"__name__": "train"})
    assert (finding.code, finding.expected, finding.actual) == ("SL101", 384, width)
