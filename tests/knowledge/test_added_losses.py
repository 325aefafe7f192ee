"""A loss of another library needs only another file in `rules/losses/`, for configs and for programs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import ROOT

from shapelint.knowledge import losses, rules_folder
from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.text.source import Source

LOSSES = """
library: mylib
versions: ["1.0"]
module: mylib.losses
also: [mylib]
self_supervised: true
losses:
  - call: mylib.losses.TokenLoss(scale=1.0)
    axes: [3, 8]
    operands: broadcast
    takes: [one, other]
  - call: mylib.losses.TwinLoss(scale=1.0)
    axes: [2, 2]
    operands: broadcast
    takes: [one, other]
    functions: [mylib.losses.twin_loss]
  - call: mylib.losses.QuietLoss()
    takes: [one, other]
"""
CONFIG = """
method: simclr
backbone: resnet18
projection_head: SimCLRProjectionHead(512, 512, 128)
loss: {}
"""
PROGRAM = """
import torchvision
from lightly.models.modules import SimCLRProjectionHead
from torch import nn
from mylib.losses import {loss}

class Twins(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = torchvision.models.resnet18()
        self.backbone.fc = nn.Identity()
        self.projection_head = SimCLRProjectionHead(512, 512, 128)
        self.criterion = {loss}()

    def training_step(self, batch, index):
        x0, x1 = batch[0]
        z = self.projection_head(self.backbone(x0))
        return self.criterion({arguments})
"""


@pytest.fixture
def with_losses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Add the losses of another library to the rules of the repository."""
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    (tmp_path / "rules" / "losses" / "mylib.losses.yaml").write_text(LOSSES, encoding="utf-8")
    cached = (rules_folder.load, losses.modules, losses.entries, losses.of_class, losses.of_function)
    monkeypatch.setattr(rules_folder, "folder", lambda: tmp_path / "rules")
    for function in cached:
        function.cache_clear()
    yield
    monkeypatch.undo()
    for function in cached:
        function.cache_clear()


def codes(name: str, text: str) -> list[str]:
    report = lint_text(Source(name, text), Settings(isolated=True))
    assert report.status == "checked"
    return [finding.code for finding in report.findings if finding.severity != "info"]


def test_a_config_with_the_added_loss_is_checked(with_losses: None) -> None:
    assert codes("model.yaml", CONFIG.format("mylib.losses.TwinLoss()")) == []
    assert codes("model.yaml", CONFIG.format("mylib.losses.TokenLoss()")) == ["SL103"]
    assert codes("model.yaml", CONFIG.format("mylib.TokenLoss()")) == ["SL103"]
    assert codes("model.yaml", CONFIG.format("TokenLoss()")) == ["SL103"]
    assert codes("model.yaml", CONFIG.format("mylib.losses.QuietLoss()")) == []


@pytest.mark.parametrize("arguments", ["z, self.backbone(x1)", "one=z, other=self.backbone(x1)"])
def test_a_program_with_the_added_loss_is_checked(with_losses: None, arguments: str) -> None:
    assert codes("model.py", PROGRAM.format(loss="TwinLoss", arguments=arguments)) == ["SL103"]
    assert codes("model.py", PROGRAM.format(loss="QuietLoss", arguments=arguments)) == []


def test_its_functional_form_is_checked(with_losses: None) -> None:
    found = losses.of_function("mylib.losses.twin_loss")
    assert found is losses.of_class("mylib.losses.TwinLoss")
    assert found is not None


def test_without_its_file_the_loss_is_unknown() -> None:
    assert codes("model.yaml", CONFIG.format("mylib.losses.TokenLoss()")) == []
    assert codes("model.py", PROGRAM.format(loss="TwinLoss", arguments="z, self.backbone(x1)")) == []


def test_a_loss_added_by_a_later_version_of_lightly_is_a_loss() -> None:
    found = losses.of_class("lightly.loss.new_loss.NewLoss")
    assert found is not None
    assert not found.is_judged
    assert losses.bind(None, "lightly.loss.NewLoss") is None
    assert losses.of_class("torch.nn.NewLoss") is None
    assert losses.of_class("lightly.loss.new_loss") is None


@pytest.mark.parametrize("name", ["NTXentLoss", "lightly.loss.NTXentLoss", "lightly.loss.ntx_ent_loss.NTXentLoss"])
def test_a_loss_is_found_however_it_is_written(name: str) -> None:
    found = losses.find(name)
    assert found is not None
    assert found.target == "lightly.loss.NTXentLoss"


@pytest.mark.parametrize("name", ["nn.MSELoss", "torch.nn.modules.loss.MSELoss", "MSELoss"])
def test_a_module_may_have_other_names(name: str) -> None:
    assert losses.find(name) is losses.of_class("torch.nn.MSELoss")


@pytest.mark.parametrize("name", ["mine.MSELoss", "NoLoss", "KoLeoLoss"])
def test_unknown_and_unjudged_losses_are_not_bound(name: str) -> None:
    assert losses.bind(None, name) is None
