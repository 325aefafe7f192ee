"""Configs that are not there or do not parse: what depends on them is unknown, and it is said once, at its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import run, write

from shapelint import lint
from shapelint.spec.findings import UncheckedLink

MODEL = """
import torch, torchvision
from torch import nn
{load}

class SimSiam(nn.Module):
    def __init__(self, width, hidden=320):
        super().__init__()
        self.encoder = torchvision.models.resnet18()
        self.encoder.fc = nn.Identity()
        self.projector = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, 96))
        self.predictor = nn.Sequential(nn.Linear({last}, 40), nn.ReLU(), nn.Linear(40, 96))

    def forward(self, x):
        return self.predictor(self.projector(self.encoder(x)))

{build}
"""
OPENED = "with open('{file}') as f:\n    cfg = {reader}(f)"
READERS = [
    ("a.yaml", "width: [512\n", "import yaml\n" + OPENED.format(file="a.yaml", reader="yaml.safe_load"), 6),
    ("a.yaml", "a: 1\n\twidth: 512\n", "from omegaconf import OmegaConf\ncfg = OmegaConf.load('a.yaml')", 5),
    ("a.json", "{width: 512}", "import json\n" + OPENED.format(file="a.json", reader="json.load"), 6),
    ("a.toml", "width = {a = 1\n", "import tomllib\ncfg = tomllib.load(open('a.toml', 'rb'))", 5),
    ("a.py", "width = dict(a=1\n", "from mmengine import Config\ncfg = Config.fromfile('a.py')", 5),
    ("conf/a.yaml", "width: {a: 1\n", "from hydra import compose, initialize\n"
     "with initialize(config_path='conf'):\n    cfg = compose('a')", 6),
]  # fmt: skip
BUILD = "SimSiam(cfg['width'])(torch.randn(8, 3, 64, 64))"
KNOWN = "SimSiam(512)(torch.randn(8, 3, 64, 64))"


def unchecked(folder: Path, load: str, build: str = BUILD, last: str = "96") -> list[UncheckedLink]:
    (folder / "train.py").write_text(MODEL.format(load=load, build=build, last=last))
    (model,) = lint(folder / "train.py").files[0].models
    return list(model.unchecked)


def shown(link: UncheckedLink, folder: Path) -> tuple[str, str, int]:
    place = link.location
    return link.role, Path(place.path).relative_to(folder).as_posix(), place.line


@pytest.mark.parametrize(("file", "text", "load", "line"), READERS)
@pytest.mark.parametrize("build", [BUILD, KNOWN])
def test_a_config_that_is_not_there_is_said_where_it_is_read(
    tmp_path: Path, file: str, text: str, load: str, line: int, build: str
) -> None:
    (link,) = unchecked(tmp_path, load, build)
    assert shown(link, tmp_path) == ("projector" if build == BUILD else "config", "train.py", line)
    assert file in link.reason
    assert link.reason.endswith("does not exist")


@pytest.mark.parametrize(("file", "text", "load", "line"), READERS)
@pytest.mark.parametrize("build", [BUILD, KNOWN])
def test_a_config_that_does_not_parse_is_said_in_it(
    tmp_path: Path, file: str, text: str, load: str, line: int, build: str
) -> None:
    write(tmp_path, {file: text})
    (link,) = unchecked(tmp_path, load, build)
    role, path, _ = shown(link, tmp_path)
    assert (role, path) == ("projector" if build == BUILD else "config", file)
    assert f"{Path(file).name} does not parse" in link.reason


def test_several_links_with_one_cause_are_one_line(tmp_path: Path) -> None:
    load = "import yaml\nwith open('a.yaml') as f:\n    cfg = yaml.safe_load(f)"
    found = unchecked(tmp_path, load, "SimSiam(cfg['width'])(torch.randn(8, 3, 64, 64))", "cfg['last']")
    assert [link.role for link in found] == ["projector", "predictor"]
    (_, line) = run(tmp_path, "train.py").stdout.strip().splitlines()
    assert "projector, predictor: a.yaml, which is read here, does not exist" in line


def test_a_group_that_is_not_there_is_said_in_the_defaults(tmp_path: Path) -> None:
    write(tmp_path, {"conf/a.yaml": "defaults:\n  - model: small\nwidth: 512\n"})
    load = "from hydra import compose, initialize\nwith initialize(config_path='conf'):\n    cfg = compose('a')"
    (link,) = unchecked(tmp_path, load)
    assert shown(link, tmp_path) == ("config", "conf/a.yaml", 2)


@pytest.mark.parametrize(
    "load",
    [
        "import os, yaml\nif os.path.exists('a.yaml'):\n    more = yaml.safe_load(open('a.yaml'))",
        "import yaml\ntry:\n    more = yaml.safe_load(open('a.yaml'))\nexcept OSError:\n    more = {}",
    ],
)
def test_a_file_that_need_not_be_there_is_not_missed(tmp_path: Path, load: str) -> None:
    assert unchecked(tmp_path, load, KNOWN) == []


def test_what_handles_an_error_does_not_run_for_a_text_that_parses(tmp_path: Path) -> None:
    load = (
        "import yaml\n\ndef read(path):\n    with open(path) as stream:\n        try:\n"
        "            return yaml.safe_load(stream)\n        except yaml.YAMLError as error:\n"
        "            print(error)\n\ncfg = read('{}')"
    )
    write(tmp_path, {"a.yaml": "width: 512\n", "b.yaml": "width: [512\n"})
    assert unchecked(tmp_path, load.format("a.yaml")) == []
    assert [link.role for link in unchecked(tmp_path, load.format("b.yaml"))] == ["projector"]


@pytest.mark.parametrize(
    ("words", "known"),
    [
        ("['--config', 'a.yaml']", True),
        ("['--config=a.yaml', '--lr', '0.1']", True),
        ("['-c', 'a.yaml']", True),
        ("['--conf', 'a.yaml']", False),
        ("['--verbose', '--config', 'a.yaml']", False),
        ("['--config', 'b.yaml']", False),
    ],
)
def test_a_command_line_that_is_written_out_names_the_config(tmp_path: Path, words: str, known: bool) -> None:
    load = (
        "import argparse, yaml\nparser = argparse.ArgumentParser()\nparser.add_argument('-c', '--config')\n"
        "parser.add_argument('--lr', type=float, default=0.2)\nparser.add_argument('--verbose', action='store_true')\n"
        f"args = parser.parse_args({words})\nwith open(args.config) as f:\n    cfg = yaml.safe_load(f)\n"
    )
    write(tmp_path, {"a.yaml": "width: 512\n"})
    assert (unchecked(tmp_path, load) == []) is known
