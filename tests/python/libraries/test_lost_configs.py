"""A width that comes from a config which is not there has that as its cause, however the config is passed on."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint import lint
from shapelint.spec.findings import FileReport

MODEL = """
import argparse, yaml, torch, torchvision
from collections import OrderedDict
from dataclasses import dataclass
from types import SimpleNamespace
from easydict import EasyDict
from omegaconf import OmegaConf
from torch import nn

class MoCo(nn.Module):
    def __init__(self, taken, hidden=96, **others):
        super().__init__()
        self.encoder = torchvision.models.resnet34()
        self.encoder.fc = nn.Identity()
        self.projector = nn.Sequential(nn.Linear(taken, hidden), nn.ReLU(), nn.Linear(hidden, 40))

    def forward(self, images):
        return self.projector(self.encoder(images))

@dataclass
class Sizes:
    taken: int = 512
    hidden: int = 96

class Attributes(dict):
    def __init__(self, *values):
        super().__init__(*values)
        self.__dict__ = self

class Settings:
    def __init__(self, values):
        self.__dict__.update(values)

parser = argparse.ArgumentParser()
parser.add_argument("--taken", type=int, default=512)
cfg = yaml.safe_load(open("moco.yaml"))
"""
PARSED = "args = parser.parse_args()\n"
WAYS = {
    "a star": "MoCo(**cfg)",
    "a star of a part": "MoCo(**cfg['sizes'])",
    "a star through a function": "def build(**values):\n    return MoCo(values['taken'])\nbuild(**cfg)",
    "a namespace": "MoCo(SimpleNamespace(**cfg).taken)",
    "argparse's namespace": "MoCo(argparse.Namespace(**{**vars(parser.parse_args()), **cfg}).taken)",
    "a dataclass": "MoCo(Sizes(**cfg).taken)",
    "an attribute dict": "MoCo(EasyDict(cfg).taken)",
    "one of the program": "MoCo(Attributes(cfg).taken)",
    "attributes of an object": "MoCo(Settings(cfg).taken)",
    "OmegaConf": "MoCo(OmegaConf.merge({'taken': 512}, cfg).taken)",
    "vars": PARSED + "vars(args).update(cfg)\nMoCo(args.taken)",
    "__dict__": PARSED + "args.__dict__.update(cfg)\nMoCo(args.taken)",
    "another __dict__": PARSED + "args.__dict__ = cfg\nMoCo(args.taken)",
    "setattr of items": PARSED + "for name, value in cfg.items():\n    setattr(args, name, value)\nMoCo(args.taken)",
    "setattr of keys": PARSED + "for name in cfg:\n    setattr(args, name, cfg[name])\nMoCo(args.taken)",
    "set_defaults": "parser.set_defaults(**cfg)\nMoCo(parser.parse_args().taken)",
    "update": "sizes = {'taken': 512}\nsizes.update(cfg)\nMoCo(sizes['taken'])",
    "a dict of two": "MoCo({**{'taken': 512}, **cfg}['taken'])",
    "dict": "MoCo(dict(**cfg)['taken'])",
    "an ordered dict": "MoCo(OrderedDict({'taken': 512}, **cfg)['taken'])",
    "get": "MoCo(cfg.get('taken', 512))",
}


def linted(folder: Path, way: str, config: str = "") -> FileReport:
    (folder / ".git").mkdir()
    if config:
        (folder / "moco.yaml").write_text(config)
    *before, last = way.splitlines()
    (folder / "train.py").write_text(MODEL + "\n".join([*before, f"{last}(torch.randn(2, 3, 64, 64))\n"]))
    [file] = lint(folder / "train.py").files
    return file


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_the_cause_is_that_the_config_is_not_there(tmp_path: Path, way: str) -> None:
    file = linted(tmp_path, way)
    assert not file.findings
    [link] = [link for model in file.models for link in model.unchecked]
    assert (link.role, link.reason) == ("projector", "moco.yaml, which is read here, does not exist")


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_the_number_is_found_in_the_config_that_is_there(tmp_path: Path, way: str) -> None:
    [finding] = linted(tmp_path, way, "taken: 448\nsizes: {taken: 448}\n").findings
    assert (Path(finding.location.path).name, finding.expected, finding.actual) == ("moco.yaml", 448, 512)


def test_what_is_set_after_another_dict_has_been_taken_over_is_seen(tmp_path: Path) -> None:
    way = PARSED + "args.__dict__ = cfg\ncfg['taken'] = 512\nMoCo(args.taken)"
    file = linted(tmp_path, way, "taken: 448\n")
    assert not file.findings
    assert all(model.checked == model.links for model in file.models)
