"""Tests that put something else in the place of a module's function before they build a model."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import run

BUILDERS = """
from torch import nn
from torchvision.models import resnet18

def encoder(width):
    net = resnet18()
    net.fc = nn.Identity()
    return net

class SimCLR(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.backbone = encoder(width)
        self.projector = nn.Sequential(nn.Linear(width, 64), nn.ReLU(), nn.Linear(64, 32))
    def forward(self, x):
        return self.projector(self.backbone(x))
"""
TEST = """
import builders
from torch import nn

def small(width):
    return nn.Sequential(nn.Conv2d(3, {out}, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())

def test_it(monkeypatch):
    {patch}
    model = builders.SimCLR(24)
"""
PATCHES = {
    "an attribute": 'monkeypatch.setattr(builders, "encoder", small)',
    "a dotted name": 'monkeypatch.setattr("builders.encoder", small)',
    "with a switch": 'monkeypatch.setattr(builders, "encoder", small, raising=False)',
}


def linted(folder: Path, patch: str, out: str) -> str:
    (folder / "builders.py").write_text(BUILDERS)
    (folder / "test_builders.py").write_text(TEST.format(patch=patch, out=out))
    return run(folder, "test_builders.py").stdout


@pytest.mark.parametrize("patch", PATCHES.values(), ids=PATCHES.keys())
def test_what_is_put_in_its_place_counts(tmp_path: Path, patch: str) -> None:
    assert "All clear" in linted(tmp_path, patch, "width")
    assert "projector expects 24 features, but backbone produces 20" in linted(tmp_path, patch, "20")


def test_without_the_patch_the_function_itself_counts(tmp_path: Path) -> None:
    assert "backbone produces 512" in linted(tmp_path, "pass", "width")
