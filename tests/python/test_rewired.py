"""A file that changes how its own code works gets no verdict, and the report gives the reason."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.text.source import Source

MODEL = """
import torch
import torchvision
from torch import nn

class SimCLR(nn.Module):
    def __init__(self, width=3):
        super().__init__()
        self.encoder = torchvision.models.resnet18()
        self.encoder.fc = nn.Identity()
        self.projector = nn.Linear(width, 64)
    def forward(self, images):
        return self.projector(self.encoder(images))
{rewiring}
SimCLR()(torch.randn(4, 3, 64, 64))
"""
REWIRINGS = {
    "the defaults of a function": ("SimCLR.__init__.__defaults__ = (512,)", "__defaults__"),
    "a layer's forward": ("nn.Linear.forward = lambda self, x: x", "torch.nn.Linear.forward"),
    "a mock": ("import unittest.mock\nunittest.mock.patch('torch.nn.Linear').start()", "unittest.mock.patch"),
    "a text that defines": ("exec('class SimCLR(nn.Module): forward = print')", "exec"),
}


def test_without_the_rewiring_there_is_a_verdict() -> None:
    report = lint_source(Source("train.py", MODEL.replace("{rewiring}", "")), Options())
    assert [finding.code for finding in report.findings] == ["SL101"]


@pytest.mark.parametrize("name", REWIRINGS)
def test_a_file_that_rewires_itself_is_not_judged(name: str) -> None:
    code, by = REWIRINGS[name]
    (finding,) = lint_source(Source("train.py", MODEL.replace("{rewiring}", code)), Options()).findings
    assert (finding.code, finding.severity) == ("SL901", "info")
    assert by in finding.message
