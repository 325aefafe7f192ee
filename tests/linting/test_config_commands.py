"""Functions and dataclasses that jsonargparse, tyro, draccus and OmegaConf fill from a config or with defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint import lint
from shapelint.spec.findings import FileReport

MODEL = """
from dataclasses import dataclass, field
import draccus, jsonargparse, torch, torchvision, tyro
from omegaconf import OmegaConf
from torch import nn

class SimCLR(nn.Module):
    def __init__(self, taken=512, hidden=80):
        super().__init__()
        self.backbone = torchvision.models.resnet18()
        self.backbone.fc = nn.Identity()
        self.projector = nn.Sequential(nn.Linear(taken, hidden), nn.ReLU(), nn.Linear(hidden, 24))

    def forward(self, images):
        return self.projector(self.backbone(images))

@dataclass
class Sizes:
    taken: int = 512
    hidden: int = 40

@dataclass
class Run:
    sizes: Sizes = field(default_factory=Sizes)
    epochs: int = 3

def built(taken: int = 512, hidden: int = 40):
    SimCLR(taken, hidden)(torch.randn(2, 3, 32, 32))

def passed(model: SimCLR, epochs: int = 3):
    model(torch.randn(2, 3, 32, 32))

"""
FLAT = "taken: {width}\nhidden: 48\n"
NESTED = "sizes:\n  taken: {width}\n"
NAMED = "model:\n  class_path: SimCLR\n  init_args:\n    taken: {width}\nepochs: 2\n"
PROGRAMS = {
    "a function": ("jsonargparse.CLI(built)\n", FLAT, 1),
    "a function with a model": ("jsonargparse.auto_cli(passed)\n", NAMED, 4),
    "a wrapped function": (
        "@draccus.wrap()\ndef main(run: Run):\n    built(run.sizes.taken, run.sizes.hidden)\nmain()\n",
        NESTED,
        2,
    ),
    "a dataclass": ("run = draccus.parse(Run)\nbuilt(run.sizes.taken)\n", NESTED, 2),
    "a structured config": (
        "run = OmegaConf.merge(OmegaConf.structured(Run), OmegaConf.load('run.yaml'))\n"
        "run = OmegaConf.to_object(run)\nbuilt(run.sizes.taken, run.sizes.hidden)\n",
        NESTED,
        2,
    ),
}


def linted(folder: Path, program: str, config: str, name: str = "run.yaml") -> FileReport:
    (folder / ".git").mkdir(exist_ok=True)
    (folder / "run.yaml").write_text(config)
    (folder / "train.py").write_text(MODEL + program)
    [file] = lint(folder / name).files
    return file


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_number_of_the_config_is_found(tmp_path: Path, name: str) -> None:
    program, config, line = PROGRAMS[name]
    [finding] = linted(tmp_path, program, config.format(width=320)).findings
    place = finding.location
    assert (Path(place.path).name, place.line, finding.expected, finding.actual) == ("run.yaml", line, 320, 512)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_right_config_is_clear(tmp_path: Path, name: str) -> None:
    program, config, _ = PROGRAMS[name]
    file = linted(tmp_path, program, config.format(width=512))
    assert file.models
    assert not file.findings
    assert all(model.checked == model.links == 2 for model in file.models)


def test_a_config_that_the_command_refuses_is_not_read_by_it(tmp_path: Path) -> None:
    file = linted(tmp_path, PROGRAMS["a function"][0], "taken: 320\nhiden: 48\n")
    assert not file.findings
    assert not file.models


@pytest.mark.parametrize(("width", "codes"), [(512, []), (320, ["SL101"])])
def test_without_options_the_defaults_apply(tmp_path: Path, width: int, codes: list[str]) -> None:
    program = "run = tyro.cli(Run)\nbuilt(run.sizes.taken)\n"
    text = MODEL.replace("taken: int = 512\n    hidden: int = 40", f"taken: int = {width}\n    hidden: int = 40", 1)
    (tmp_path / ".git").mkdir()
    (tmp_path / "train.py").write_text(text + program)
    [file] = lint(tmp_path / "train.py").files
    assert [finding.code for finding in file.findings] == codes
