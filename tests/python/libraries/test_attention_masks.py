"""Masks that layers of attention get in programs: those of another size are an error, as in real torch."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from shapelint.linting.lint_paths import lint_text  # noqa: E402
from shapelint.settings.settings import Settings  # noqa: E402
from shapelint.spec.findings import FileReport  # noqa: E402
from shapelint.text.source import Source  # noqa: E402

PROGRAM = """
import os
import torch
from torch import nn

class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 16, 4, 4), nn.Flatten(2))
        self.mixer = nn.{layer}
        self.projector = nn.Linear(16, 8)

    def forward(self, x):
        z = self.encoder(x).transpose(1, 2)
        q = z[:, :2]
        {line}
        return self.projector(z.mean(1))

model = SimCLR()
model(torch.randn(5, 3, 8, 8))
"""
ATTENTION = "MultiheadAttention(16, 2, batch_first=True)"
ENCODER = "TransformerEncoderLayer(16, 2, 32, batch_first=True)"
DECODER = "TransformerDecoderLayer(16, 2, 32, batch_first=True)"
SWAPPED = "TransformerEncoderLayer(16, 2, 32)"  # takes the batch as its second axis
FITS = [
    (ATTENTION, "z = self.mixer(z, z, z, attn_mask=torch.zeros(4, 4))[0]"),
    (ATTENTION, "z = self.mixer(z, z, z, attn_mask=torch.zeros(10, 4, 4))[0]"),
    (ATTENTION, "z = self.mixer(z, z, z, attn_mask=None, key_padding_mask=None)[0]"),
    (ATTENTION, "z = self.mixer(q, z, z, attn_mask=torch.zeros(2, 4))[0]"),
    (ATTENTION, "z = self.mixer(z, z, z, key_padding_mask=torch.zeros(5, 4).bool())[0]"),
    (ENCODER, "z = self.mixer(z, src_mask=torch.zeros(4, 4))"),
    (ENCODER, "z = self.mixer(src=z, src_key_padding_mask=torch.zeros(5, 4).bool())"),
    (SWAPPED, "z = self.mixer(z, src_key_padding_mask=torch.zeros(4, 5).bool())"),
    (DECODER, "z = self.mixer(q, z, tgt_mask=torch.zeros(2, 2), memory_mask=torch.zeros(2, 4))"),
]
FITS_NOT = [
    (ATTENTION, "z = self.mixer(z, z, z, attn_mask=torch.zeros(2, 2))[0]"),
    (ATTENTION, "z = self.mixer(z, z, z, attn_mask=torch.zeros(10, 3, 3))[0]"),
    (ATTENTION, "z = self.mixer(q, z, z, attn_mask=torch.zeros(4, 2))[0]"),
    (ATTENTION, "z = self.mixer(z, z, z, key_padding_mask=torch.zeros(4, 5).bool())[0]"),
    (ENCODER, "z = self.mixer(z, src_mask=torch.zeros(5, 5))"),
    (ENCODER, "z = self.mixer(z, src_key_padding_mask=torch.zeros(5, 3).bool())"),
    (SWAPPED, "z = self.mixer(z, src_key_padding_mask=torch.zeros(5, 4).bool())"),
    (DECODER, "z = self.mixer(q, z, memory_mask=torch.zeros(4, 4))"),
    (DECODER, "z = self.mixer(q, z, tgt_key_padding_mask=torch.zeros(5, 4).bool())"),
]


def linted(text: str) -> FileReport:
    return lint_text(Source("model.py", text), Settings(isolated=True))


@pytest.mark.parametrize(("layer", "line"), FITS)
def test_a_mask_that_fits_is_checked(layer: str, line: str) -> None:
    text = PROGRAM.format(layer=layer, line=line)
    exec(text, {})
    report = linted(text)
    assert report.findings == ()
    assert [model.unchecked for model in report.models] == [()]


@pytest.mark.parametrize(("layer", "line"), FITS_NOT)
def test_a_mask_of_another_size_is_an_error(layer: str, line: str) -> None:
    text = PROGRAM.format(layer=layer, line=line)
    with pytest.raises((RuntimeError, AssertionError)):
        exec(text, {})
    assert [finding.code for finding in linted(text).findings] == ["SL115"]


@pytest.mark.parametrize(("layer", "line"), [
    (ATTENTION, "z = self.mixer(z, z, z, attn_mask=torch.load(os.environ['MASK']))[0]"),
    (ENCODER, "z = self.mixer(z, src_mask=torch.load(os.environ['MASK']))"),
    ("TransformerEncoderLayer(16, 2, batch_first=os.sep)", "z = self.mixer(z, src_mask=torch.zeros(4, 4))"),
])  # fmt: skip
def test_a_mask_that_is_not_known_leaves_the_link_unchecked(layer: str, line: str) -> None:
    report = linted(PROGRAM.format(layer=layer, line=line))
    assert report.findings == ()
    assert [link.location.line for link in report.models[0].unchecked] == [16]
