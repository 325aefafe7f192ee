"""Configs that a script makes objects of its own classes from, run in torch and linted."""

from __future__ import annotations

from pathlib import Path

import pytest
from forked_programs import run_program

from shapelint import lint
from shapelint.spec.findings import FileReport

SCRIPT = """
import json, torch, torchvision, yaml
from types import SimpleNamespace
from torch import nn

class Reading(dict):
    def __getattr__(self, name):
        try:
            value = self[name]
        except KeyError:
            raise AttributeError(name)
        return Reading(value) if isinstance(value, dict) else value

class Getting(dict):
    "Keys as attributes."
    __getattr__ = dict.get
    __setattr__ = dict.__setitem__

    def __init__(self, data):
        for key, value in data.items():
            if hasattr(value, "keys"):
                value = Getting(value)
            self[key] = value

class Own(dict):
    def __init__(self, *args, **kwargs):
        super(Own, self).__init__(*args, **kwargs)
        self.__dict__ = self
        for key in self.keys():
            if type(self[key]) is dict:
                self[key] = Own(self[key])

class Written(dict):
    __getattr__ = dict.__getitem__

    def __init__(self, data):
        super().__init__(data)
        self["sizes"] = Own({"taken": 512})

USUAL = {"sizes": Own({"taken": 512})}

class Filled(dict):
    __getattr__ = dict.__getitem__

    def __init__(self, data):
        super().__init__(data)
        self.update(USUAL)

class Doubled(dict):
    def __getattr__(self, name):
        value = self[name]
        return Doubled(value) if isinstance(value, dict) else value * 2

class Plain:
    def __init__(self, data):
        for key, value in data.items():
            setattr(self, key, Plain(value) if isinstance(value, dict) else value)

class SimCLR(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.backbone = torchvision.models.resnet18()
        self.backbone.fc = nn.Identity()
        self.projector = nn.Sequential(nn.Linear(sizes.taken, 80), nn.ReLU(), nn.Linear(80, 24))

    def forward(self, images):
        return self.projector(self.backbone(images))

with open("sizes.yaml") as file:
    read = yaml.safe_load(file)
config = MADE
SimCLR(config.sizes)(torch.randn(2, 3, 32, 32))
"""
CONFIG = "sizes:\n  taken: {width}\n"
READ = [
    "Reading(read)",
    "Getting(read)",
    "Own(read)",
    "Own(**read)",
    "Own(sizes=Reading(read['sizes']))",
    "Plain(read)",
    "json.loads(json.dumps(read), object_hook=lambda found: SimpleNamespace(**found))",
    "json.loads(json.dumps(read), object_hook=Reading)",
]
OTHERWISE = ["Written(read)", "Filled(read)"]


def linted(folder: Path, made: str, width: int) -> FileReport:
    (folder / ".git").mkdir()
    (folder / "sizes.yaml").write_text(CONFIG.format(width=width))
    (folder / "train.py").write_text(SCRIPT.replace("MADE", made))
    [file] = lint(folder / "sizes.yaml").files
    return file


def error(folder: Path) -> str:
    """Return the last line of what the script says in torch."""
    return run_program(folder / "train.py").stderr.strip().rpartition("\n")[2]


@pytest.mark.parametrize("made", READ)
def test_the_number_is_found_through_the_class(tmp_path: Path, made: str) -> None:
    [finding] = linted(tmp_path, made, 320).findings
    assert "512 and 320x80" in error(tmp_path)
    place = finding.location
    assert (Path(place.path).name, place.line, finding.expected, finding.actual) == ("sizes.yaml", 2, 320, 512)


@pytest.mark.parametrize("made", READ)
def test_a_right_number_is_clear(tmp_path: Path, made: str) -> None:
    file = linted(tmp_path, made, 512)
    [model] = file.models
    assert not file.findings
    assert model.checked == model.links == 2


@pytest.mark.parametrize("made", OTHERWISE)
def test_a_class_that_sets_keys_itself_is_not_followed(tmp_path: Path, made: str) -> None:
    file = linted(tmp_path, made, 320)
    assert not error(tmp_path)
    assert not file.findings
    assert any(model.unchecked for model in file.models)


def test_a_class_that_computes_what_it_gives_is_not_followed(tmp_path: Path) -> None:
    file = linted(tmp_path, "Doubled(read)", 256)
    assert not error(tmp_path)
    assert not file.findings


def test_a_script_that_does_not_parse_is_said_beside_what_the_config_says_itself(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    config = tmp_path / "byol.yaml"
    config.write_text("method: byol\nbackbone: resnet18\nprojection_head: BYOLProjectionHead(512, 96, 48)\n")
    (tmp_path / "train.py").write_text('import yaml\nconfig = yaml.safe_load(open("byol.yaml"))\ndef train(:\n')
    [file] = lint(config).files
    [model] = file.models
    assert any("train.py names it and does not parse" in link.reason for link in model.unchecked)
    (tmp_path / "train.py").write_text('import yaml\nconfig = yaml.safe_load(open("byol.yaml"))\n')
    [file] = lint(config).files
    assert not any("train.py" in link.reason for link in file.models[0].unchecked)
