"""Tensors that are built from a class (`torch.Tensor(512, 10)`), held against the same programs as they run."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.text.source import Source

pytest.importorskip("torchvision")

PROGRAM = """
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models import resnet18


class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = resnet18()
        self.backbone.fc = nn.Identity()
        self.projection_head = nn.Linear(512, 24)
        self.classes = nn.Parameter({classes})
        self.scale = nn.Parameter(torch.Tensor([0.07]))
        self.register_buffer("queue", {queue})

    def forward(self, x):
        z = self.projection_head(self.backbone(x))
        return F.linear(z, self.classes) * self.scale, z @ self.queue


scores, similar = SimCLR()(torch.randn(5, 3, 64, 64))
labels = {labels}
F.cross_entropy(scores, labels)
F.mse_loss(similar, {last})
"""
RIGHT = {
    "classes": "torch.Tensor(10, 24)",
    "queue": "torch.FloatTensor(24, 70)",
    "labels": "torch.LongTensor([0, 1, 2, 3, 4])",
    "last": "torch.DoubleTensor(5, 70).zero_().float()",
}


@pytest.mark.parametrize(("changed", "code", "numbers", "stop"), [
    ({}, "", (), ""),
    ({"labels": "torch.LongTensor(5).zero_()"}, "", (), ""),
    ({"labels": "torch.Tensor(torch.zeros(5)).long()"}, "", (), ""),
    ({"classes": "torch.Tensor(*[10, 24])"}, "", (), ""),
    ({"classes": "torch.Tensor(torch.zeros(10, 24).size())"}, "", (), ""),
    ({"classes": "torch.Tensor(torch.zeros(10, 24).shape)"}, "", (), ""),
    ({"classes": "torch.Tensor(torch.Size([10, 24]))"}, "", (), ""),
    ({"classes": "torch.Tensor(torch.zeros(10, 22).shape)"}, "SL101", (22, 24), "5x24 and 22x10"),
    ({"labels": "torch.LongTensor(tuple(torch.zeros(1, 2, 3, 4, 5).shape))"}, "", (), ""),
    ({"classes": "torch.Tensor(10, 26)"}, "SL101", (26, 24), "5x24 and 26x10"),
    ({"queue": "torch.FloatTensor(22, 70)"}, "SL101", (22, 24), "5x24 and 22x70"),
    ({"labels": "torch.LongTensor([0, 1, 2])"}, "SL115", (5, 3), r"batch_size \(5\) .* batch_size \(3\)"),
    ({"labels": "torch.LongTensor(4).zero_()"}, "SL115", (5, 4), r"batch_size \(5\) .* batch_size \(4\)"),
])  # fmt: skip
def test_a_tensor_of_its_class(changed: dict[str, str], code: str, numbers: tuple[int, ...], stop: str) -> None:
    text = PROGRAM.format(**{**RIGHT, **changed})
    report = lint_text(Source("train.py", text), Settings())
    errors = [one for one in report.findings if one.severity == "error"]
    assert [one.code for one in errors] == ([code] if code else [])
    if code:
        assert {errors[0].expected, errors[0].actual} == set(numbers)
        with pytest.raises((RuntimeError, ValueError), match=stop):
            exec(text, {"__name__": "train"})
    else:
        exec(text, {"__name__": "train"})
        assert [link for model in report.models for link in model.unchecked] == []


@pytest.mark.parametrize("size", ["torch.zeros(10, 24, 3).shape[:2]", "torch.zeros(10).shape + torch.zeros(24).shape"])
def test_sizes_that_are_not_seen_to_be_sizes(size: str) -> None:
    text = PROGRAM.format(**{**RIGHT, "classes": f"torch.Tensor({size})"})
    exec(text, {"__name__": "train"})
    report = lint_text(Source("train.py", text), Settings())
    assert [one for one in report.findings if one.severity == "error"] == []
