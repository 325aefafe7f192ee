"""Networks that are put together from torchvision's ResNet blocks: they have the widths of the real ones."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torchvision.models import resnet

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

SCRIPT = """\
import torch
from torch import nn
from torchvision.models.resnet import BLOCK as Block


class Tiny(nn.Module):
    def __init__(self, planes=24):
        super().__init__()
        wide = planes * Block.expansion
        self.stem = nn.Conv2d(3, planes, 3, padding=1)
        self.first = Block(planes, planes, 1, nn.Conv2d(planes, wide, 1))
        self.second = Block(wide, planes)

    def forward(self, x):
        return self.second(self.first(self.stem(x))).mean((2, 3))


class BarlowTwins(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = Tiny()
        self.projector = nn.Linear(WIDTH, 64)

    def forward(self, x):
        return self.projector(self.backbone(x))


model = BarlowTwins()
model(torch.randn(4, 3, 32, 32))
"""
RULES = Path(__file__).parents[3] / "rules" / "python" / "resnet_blocks.py"


def linted(block: str, width: int) -> FileReport:
    return lint_source(Source("pretrain.py", SCRIPT.replace("BLOCK", block).replace("WIDTH", str(width))), Options())


@pytest.mark.parametrize(("block", "width"), [("BasicBlock", 24), ("Bottleneck", 96)])
def test_a_network_of_blocks_has_its_width(block: str, width: int) -> None:
    right, wrong = linted(block, width), linted(block, width + 8)
    assert right.findings == ()
    assert [model.links - model.checked for model in right.models] == [0]
    assert [finding.code for finding in wrong.findings] == ["SL101"]


@pytest.mark.parametrize("name", ["BasicBlock", "Bottleneck"])
def test_a_block_has_the_weights_of_the_real_one(name: str) -> None:
    scope: dict[str, type[torch.nn.Module]] = {}
    exec(compile(RULES.read_text(encoding="utf-8"), str(RULES), "exec"), scope)
    real = getattr(resnet, name)
    arguments = (16 * real.expansion, 16)
    ours, theirs = scope[name](*arguments), real(*arguments)
    assert [(key, value.shape) for key, value in ours.state_dict().items()] == [
        (key, value.shape) for key, value in theirs.state_dict().items()
    ]
    assert scope[name].expansion == real.expansion
    theirs.load_state_dict(ours.state_dict())
    image = torch.randn(2, arguments[0], 8, 8)
    assert torch.equal(ours.eval()(image), theirs.eval()(image))
