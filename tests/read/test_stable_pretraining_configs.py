"""Hydra configs of stable-pretraining: the method is that of the forward function, the builders are known by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import run, write

CONFIG = """\
trainer: {{_target_: lightning.Trainer, max_epochs: 9}}
module:
  _target_: stable_pretraining.Module
  forward: stable_pretraining.forward.{method}
  backbone: {backbone}
  projector: {projector}
"""
RESNET = "{_target_: stable_pretraining.backbone.from_torchvision, model_name: resnet34, low_resolution: true}"
MLP = "{_target_: stable_pretraining.backbone.MLP, in_channels: %d, hidden_channels: [%s], norm_layer: batch_norm}"


def report(folder: Path, method: str, backbone: str, projector: str) -> dict[str, Any]:
    write(folder, {"run.yaml": CONFIG.format(method=method, backbone=backbone, projector=projector)})
    found: dict[str, Any] = json.loads(run(folder, "run.yaml", "--output-format", "json").stdout)
    return found


@pytest.mark.parametrize(
    ("projector", "expected"),
    [
        (MLP % (512, "768, 96"), []),
        (MLP % (2048, "768, 96"), [("SL101", 2048, 512)]),
        (MLP % (512, "96"), []),
        (MLP % (512, "768, 768, 768, 96"), []),
        ("{_target_: torch.nn.Linear, in_features: 1024, out_features: 96}", [("SL101", 1024, 512)]),
        (
            "{_target_: torch.nn.Sequential, _args_: [{_target_: torch.nn.Linear, in_features: 384, out_features: 9}]}",
            [("SL101", 384, 512)],
        ),
    ],
)
def test_widths_are_compared(tmp_path: Path, projector: str, expected: list[Any]) -> None:
    found = report(tmp_path, "simclr", RESNET, projector)
    assert [(one["code"], one["expected"], one["actual"]) for one in found["findings"]] == expected
    (model,) = found["files"][0]["models"]
    assert (model["method"], model["links"]["checked"]) == ("simclr", model["links"]["total"])


def test_a_copy_of_a_network_is_that_network(tmp_path: Path) -> None:
    wrapper = "{_target_: stable_pretraining.backbone.TeacherStudentWrapper, student: %s}"
    found = report(tmp_path, "byol", wrapper % RESNET, wrapper % (MLP % (768, "512, 64")))
    (fault,) = found["findings"]
    assert (fault["code"], fault["expected"], fault["actual"]) == ("SL101", 768, 512)
    assert fault["fix"] is not None
    run(tmp_path, "--fix", "--unsafe-fixes", "run.yaml")
    assert "in_channels: 512, hidden" in (tmp_path / "run.yaml").read_text()


@pytest.mark.parametrize(
    "backbone",
    [
        RESNET.replace("true", "true, in_channels: 1"),
        RESNET.replace("true", "true, num_classes: 10"),
        RESNET.replace("resnet34", "'${name}'"),
        "{_target_: stable_pretraining.backbone.from_timm, model_name: resnet34}",
    ],
)
def test_what_is_built_otherwise_is_unchecked(tmp_path: Path, backbone: str) -> None:
    found = report(tmp_path, "simclr", backbone, MLP % (2048, "768, 96"))
    assert [one for one in found["findings"] if one["severity"] != "info"] == []
    (model,) = found["files"][0]["models"]
    assert model["links"]["checked"] < model["links"]["total"]


def test_another_forward_function_names_no_method(tmp_path: Path) -> None:
    found = report(tmp_path, "supervised", RESNET, MLP % (2048, "768, 96"))
    assert found["summary"]["models"] == 0
