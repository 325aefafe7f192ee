"""Networks that hold their head next to their own convolutions: they are models, and each of their layers is a link."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

NETWORK = """
import torch
import torch.nn as nn


class Trunk(nn.Module):
    def __init__(self, width=0, groups=0):
        super().__init__()
        self.stem = nn.Conv2d(3, 24, kernel_size=3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(24)
        self.stage = nn.Conv2d(24, 40, kernel_size=3, stride=2)
        self.pool = nn.AdaptiveAvgPool2d((1, 1))
        self.projection_head = None
        if width:
            self.projection_head = nn.Sequential(nn.Linear(HIDDEN, 56), nn.ReLU(), nn.Linear(56, width))
        self.prototypes = None
        if groups > 0:
            self.prototypes = nn.Linear(width, groups, bias=False)

    def features(self, x):
        return torch.flatten(self.pool(self.stage(self.norm(self.stem(x)))), 1)

    def forward(self, views):
        if not isinstance(views, list):
            views = [views]
        ends = torch.cumsum(torch.unique_consecutive(
            torch.tensor([view.shape[-1] for view in views]), return_counts=True)[1], 0)
        start = 0
        for end in ends:
            part = self.features(torch.cat(views[start:end]))
            whole = part if start == 0 else torch.cat((whole, part))
            start = end
        z = self.projection_head(whole)
        return z, self.prototypes(z)


def small(**settings):
    return Trunk(**settings)
"""
SCRIPT = """
import networks
from torch.utils.data import DataLoader


def main():
    net = networks.__dict__["small"](width=32, groups=90)
    for views in DataLoader(Crops(), batch_size=8):
        z, scores = net(views)


main()
"""
LAYER = """
import torch.nn as nn


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        PARTS

    def forward(self, x):
        for part in self.children():
            x = part(x)
        return x
"""


def reported(hidden: int) -> FileReport:
    """Lint the network together with the script that runs it."""
    text = NETWORK.replace("HIDDEN", str(hidden)) + SCRIPT.replace("import networks\n", "").replace(
        'networks.__dict__["small"]', "small"
    )
    return lint_source(Source("train.py", text), Options())


@pytest.mark.parametrize(("hidden", "codes"), [(40, []), (24, ["SL101"])])
def test_a_network_with_a_head_of_its_own_is_judged_like_a_backbone_and_a_head(hidden: int, codes: list[str]) -> None:
    report = reported(hidden)
    assert [finding.code for finding in report.findings if finding.severity == "error"] == codes
    (model,) = report.models
    roles = [link.role for link in model.chain]
    assert roles == ["stem", "norm", "stage", "pool", "projection_head", "prototypes"]
    assert not model.unchecked


@pytest.mark.parametrize("hidden", [40, 24])
def test_torch_agrees(hidden: int) -> None:
    names: dict[str, type[nn.Module]] = {}
    exec(NETWORK.replace("HIDDEN", str(hidden)), names)
    network = names["Trunk"](32, 90)
    views = [torch.randn(4, 3, 32, 32), torch.randn(4, 3, 32, 32), torch.randn(4, 3, 16, 16)]
    if hidden == 40:
        assert [one.shape for one in network(views)] == [(12, 32), (12, 90)]
    else:
        with pytest.raises(RuntimeError, match="mat1 and mat2"):
            network(views)


@pytest.mark.parametrize(
    "parts",
    [
        "self.projection_head = nn.Linear(40, 32)\n        self.norm = nn.BatchNorm1d(32)",
        "self.projection = nn.Conv2d(3, 40, 8, 8)\n        self.norm = nn.LayerNorm(40)",
        "self.conv = nn.Conv2d(3, 40, 3)\n        self.fc = nn.Linear(40, 32)",
    ],
)
def test_a_layer_or_a_classifier_is_no_model(parts: str) -> None:
    text = LAYER.replace("PARTS", parts)
    assert lint_source(Source("layers.py", text), Options()).models == ()
