"""Heads that take neither the width of a token nor that of an axis before it: the width is wrong, not the rank."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.spec.findings import Finding
from shapelint.text.source import Source

MODEL = """
import torch
from torch import nn

class Tokens(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.patches = nn.Conv2d(3, width, 8, 8)
        layer = nn.TransformerEncoderLayer(width, 4, 2 * width, batch_first=True)
        self.blocks = nn.TransformerEncoder(layer, 1)

    def forward(self, x):
        return self.blocks(self.patches(x).flatten(2).transpose(1, 2))

class Predictor(nn.Module):
    def __init__(self, width, inner):
        super().__init__()
        self.widen = nn.Linear(width, inner)
        self.back = nn.Linear(inner, width)

    def forward(self, tokens):
        return self.back(self.widen(tokens))

class IJEPA(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Tokens(48)
        self.predictor = {predictor}

    def forward(self, x):
        tokens = self.encoder(x){then}
        return nn.functional.smooth_l1_loss(self.predictor(tokens), tokens.detach())

model = IJEPA()
loss = model(torch.randn(2, 3, 32, 32))
"""


def serious(predictor: str, then: str = "") -> list[Finding]:
    """Return the errors of a model with this predictor over 16 tokens of 48 features."""
    text = MODEL.format(predictor=predictor, then=then)
    return [one for one in lint_source(Source("train.py", text), Options()).findings if one.severity == "error"]


@pytest.mark.parametrize("predictor", ["Predictor(64, 96)", "nn.Linear(64, 48)"])
def test_the_width_of_tokens_is_reported_where_it_is_written(predictor: str) -> None:
    (finding,) = serious(predictor)
    assert (finding.code, finding.expected, finding.actual) == ("SL101", 64, 48)
    assert finding.fix is not None
    assert finding.fix.message.endswith(predictor.replace("64", "48"))
    assert serious(predictor.replace("64", "48")) == []


def test_maps_that_nobody_pooled_have_too_many_axes() -> None:
    (finding,) = serious("nn.Linear(48, 48)", ".transpose(1, 2)")
    assert finding.code == "SL102"


@pytest.mark.parametrize(("predictor", "then"), [("Predictor(64, 96)", ""), ("nn.Linear(48, 48)", ".transpose(1, 2)")])
def test_torch_stops(predictor: str, then: str) -> None:
    pytest.importorskip("torch")
    with pytest.raises(RuntimeError, match="mat1 and mat2 shapes cannot be multiplied"):
        exec(MODEL.format(predictor=predictor, then=then), {"__name__": "train"})
