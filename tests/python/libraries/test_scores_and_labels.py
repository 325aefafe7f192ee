"""A loss of scores and labels fixes their rows: with as many of both it is checked, whatever number of classes."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.text.source import Source

SCRIPT = """
import torch
from torch import nn
from torchvision.models import resnet18


class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = resnet18(num_classes=80)

    def forward(self, x):
        return self.backbone(x)


def scores(z, views):
    near = z @ z.T
    same = near.argsort(dim=1) < views
    positives = near[same].view(z.shape[0], -1)
    negatives = near[~same].view(z.shape[0], -1)
    return torch.cat([positives, negatives], dim=1)


z = SimCLR()(torch.randn(12, 3, 64, 64))
logits = scores(z, 2)
nn.CrossEntropyLoss()(logits / 0.2, LABELS)
"""
KNOWN = ("torch.zeros(logits.shape[0], dtype=torch.long)", "torch.zeros(12, dtype=torch.long)")
OTHERS = "torch.zeros(24, dtype=torch.long)"
NOT = {"labels_of(z)": "is not known", f"{OTHERS} if flag else {KNOWN[1]}": "is not known"}


@pytest.mark.parametrize("labels", KNOWN)
def test_as_many_labels_as_rows_are_checked(labels: str) -> None:
    report = lint_source(Source("train.py", SCRIPT.replace("LABELS", labels)), Options())
    assert report.findings == ()
    assert [model.unchecked for model in report.models] == [()]


def test_another_number_of_labels_is_a_fault() -> None:
    report = lint_source(Source("train.py", SCRIPT.replace("LABELS", OTHERS)), Options())
    assert [(finding.code, finding.expected, finding.actual) for finding in report.findings] == [("SL115", 12, 24)]
    pytest.importorskip("torchvision")
    with pytest.raises(ValueError, match="batch_size"):
        exec(SCRIPT.replace("LABELS", OTHERS), {})


@pytest.mark.parametrize("labels", NOT)
def test_other_labels_are_not_called_checked(labels: str) -> None:
    (model,) = lint_source(Source("train.py", SCRIPT.replace("LABELS", labels)), Options()).models
    (link,) = model.unchecked
    assert NOT[labels] in link.reason


@pytest.mark.parametrize("labels", KNOWN)
def test_torch_agrees(labels: str) -> None:
    pytest.importorskip("torchvision")
    exec(SCRIPT.replace("LABELS", labels), {})
