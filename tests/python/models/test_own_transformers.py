"""Vision transformers that a repository writes itself: their attention, their positions, and their dropped paths."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from shapelint.linting.lint_paths import lint
from shapelint.settings.settings import Settings
from shapelint.spec.findings import Report

NETWORKS = """
import torch
import torch.nn as nn
import torch.nn.functional as F


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.factor = (width // heads) ** -0.5
        self.mix = nn.Linear(width, width * 3)
        self.out = nn.Linear(width, width)

    def forward(self, x):
        rows, count, width = x.shape
        query, key, value = self.mix(x).reshape(rows, count, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        weight = ((query @ key.transpose(-2, -1)) * self.factor).softmax(dim=-1)
        return self.out((weight @ value).transpose(1, 2).reshape(rows, count, width))


class Dropped(nn.Module):
    def __init__(self, share):
        super().__init__()
        self.share = share

    def forward(self, x):
        if not self.training:
            return x
        kept = 1 - self.share
        return x.div(kept) * (kept + torch.rand((x.shape[0],) + (1,) * (x.ndim - 1)))


class Tokens(nn.Module):
    def __init__(self, width=96, depth=2):
        super().__init__()
        self.width = width
        self.patches = nn.Conv2d(3, width, kernel_size=8, stride=8)
        self.summary = nn.Parameter(torch.zeros(1, 1, width))
        self.places = nn.Parameter(torch.zeros(1, 64 + 1, width))
        shares = [share.item() for share in torch.linspace(0, 0.1, depth)]
        self.blocks = nn.ModuleList([Attention(width, 4) for _ in range(depth)])
        self.drops = nn.ModuleList([Dropped(share) if share > 0.0 else nn.Identity() for share in shares])
        self.norm = nn.LayerNorm(width)

    def positions(self, tokens, height):
        if tokens.shape[1] == self.places.shape[1]:
            return self.places
        grid = self.places[:, 1:].reshape(1, 8, 8, self.width).permute(0, 3, 1, 2)
        grid = F.interpolate(grid, scale_factor=(height / 8 / 8, height / 8 / 8), mode="bicubic")
        return torch.cat((self.places[:, :1], grid.permute(0, 2, 3, 1).view(1, -1, self.width)), dim=1)

    def forward(self, x):
        rows, _, height, _ = x.shape
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat((self.summary.expand(rows, -1, -1), x), dim=1)
        x = x + self.positions(x, height)
        for block, drop in zip(self.blocks, self.drops):
            x = x + drop(block(x))
        return self.norm(x)[:, 0]


def small(**settings):
    return Tokens(width=96, **settings)
"""
SCRIPT = """
import argparse
import torch.nn as nn
import networks

parser = argparse.ArgumentParser()
parser.add_argument("--arch", default="large_small")
args = parser.parse_args()


class Wrapped(nn.Module):
    def __init__(self, backbone, head):
        super().__init__()
        self.backbone = backbone
        self.head = head

    def forward(self, x):
        return self.head(self.backbone(x))


args.arch = args.arch.replace("large_", "")
if args.arch in networks.__dict__.keys():
    student = networks.__dict__[args.arch](depth=2)
else:
    raise ValueError(args.arch)
model = Wrapped(student, nn.Linear(WIDTH, 32))
"""


def linted(folder: Path, width: str) -> Report:
    (folder / "networks.py").write_text(NETWORKS, encoding="utf-8")
    path = folder / "pretrain.py"
    path.write_text(SCRIPT.replace("WIDTH", width), encoding="utf-8")
    return lint([path], Settings(isolated=True))


def test_every_link_of_the_right_one_is_checked(tmp_path: Path) -> None:
    report = linted(tmp_path, "student.width")
    ((model,),) = [file.models for file in report.files]
    assert (model.links, [link.reason for link in model.unchecked]) == (2, [])
    assert [finding.code for finding in report.findings if finding.severity == "error"] == []


def test_a_head_of_another_width_is_found(tmp_path: Path) -> None:
    report = linted(tmp_path, "128")
    (finding,) = [finding for finding in report.findings if finding.severity == "error"]
    assert (finding.expected, finding.actual) == (128, 96)


@pytest.mark.parametrize("width", [96, 128])
def test_torch_agrees(width: int) -> None:
    names: dict[str, object] = {}
    exec(compile(NETWORKS, "networks.py", "exec"), names)
    network = names["small"](depth=2)  # type: ignore[operator]
    head = torch.nn.Linear(width, 32)
    images = torch.zeros(2, 3, 80, 80)
    if width == 96:
        assert head(network(images)).shape == (2, 32)
    else:
        with pytest.raises(RuntimeError, match="96"):
            head(network(images))


ALIKE = """
import torch.nn as nn

class BYOL(nn.Module):
    def __init__(self, deep):
        super().__init__()
        self.backbone = nn.Sequential(nn.Flatten(), nn.Linear(3072, 40))
        self.middle = nn.Linear(40, FIRST) if deep else nn.Sequential(nn.Linear(40, 9), nn.ReLU(), nn.Linear(9, SECOND))
        self.projector = nn.Linear(70, 16)

    def forward(self, x):
        return self.projector(self.middle(self.backbone(x)))
"""


@pytest.mark.parametrize(("first", "second", "errors"), [(70, 70, []), (60, 60, [(70, 60)]), (60, 70, [])])
def test_what_several_modules_give_alike_is_known(
    tmp_path: Path, first: int, second: int, errors: list[object]
) -> None:
    path = tmp_path / "model.py"
    path.write_text(ALIKE.replace("FIRST", str(first)).replace("SECOND", str(second)), encoding="utf-8")
    report = lint([path], Settings(isolated=True))
    found = [(one.expected, one.actual) for one in report.findings if one.severity == "error"]
    assert found == errors
    unchecked = {link.role for file in report.files for model in file.models for link in model.unchecked}
    assert ("projector" in unchecked) == (first != second)
