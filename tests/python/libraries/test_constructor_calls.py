"""Calls of constructors that Python refuses, and the ways in which a program may expect it."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.spec.findings import Finding
from shapelint.text.source import Source

MODEL = """
import lightly
import torch.nn as nn
from lightly.loss import NTXentLoss
from lightly.models.modules import BYOLProjectionHead, NNMemoryBankModule
from torchvision.models import resnet18
{before}

class SimCLR(nn.Module):
    def __init__(self, options, sizes):
        super().__init__()
        self.backbone = resnet18()
        self.backbone.fc = nn.Identity()
        self.projection_head = BYOLProjectionHead(512, 64, 16)
{inside}

    def forward(self, x):
        return self.projection_head(self.backbone(x))
"""


def found(inside: str, before: str = "") -> list[Finding]:
    """The findings in a right model with some statements more."""
    indented = "\n".join(f"        {line}" for line in inside.splitlines())
    return list(lint_text(Source("model.py", MODEL.format(before=before, inside=indented)), Settings()).findings)


@pytest.mark.parametrize(("inside", "code", "message"), [
    ("self.bank = NNMemoryBankModule()", "SL905", "bank: NNMemoryBankModule needs size, which has no default"),
    ("x = nn.Conv2d(3)", "SL905", "Conv2d needs out_channels and kernel_size, which have no default"),
    ("x = nn.Linear(out_features=3)", "SL905", "Linear needs in_features, which has no default"),
    ("x = NTXentLoss(temprature=0.1)", "SL902", "NTXentLoss takes no argument 'temprature'"),
    ("x = NTXentLoss(memory_bank=3)", "SL902", "NTXentLoss takes no argument 'memory_bank'"),
    ("x = NNMemoryBankModule(sizes=(3, 4))", "SL902", "NNMemoryBankModule takes no argument 'sizes'"),
    ("if options.bank:\n    x = NNMemoryBankModule()", "SL905", "needs size"),
    ("x = nn.CrossEntropyLoss(label_smoothin=0.1)", "SL902", "takes no argument 'label_smoothin'"),
])  # fmt: skip
def test_a_call_that_python_refuses(inside: str, code: str, message: str) -> None:
    findings = found(inside)
    assert code in {finding.code for finding in findings}
    assert any(message in finding.message for finding in findings)


@pytest.mark.parametrize(("inside", "before"), [
    ("x = NNMemoryBankModule(*sizes)", ""),
    ("x = NNMemoryBankModule(**options)", ""),
    ("x = NTXentLoss(**options)", ""),
    ("try:\n    x = NNMemoryBankModule(size=(3, 4))\nexcept TypeError:\n    x = NNMemoryBankModule()", ""),
    ("if lightly.__version__ < '1.6':\n    x = NNMemoryBankModule()", ""),
    ("x = NNMemoryBankModule()", "from mine import NNMemoryBankModule"),
    ("x = NNMemoryBankModule()", "class NNMemoryBankModule(nn.Module):\n    pass"),
    ("x = nn.Linear(512)", "nn.Linear = lambda width: nn.Identity()"),
    ("x = functools.partial(nn.Linear, 512)(3)", "import functools"),
    ("x = nn.Identity(54, unused=True)", ""),
])  # fmt: skip
def test_a_call_that_may_be_right(inside: str, before: str) -> None:
    assert [finding for finding in found(inside, before) if finding.severity != "info"] == []


def test_a_misspelt_argument_has_a_proved_fix() -> None:
    (finding,) = found("self.criterion = NTXentLoss(temprature=0.1)")
    assert finding.fix is not None
    assert not finding.fix.safe
    assert [edit.text for edit in finding.fix.edits] == ["temperature"]
