"""What a config is an instance of: code that takes a config or a plain dict is followed on the branch that runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, ListConfig, OmegaConf

from shapelint.linting.lint_paths import lint
from shapelint.settings.settings import Settings

CONFIG = "model: {features: FEATURES, out: 40}\n"
SCRIPT = """
from collections.abc import Mapping

import torch
import torch.nn as nn
import torchvision
from omegaconf import DictConfig, ListConfig, OmegaConf


def plain(given):
    if isinstance(given, ListConfig):
        raise TypeError("a list")
    if isinstance(given, (DictConfig, ListConfig)):
        return OmegaConf.to_container(given, resolve=True)
    if isinstance(given, Mapping):
        return {"model": {"features": 7, "out": 7}}
    raise TypeError("no config")


class Simclr(nn.Module):
    def __init__(self, features, out):
        super().__init__()
        self.backbone = torchvision.models.resnet18()
        self.backbone.fc = nn.Identity()
        self.projection_head = nn.Linear(features, out)

    def forward(self, x):
        return self.projection_head(self.backbone(x))


settings = plain(OmegaConf.load("settings.yaml"))
Simclr(**settings["model"])(torch.randn(8, 3, 64, 64))
"""


@pytest.mark.parametrize(("features", "found"), [(512, False), (500, True)])
def test_a_config_that_is_made_a_dict_is_read_through(tmp_path: Path, features: int, found: bool) -> None:
    (tmp_path / "settings.yaml").write_text(CONFIG.replace("FEATURES", str(features)))
    (tmp_path / "train.py").write_text(SCRIPT)
    report = lint([tmp_path / "train.py"], Settings(isolated=True))
    assert [finding.code for finding in report.findings] == ["SL101"] * found
    (model,) = report.files[0].models
    assert not model.unchecked


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (OmegaConf.create({"a": 1}), DictConfig, True),
        (OmegaConf.create({"a": 1}), ListConfig, False),
        (OmegaConf.create({"a": 1}), Mapping, True),
        ({"a": 1}, DictConfig, False),
        ({"a": 1}, Mapping, True),
    ],
)
def test_omegaconf_agrees(value: Any, kind: type, expected: bool) -> None:
    assert isinstance(value, kind) is expected


MERGED = """
import torch
import torch.nn as nn
import torchvision
from omegaconf import OmegaConf

changes = OmegaConf.from_dotlist({changes})
settings = OmegaConf.merge(OmegaConf.create({{"model": {{"features": 100, "out": 40}}, "seed": 1}}), changes)


class Simclr(nn.Module):
    def __init__(self, features, out):
        super().__init__()
        self.backbone = torchvision.models.resnet18()
        self.backbone.fc = nn.Identity()
        self.projection_head = nn.Linear(features, out)

    def forward(self, x):
        return self.projection_head(self.backbone(x))


model = Simclr(**settings.model)
model(torch.randn(8, 3, 64, 64))
"""


@pytest.mark.parametrize(
    ("changes", "codes", "unchecked"),
    [
        (["model.features=512", "seed=2", "note"], [], 0),
        (["model.features=512", "model={features: 256}"], ["SL101"], 0),
        (["model.out=8"], ["SL101"], 0),
        (["model[features]=512"], [], 1),
    ],
)
def test_a_dotlist_is_a_config(tmp_path: Path, changes: list[str], codes: list[str], unchecked: int) -> None:
    text = MERGED.format(changes=changes)
    (tmp_path / "train.py").write_text(text)
    report = lint([tmp_path / "train.py"], Settings(isolated=True))
    assert [finding.code for finding in report.findings if finding.severity == "error"] == codes
    assert sum(len(model.unchecked) for model in report.files[0].models) == unchecked
    if codes:
        with pytest.raises(RuntimeError, match="mat1 and mat2 shapes cannot be multiplied"):
            exec(text, {"__name__": "train"})
    else:
        exec(text, {"__name__": "train"})
