"""A head that takes tokens is reported (SL205), unless the script shows that this is intended."""

from __future__ import annotations

import pytest

from tests.python.test_features import serious

MODEL = """
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 64, 16, stride=16), nn.Flatten(2), nn.Linear(16, 48))
        self.projector = nn.Sequential(nn.Linear(48, 96), nn.ReLU(), nn.Linear(96, 32))
    def forward(self, images):
        tokens = self.encoder(images)
        {forward}
SimCLR()(torch.randn(4, 3, 64, 64))
"""
MEANT = {
    "the axes are laid out by hand": "return self.projector(tokens.transpose(1, 2).transpose(1, 2))",
    "one token is taken": "return self.projector(tokens)[:, 0]",
    "tokens are taken apart": "z = self.projector(tokens)\n        return z[:, 0], z[:, 1:]",
}


def test_tokens_passed_to_a_head_are_reported() -> None:
    (finding,) = serious(MODEL.replace("{forward}", "return self.projector(tokens)"))
    assert finding.code == "SL205"


@pytest.mark.parametrize("name", MEANT)
def test_intended_tokens_are_not_reported(name: str) -> None:
    assert serious(MODEL.replace("{forward}", MEANT[name])) == []
