"""A part of a file that is too long concerns the models that it builds or calls, and no others."""

from __future__ import annotations

from shapelint.linting.lint_source import lint_source
from shapelint.linting.python_links import EXHAUSTED
from shapelint.resolve.options import Options
from shapelint.text.source import Source

MODELS = """
import torch
import torch.nn as nn
import torchvision


class Simclr(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = torchvision.models.resnet18()
        self.backbone.fc = nn.Identity()
        self.projection_head = nn.Linear(512, 40)

    def forward(self, x):
        return self.projection_head(self.backbone(x))


class Byol(Simclr):
    pass


def endless(x):
    total = 0
    NESTED
    return total


def one():
    return Simclr()(torch.randn(8, 3, 64, 64))


def two():
    model = Byol()
    AFTER
    return model(torch.randn(8, 3, 64, 64))
"""


def nested(depth: int) -> str:
    """Loops over numbers inside each other, each of which is followed."""
    lines = [f"{'    ' * (level + 1)}for n{level} in [1, 2, 3, 5, 7, 11, 13, 17]:" for level in range(depth)]
    return "\n".join([lines[0].strip(), *lines[1:], f"{'    ' * (depth + 1)}total = x + n0"])


def cut_short(after: str) -> list[str]:
    """The models of the program that were not followed to the end."""
    report = lint_source(Source("train.py", MODELS.replace("NESTED", nested(6)).replace("AFTER", after)), Options())
    return [model.name for model in report.models if EXHAUSTED in [link.reason for link in model.unchecked]]


def test_the_model_of_the_long_part_is_cut_short_and_the_other_is_not() -> None:
    assert cut_short("print(endless(3))") == ["Byol"]


def test_a_long_part_without_a_model_is_a_matter_of_one_model() -> None:
    assert cut_short("pass") == ["Simclr"]
