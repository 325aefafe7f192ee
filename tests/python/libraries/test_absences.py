"""Names that a library does not have, and the ways in which a program may know better."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.spec.findings import Finding
from shapelint.text.source import Source

MODEL = """
import lightly
import torch.nn as nn
import torchvision
from lightly.models.modules import BYOLProjectionHead
from torchvision import models
{before}

class SimCLR(nn.Module):
    def __init__(self, options):
        super().__init__()
        self.backbone = models.resnet18()
{inside}
        self.backbone.fc = nn.Identity()
        self.projection_head = BYOLProjectionHead(512, 64, 16)

    def forward(self, x):
        return self.projection_head(self.backbone(x))
"""


def found(inside: str = "pass", before: str = "") -> list[Finding]:
    """The findings in a right model with some statements more."""
    indented = "\n".join(f"        {line}" for line in inside.splitlines())
    text = MODEL.format(before=before, inside=indented)
    return [one for one in lint_text(Source("model.py", text), Settings()).findings if one.severity != "info"]


@pytest.mark.parametrize(("inside", "before", "meant"), [
    ("x = self.backbone.classifier", "", "fc"),
    ("x = self.backbone.heads.in_features", "", "fc"),
    ("x = models.densenet121()\nwidth = x.fc.in_features\nx.fc = nn.Identity()", "", "classifier"),
    ("x = models.vit_b_16().head", "", "heads"),
    ("x = torchvision.models.densenet121().fc.in_features", "", "classifier"),
    ("x = models.resnet19()", "", "resnet18"),
    ("self.backbone = models.resnet19()", "", "resnet18"),
    ("x = torchvision.models.densnet121", "", "densenet121"),
    ("pass", "from torchvision.models import resnet_18", "resnet18"),
    ("pass", "from lightly.loss import SymNegCosineSimilarityLoss", "NegativeCosineSimilarity"),
    ("x = lightly.loss.NTXEntLoss()", "", "NTXentLoss"),
    ("pass", "from lightly.loss.sym_neg_cos_sim_loss import SymNegCosineSimilarityLoss", None),
    ("pass", "from lightly.models import SimCLR as Whole", None),
    ("pass", "from lightly.models.modules import BYOLProjectonHead", "BYOLProjectionHead"),
    ("pass", "from lightly.models.modules import MSNProjectionHead", "lightly.models.modules.heads.MSNProjectionHead"),
])  # fmt: skip
def test_a_name_that_is_not_there(inside: str, before: str, meant: str | None) -> None:
    (finding,) = found(inside, before)
    assert (finding.code, finding.severity) == ("SL114", "error")
    if meant is not None:
        assert finding.expected == meant


@pytest.mark.parametrize(("inside", "before"), [
    ("self.backbone.classifier = nn.Linear(4, 4)\nx = self.backbone.classifier", ""),
    ("x = self.backbone.classifier if hasattr(self.backbone, 'classifier') else 0", ""),
    ("x = getattr(self.backbone, 'classifier', None)", ""),
    ("if options.dense:\n    x = self.backbone.classifier", ""),
    ("try:\n    x = self.backbone.classifier\nexcept AttributeError:\n    x = 0", ""),
    ("x = models.vit_b_16().encoder, models.vit_b_16().heads, self.backbone.layer4", ""),
    ("x = self.backbone.inplanes, self.backbone.head_width", ""),
    ("pass", "try:\n    from lightly.loss import SymNegCosineSimilarityLoss\nexcept ImportError:\n    pass"),
    ("pass", "from lightly.loss import SomethingNewLoss, DetConCLoss, IBOTPlusPatchLoss"),
    ("pass", "from lightly.models.modules import DINOv3ProjectionHead"),
    ("pass", "from torchvision.models import convnext_v2_tiny, ResNet18_Weights, vit_new"),
    ("x = models.resnet18_of_mine", ""),
    ("pass", "from lightly.loss.memory_bank import MemoryBankModule\nfrom lightly.models.modules import ijepa"),
    ("x = models.detection.fasterrcnn_resnet50_fpn", "from torchvision.models.resnet import BasicBlock"),
    ("x = models.resnet19()", "models.resnet19 = models.resnet18"),
])  # fmt: skip
def test_a_name_that_may_be_there(inside: str, before: str) -> None:
    assert found(inside, before) == []
