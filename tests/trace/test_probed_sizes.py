"""User classes that do not work with symbols: what is derived from runs at several sizes, and what is left open."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import run

NETS = '''\
"""Backbones that turn sizes into Python integers."""

import math

import torch
from torch import nn


class Trunk(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.width = width
        self.body = nn.Conv2d(3, width, 3, stride=2, padding=1)


class Flat(Trunk):
    """Flattened without pooling."""

    def forward(self, x):
        n, c, h, w = (int(size) for size in self.body(x).shape)
        return torch.zeros(n, c * h * w, device=x.device) + self.body(x).reshape(n, -1)


class Root(Trunk):
    """A width that follows the image size in no simple way."""

    def forward(self, x):
        y = self.body(x)
        side = int(math.sqrt(float(y.shape[2]))) + int(x.shape[3]) // 9
        return y[:, :, :1, :1].expand(-1, -1, 1, side).reshape(len(y), -1)


class Batched(Trunk):
    """Made for a batch of 4."""

    def forward(self, x):
        return self.body(x).mean((2, 3)).reshape(4, self.width)


class BatchedByThree(Trunk):
    def forward(self, x):
        return self.body(x).mean((2, 3)).reshape(3, self.width)


class Pairs(Trunk):
    """Takes every even batch."""

    def forward(self, x):
        return self.body(x).mean((2, 3)).reshape(-1, 2, self.width).flatten(0, 1)


class Picky(Trunk):
    def forward(self, x):
        if int(x.shape[2]) not in (32, 64, 200):
            raise ValueError(x.shape)
        return self.body(x).mean((2, 3))
'''

MODEL = """\
method: byol
input: {image}
batch_size: 4
backbone: mynet.nets.{name}(width=8)
projection_head: BYOLProjectionHead({width}, 64, 32)
prediction_head: BYOLPredictionHead(32, 64, 32)
"""


@pytest.fixture
def project(trusting: Path) -> Path:
    (trusting / "src" / "mynet" / "nets.py").write_text(NETS)
    return trusting


@pytest.mark.parametrize(
    ("name", "image", "width", "found"),
    [
        ("Flat", "[3, 32, 32]", 2048, {("SL204", "info")}),
        ("Flat", "{channels: 3}", 2048, {("SL204", "warning")}),
        ("Flat", "[3, 40, 40]", 2048, {("SL101", "error")}),
        ("Root", "[3, 32, 32]", 56, set()),
        ("Root", "[3, 32, 32]", 64, {("SL101", "error")}),
        ("Root", "[3, 57, 57]", 88, set()),
        ("Root", "{channels: 3}", 64, set()),
        ("Batched", "[3, 32, 32]", 8, {("SL211", "warning")}),
        ("Batched", "[3, 57, 57]", 8, {("SL211", "warning")}),
        ("BatchedByThree", "{channels: 3}", 8, {("SL211", "warning")}),
        ("Pairs", "[3, 32, 32]", 8, {("SL901", "info")}),
        ("Picky", "[3, 64, 64]", 8, set()),
        ("Picky", "[3, 200, 200]", 8, set()),
        ("Picky", "[3, 200, 200]", 9, {("SL101", "error")}),
        ("Picky", "[3, 201, 201]", 8, {("SL106", "error")}),
    ],
)
def test_signature_of_a_class_that_is_run_at_several_sizes(
    project: Path, name: str, image: str, width: int, found: set[tuple[str, str]]
) -> None:
    (project / "model.yaml").write_text(MODEL.format(name=name, image=image, width=width))
    report = json.loads(run(project, "--output-format", "json", "model.yaml").stdout)
    assert {(finding["code"], finding["severity"]) for finding in report["findings"]} == found
