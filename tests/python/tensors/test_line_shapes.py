"""The shapes that an editor shows behind the lines of a program: those that torch gives, and none where they differ."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from shapelint import lint
from shapelint.report.chain_table import shape

MODEL = """\
import torch
import torchvision
from torch import nn
from torch.nn import functional


class SimSiam(nn.Module):
    def __init__(self):
        super().__init__()
        net = torchvision.models.resnet18()
        self.encoder = nn.Sequential(*list(net.children())[:-2])
        self.projector = nn.Sequential(nn.Linear(512, 96), nn.BatchNorm1d(96), nn.ReLU(), nn.Linear(96, 40))
        self.predictor = nn.Linear(40, 40)

    def forward(self, images):
        maps = self.encoder(images)
        pooled = functional.adaptive_avg_pool2d(maps, 1)
        features = pooled.flatten(1)
        projected: torch.Tensor = self.projector(features)
        predicted = functional.normalize(self.predictor(projected), dim=1)
        both = torch.cat([projected, predicted], dim=1)
        rows = both.view(-1, 2, 40)
        scores = projected @ predicted.T
        scores /= 0.2
        mean, middle = rows.mean(1), rows[:, 0]
        pair = (mean, middle.detach())
        return pair
"""


def lines(path: Path, text: str) -> dict[str, str]:
    """The shapes shown, by what stands before the sign of assignment in the line."""
    path.write_text(text)
    (file,) = lint(path).files
    source = text.split("\n")
    return {source[one.location.line - 1].split("=")[0].split(":")[0].strip(): shape(one.shape) for one in file.tensors}


def real(text: str, given: torch.Tensor) -> dict[str, Any]:
    """The local names at the end of a real forward."""
    seen: dict[str, Any] = {}
    names: dict[str, Any] = {}
    exec(text, names)
    model = names["SimSiam"]()

    def watch(frame: FrameType, event: str, _: Any) -> None:
        if event == "return" and frame.f_code is type(model).forward.__code__:
            seen.update(frame.f_locals)

    sys.setprofile(watch)
    try:
        model(given)
    finally:
        sys.setprofile(None)
    return seen


def test_the_shapes_are_those_of_torch(tmp_path: Path) -> None:
    shown = lines(tmp_path / "model.py", MODEL)
    seen = real(MODEL, torch.randn(5, 3, 64, 64))
    assert shown.pop("maps") == "(B, 512, (H-1)//32+1, (W-1)//32+1)"
    assert tuple(seen["maps"].shape) == (5, 512, 2, 2)
    pairs = {"pair", "return pair", "mean, middle"}
    assert {shown.pop(name) for name in pairs} == {"(B, 40), (B, 40)"}
    assert [tuple(one.shape) for one in seen["pair"]] == [(5, 40), (5, 40)]
    shown["scores"] = shown.pop("scores /") if "scores /" in shown else shown["scores"]
    assert set(shown) == {"pooled", "features", "projected", "predicted", "both", "rows", "scores"}
    for name, text in shown.items():
        assert text.replace("B", "5") == str(tuple(seen[name].shape)), name


def test_nothing_is_shown_where_calls_differ(tmp_path: Path) -> None:
    helper = "def halved(rows):\n    half = rows[:, ::2]\n    kept = rows.detach()\n    return kept\n\n\n"
    once = MODEL.replace("class SimSiam", helper + "class SimSiam").replace(
        "rows = both.view(-1, 2, 40)", "rows = halved(both).view(-1, 2, 40)"
    )
    assert lines(tmp_path / "model.py", once)["kept"] == "(B, 80)"
    twice = once.replace("scores /= 0.2", "scores = halved(features)")
    assert "kept" not in lines(tmp_path / "model.py", twice)


def test_nothing_is_shown_where_one_call_is_not_known(tmp_path: Path) -> None:
    text = MODEL.replace("pooled.flatten(1)", "unknown_function(pooled)")
    assert "features" not in lines(tmp_path / "model.py", text)
    assert "rows" in lines(tmp_path / "model.py", MODEL)
