"""A loss is one link where it is written, however often the program gets there."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.text.source import Source

MODEL = """
import torch
import torchvision
from torch import nn


class SimSiam(nn.Module):
    def __init__(self, extra):
        super().__init__()
        self.backbone = torchvision.models.resnet18()
        self.backbone.fc = nn.Identity()
        self.projector = nn.Linear(512, 72)
        self.predictor = nn.Linear(72, 72)
        self.criterion = nn.MSELoss()
        self.extra = extra

    def compare(self, p, z):
        return self.criterion(p, z)

    def forward(self, x, y):
        one, two = self.projector(self.backbone(x)), self.projector(self.backbone(y))
        total = 0
        for p, z in ((one, two), (two, one), (SECOND, one)):
            total = total + self.compare(self.predictor(p), z)
        return total
"""


@pytest.mark.parametrize(("second", "checked"), [("one", 4), ("self.extra(one)", 3)])
def test_a_loss_that_runs_three_times_is_one_link(second: str, checked: int) -> None:
    report = lint_source(Source("m.py", MODEL.replace("SECOND", second), "python"), Options())
    (model,) = report.models
    assert (model.checked, model.links) == (checked, 4)
    assert len([link for link in model.unchecked if link.role == "loss"]) == (checked != 4)


BANKS = """
import torch
import torchvision
from torch import nn
from lightly.loss import NTXentLoss
from lightly.models.modules import NNMemoryBankModule, SimCLRProjectionHead

class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = torchvision.models.resnet18()
        self.backbone.fc = nn.Identity()
        self.projection_head = SimCLRProjectionHead(512, 512, 128)
        self.criterion = NTXentLoss()
    def forward(self, images):
        return self.projection_head(self.backbone(images))
    def training_step(self, batch, index):
        return self.criterion(self(batch[0]), self(batch[1]))

class NNCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = torchvision.models.resnet18()
        self.backbone.fc = nn.Identity()
        self.projection_head = SimCLRProjectionHead(512, 512, 128)
        self.criterion = NTXentLoss()
        self.memory_bank = NNMemoryBankModule(size={size})
    def forward(self, images):
        return self.projection_head(self.backbone(images))
    def training_step(self, batch, index):
        return self.criterion(self.memory_bank(self(batch[0]), update=True), self(batch[1]))
"""


def bank_reasons(size: str) -> dict[str, list[str]]:
    """Return the reasons of the unchecked links of each model."""
    report = lint_source(Source("banks.py", BANKS.format(size=size), "python"), Options())
    return {model.name: [link.reason for link in model.unchecked] for model in report.models}


def test_a_bank_is_a_link_of_the_model_that_has_it() -> None:
    assert bank_reasons("(4096, 128)") == {"SimCLR": [], "NNCLR": []}
    reasons = bank_reasons("4096")
    assert reasons["SimCLR"] == []
    assert reasons["NNCLR"] == ["the memory bank is built without a width, which lightly 1.6 refuses"]


def test_lightly_refuses_a_bank_without_a_width() -> None:
    modules = pytest.importorskip("lightly.models.modules.nn_memory_bank")
    with pytest.raises(ValueError, match="feature dimension"):
        modules.NNMemoryBankModule(size=4096)
    modules.NNMemoryBankModule(size=(4096, 128))
