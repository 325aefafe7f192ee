"""Numbers that are known at run time only are numbers all the same: a tensor that is divided by one keeps its shape."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

PROGRAM = """
import torch
import torch.distributed as dist
import torch.nn as nn
import torch.nn.functional as F
import torchvision


class Contrast(nn.Module):
    def __init__(self, warmth, count):
        super().__init__()
        self.encoder = torchvision.models.resnet18()
        self.encoder.fc = nn.Identity()
        self.projector = nn.Linear(512, 72)
        self.warmth = NUMBER
        self.count = count

    def forward(self, x1, x2):
        left, right = F.normalize(self.projector(self.encoder(x1))), F.normalize(self.projector(self.encoder(x2)))
        scores = left @ right.t() / self.warmth
        return F.cross_entropy(scores, torch.arange(left.shape[0]))
"""


def loss(number: str) -> tuple[int, int, list[str]]:
    """Return how many links there are and were checked, and why the others were not."""
    (model,) = lint_source(Source("train.py", PROGRAM.replace("NUMBER", number)), Options()).models
    return model.links, model.checked, [link.reason for link in model.unchecked]


@pytest.mark.parametrize(
    "number",
    [
        "float(warmth)",
        "int(warmth)",
        "float(warmth) * 2 if count else 0.5",
        "1 + dist.get_world_size()",
        "0.2 if warmth else 0.3",
    ],
)
def test_the_scores_of_a_loss_keep_their_shape(number: str) -> None:
    links, checked, reasons = loss(number)
    assert links == checked == 3, reasons


@pytest.mark.parametrize("number", ["warmth", "warmth[0]", "float(warmth).elements", "warmth if count else 0.5"])
def test_what_may_be_a_tensor_is_no_number(number: str) -> None:
    assert loss(number)[2] == ["what CrossEntropyLoss gets as input is not known"]


SIZES = """
import torch
import torch.nn as nn
import torchvision


class Queue(nn.Module):
    def __init__(self, count):
        super().__init__()
        self.backbone = torchvision.models.resnet18(num_classes=64)
        self.projector = nn.Linear(WIDTH, 64)
        self.register_buffer("stored", torch.zeros(count, 48))

    def forward(self, x):
        return self.projector(self.stored), self.backbone(x)
"""


@pytest.mark.parametrize(("width", "codes"), [(48, []), (64, ["SL101"])])
def test_a_tensor_of_a_number_of_rows_that_is_not_known_has_its_width(width: int, codes: list[str]) -> None:
    report: FileReport = lint_source(Source("train.py", SIZES.replace("WIDTH", str(width))), Options())
    assert [finding.code for finding in report.findings if finding.severity == "error"] == codes
