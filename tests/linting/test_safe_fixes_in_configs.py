"""Fixes in the config of a program: safe if it is the only place, used by this program alone, all of it followed."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import run, write

from shapelint import lint
from shapelint.spec.findings import Finding, Fix

SCRIPT = """import torch, torchvision, yaml
from torch import nn

with open("{config}") as stream:
    cfg = yaml.safe_load(stream)


class SimSiam(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = torchvision.models.resnet18()
        self.encoder.fc = nn.Identity()
        self.projector = nn.Sequential(nn.Linear(cfg["width"], 640), nn.ReLU(), nn.Linear(640, cfg["out"]))
        self.predictor = {predictor}

    def forward(self, x):
        return self.predictor(self.projector(self.encoder(x)))


SimSiam()(torch.randn(8, 3, 64, 64))
"""
PREDICTOR = 'nn.Sequential(nn.Linear(cfg["out"], 40), nn.ReLU(), nn.Linear(40, cfg["out"]))'
CONFIG = "# of the projector\nwidth: 384  # the encoder's\nout: 96\n"


@pytest.fixture(autouse=True)
def _repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()


def script(predictor: str = PREDICTOR, config: str = "small.yaml") -> str:
    return SCRIPT.format(config=config, predictor=predictor)


def fix(folder: Path, name: str = "train.py") -> Fix:
    found: list[Finding] = [one for one in lint(folder / name).findings if one.severity == "error"]
    assert len(found) == 1
    assert found[0].fix is not None
    return found[0].fix


@pytest.mark.parametrize("linted", ["train.py", "small.yaml"])
def test_a_number_that_only_this_program_reads_is_mended_alone(tmp_path: Path, linted: str) -> None:
    write(tmp_path, {"train.py": script(), "small.yaml": CONFIG})
    assert fix(tmp_path, linted).safe
    assert run(tmp_path, linted, "--fix").returncode == 0
    assert (tmp_path / "small.yaml").read_text() == CONFIG.replace("384", "512")
    assert (tmp_path / "train.py").read_text() == script()
    assert run(tmp_path, "train.py").stdout.startswith("All clear")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("other.py", script()),
        ("tools/other.py", "import yaml\ncfg = yaml.safe_load(open('../small.yaml'))\n"),
        ("conf/other.yaml", "defaults:\n  - /small\n"),
        ("other.yaml", "defaults:\n  - override model: small\n"),
    ],
)
def test_a_config_that_another_file_names_is_not_edited_without_asking(tmp_path: Path, name: str, text: str) -> None:
    write(tmp_path, {"train.py": script(), "small.yaml": CONFIG, name: text})
    found = fix(tmp_path)
    assert not found.safe
    assert "other models may use" in found.proof
    run(tmp_path, "train.py", "--fix")
    assert (tmp_path / "small.yaml").read_text() == CONFIG


def test_a_number_that_is_also_used_where_it_is_not_followed_is_not_safe(tmp_path: Path) -> None:
    elsewhere = "parts.predictor(cfg['width'])"
    write(tmp_path, {"train.py": "import parts\n" + script(elsewhere), "small.yaml": CONFIG})
    assert not fix(tmp_path).safe


def test_a_number_that_fits_only_together_with_another_one_is_not_safe(tmp_path: Path) -> None:
    twice = 'nn.Sequential(nn.Linear(96, cfg["width"]), nn.ReLU(), nn.Linear(384, 96))'
    write(tmp_path, {"train.py": script(twice), "small.yaml": CONFIG})
    assert not fix(tmp_path).safe


def test_either_end_can_move_between_two_heads(tmp_path: Path) -> None:
    wrong = 'nn.Sequential(nn.Linear(cfg["taken"], 40), nn.ReLU(), nn.Linear(40, 96))'
    write(tmp_path, {"train.py": script(wrong), "small.yaml": "width: 512\nout: 96\ntaken: 64\n"})
    found = fix(tmp_path)
    assert not found.safe
    assert found.alternatives
