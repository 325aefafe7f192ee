"""Layers that take several inputs, and layers inside a class that their library refuses to build.

Each program is run: torch takes the right ones and refuses the others.
"""

from __future__ import annotations

import pytest
import torch  # noqa: F401 -- the programs use it

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

PROGRAM = """\
import torch
from torch import nn


class Mixer(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.{layer}

    def forward(self, x, memory):
        return {forward}


class SimSiam(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 40, 4, 4), nn.Flatten(2))
        self.mixer = Mixer()
        self.projector = nn.Linear(40, 24)

    def forward(self, images):
        tokens = self.backbone(images).transpose(1, 2)
        memory = {memory}
        return self.projector(self.mixer(tokens, memory).mean(1))


SimSiam()(torch.rand(3, 3, 16, 16))
"""
ITSELF = "x + self.layer(x, x, x, need_weights=False)[0]"
ACROSS = "x + self.layer(query=x, key=memory, value=memory)[0]"
DECODED = "self.layer(x, memory)"
KNOWN = "torch.rand(3, 9, 40)"
ATTENTION = "MultiheadAttention({}, {}, batch_first=True)"
DECODER = "TransformerDecoderLayer({}, {}, batch_first=True)"
RIGHT = [
    (ATTENTION.format(40, 8), ITSELF, KNOWN),
    (ATTENTION.format(40, 8), ACROSS, KNOWN),
    (DECODER.format(40, 5), DECODED, KNOWN),
    ("GroupNorm(8, 16)", "self.layer(x)", KNOWN),
    ("Conv1d(16, 16, 3, padding=1, groups=4)", "self.layer(x)", KNOWN),
]
WRONG = [
    (ATTENTION.format(40, 7), ITSELF, KNOWN, "SL903"),
    (ATTENTION.format(56, 8), ITSELF, KNOWN, "SL101"),
    (ATTENTION.format(40, 8), ACROSS, "torch.rand(3, 9, 48)", "SL101"),
    (DECODER.format(40, 7), DECODED, KNOWN, "SL903"),
    (DECODER.format(60, 5), DECODED, KNOWN, "SL101"),
    (DECODER.format(40, 5), DECODED, "torch.rand(3, 9, 20)", "SL101"),
    ("GroupNorm(6, 16)", "self.layer(x)", KNOWN, "SL903"),
    ("Conv1d(16, 16, 3, padding=1, groups=5)", "self.layer(x)", KNOWN, "SL903"),
]


def program(layer: str, forward: str, memory: str) -> str:
    return PROGRAM.format(layer=layer, forward=forward, memory=memory)


def run(text: str) -> None:
    exec(compile(text, "pretrain.py", "exec", dont_inherit=True), {"__name__": "__main__"})


def linted(text: str) -> FileReport:
    return lint_source(Source("pretrain.py", text), Options())


@pytest.mark.parametrize(("layer", "forward", "memory"), RIGHT)
def test_what_torch_takes_is_clear(layer: str, forward: str, memory: str) -> None:
    text = program(layer, forward, memory)
    run(text)
    report = linted(text)
    assert report.findings == ()
    assert [len(model.unchecked) for model in report.models] == [0]


@pytest.mark.parametrize(("layer", "forward", "memory", "code"), WRONG)
def test_what_torch_refuses_is_found(layer: str, forward: str, memory: str, code: str) -> None:
    text = program(layer, forward, memory)
    with pytest.raises((RuntimeError, AssertionError, ValueError)):
        run(text)
    assert code in {finding.code for finding in linted(text).findings}


def test_an_input_that_is_not_known_costs_the_all_clear() -> None:
    text = program(DECODER.format(40, 5), DECODED, "table[0]").replace("nn\n", "nn\nfrom elsewhere import table\n", 1)
    report = linted(text)
    assert report.findings == ()
    assert [unchecked.role for model in report.models for unchecked in model.unchecked] == ["mixer"]
