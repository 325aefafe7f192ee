"""Three scripts that take any of four configs: each fault is found once, at its number, from whichever end."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint import lint
from shapelint.spec.findings import Report

SCRIPT = """
import argparse, yaml
import torch, torchvision
from torch import nn


class {name}(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.encoder = torchvision.models.{backbone}()
        self.encoder.fc = nn.Identity()
        self.projector = nn.Sequential(
            nn.Linear(sizes["{taken}"], sizes["hidden"]), nn.ReLU(), nn.Linear(sizes["hidden"], sizes["out"])
        )
        self.predictor = nn.Linear(sizes["predicted"], sizes["out"])

    def forward(self, images):
        return self.predictor(self.projector(self.encoder(images)))


parser = argparse.ArgumentParser()
parser.add_argument("--config", required=True)
with open(parser.parse_args().config) as file:
    sizes = yaml.safe_load(file)["sizes"]
{name}(sizes)(torch.randn(4, 3, 64, 64))
"""
SCRIPTS = {
    "pretrain.py": {"name": "SimSiam", "backbone": "resnet18", "taken": "small"},
    "distill.py": {"name": "Distilled", "backbone": "resnet34", "taken": "small"},
    "wide.py": {"name": "Wide", "backbone": "resnet50", "taken": "large"},
}
CONFIG = "seed: 1\nsizes:\n  small: {small}\n  large: {large}\n  hidden: 640\n  out: 96\n  predicted: {predicted}\n"
RIGHT = {"small": 512, "large": 2048, "predicted": 96}
CONFIGS: dict[str, dict[str, int]] = {
    "right.yaml": {},
    "small.yaml": {"small": 384},
    "large.yaml": {"large": 1024},
    "both.yaml": {"large": 4096, "predicted": 128},
}
FAULTS = {
    ("small.yaml", 3, "SL101", 384),
    ("large.yaml", 4, "SL101", 1024),
    ("both.yaml", 4, "SL101", 4096),
    ("both.yaml", 7, "SL101", 128),
}
"""The file, the line, the code and the number that is written there."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "configs").mkdir()
    for name, words in SCRIPTS.items():
        (tmp_path / name).write_text(SCRIPT.format(**words))
    for name, changed in CONFIGS.items():
        (tmp_path / "configs" / name).write_text(CONFIG.format(**{**RIGHT, **changed}))
    return tmp_path


def places(report: Report) -> list[tuple[object, ...]]:
    return [(Path(one.location.path).name, one.location.line, one.code, one.expected) for one in report.findings]


def test_a_folder_has_each_fault_once(folder: Path) -> None:
    found = places(lint(folder))
    assert len(found) == len(FAULTS)
    assert set(found) == FAULTS


def test_everything_named_has_each_fault_once(folder: Path) -> None:
    found = places(lint([*sorted(folder.glob("*.py")), *sorted(folder.glob("configs/*"))]))
    assert len(found) == len(FAULTS)
    assert set(found) == FAULTS


@pytest.mark.parametrize("name", CONFIGS)
def test_a_config_is_judged_through_each_script(folder: Path, name: str) -> None:
    report = lint(folder / "configs" / name)
    found = places(report)
    assert len(found) == len(set(found))
    assert set(found) == {one for one in FAULTS if one[0] == name}
    [file] = report.files
    assert {script for script in SCRIPTS if any(notice.endswith(script) for notice in file.notices)} == set(SCRIPTS)
    assert sorted(model.name for model in file.models) == ["Distilled", "SimSiam", "Wide"]


@pytest.mark.parametrize(("name", "lines"), [("pretrain.py", {3, 7}), ("distill.py", {3, 7}), ("wide.py", {4, 7})])
def test_a_script_is_judged_with_each_config(folder: Path, name: str, lines: set[int]) -> None:
    report = lint(folder / name)
    found = places(report)
    assert len(found) == len(set(found))
    assert set(found) == {one for one in FAULTS if one[1] in lines}
    assert len(report.files[0].models) == len(CONFIGS)
