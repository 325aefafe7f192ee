"""Named tuples and dataclasses that a program fills from a config, and gin, whose files are not read."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint import lint
from shapelint.spec.findings import FileReport

MODEL = """
import json, yaml, torch, torchvision
import collections, typing
from collections import namedtuple
from dataclasses import asdict, dataclass, fields
from dacite import from_dict
import gin
from torch import nn

class NNCLR(nn.Module):
    def __init__(self, taken, hidden=96):
        super().__init__()
        self.encoder = torchvision.models.resnet18()
        self.encoder.fc = nn.Identity()
        self.projector = nn.Sequential(nn.Linear(taken, hidden), nn.ReLU(), nn.Linear(hidden, 48))

    def forward(self, images):
        return self.projector(self.encoder(images))

raw = yaml.safe_load(open("nnclr.yaml"))
"""
IMAGES = "(torch.randn(2, 3, 64, 64))\n"
DATACLASS = "@dataclass\nclass Sizes:\n    taken: int = 512\n    hidden: int = 96\n"
FILLED = {
    "names in a list": "cfg = namedtuple('Config', ['taken', 'hidden', 'sizes'])(**raw)\nNNCLR(cfg.taken, cfg.hidden)",
    "names in a text": "Config = namedtuple('Config', 'taken, hidden')\nNNCLR(Config(raw['taken'], 80).taken)",
    "a default": "Config = namedtuple('Config', 'hidden taken', defaults=[raw['taken']])\nNNCLR(Config(64).taken)",
    "keys and values": "cfg = collections.namedtuple('Config', raw.keys())(*raw.values())\nNNCLR(cfg.taken)",
    "a dict of names": "cfg = namedtuple('Config', raw)(**raw)\nNNCLR(cfg.taken)",
    "names with types": "C = typing.NamedTuple('C', [('taken', int), ('out', int)])\nNNCLR(C(raw['taken'], 3).taken)",
    "at any depth": (
        "def tupled(d):\n"
        "    return namedtuple('X', d)(*[tupled(v) if isinstance(v, dict) else v for v in d.values()])\n"
        "NNCLR(tupled(raw).sizes.taken)"
    ),
    "known fields": (
        f"{DATACLASS}names = [one.name for one in fields(Sizes)]\n"
        "NNCLR(**asdict(Sizes(**{name: value for name, value in raw.items() if name in names})))"
    ),
    "dacite": (
        f"{DATACLASS}@dataclass\nclass Config:\n    taken: int\n    sizes: Sizes\n"
        "NNCLR(from_dict(data_class=Config, data=raw).sizes.taken)"
    ),
}
CONFIG = "taken: {width}\nhidden: 80\nsizes: {{taken: {width}, hidden: 72}}\n"


def linted(folder: Path, program: str, width: int) -> FileReport:
    (folder / ".git").mkdir(exist_ok=True)
    (folder / "nnclr.yaml").write_text(CONFIG.format(width=width))
    (folder / "train.py").write_text(MODEL + program + IMAGES)
    [file] = lint(folder / "train.py").files
    return file


@pytest.mark.parametrize("program", FILLED.values(), ids=FILLED)
def test_the_number_is_found_in_the_config(tmp_path: Path, program: str) -> None:
    [finding] = linted(tmp_path, program, 448).findings
    assert (Path(finding.location.path).name, finding.expected, finding.actual) == ("nnclr.yaml", 448, 512)
    file = linted(tmp_path, program, 512)
    assert not file.findings
    assert all(model.checked == model.links for model in file.models)


CONFIGURABLE = {
    "a function": "@gin.configurable\ndef build(taken=512):\n    return NNCLR(taken)\nbuild()",
    "one with a name": (
        "@gin.configurable('net', denylist=['x'])\ndef build(*, taken=512):\n    return NNCLR(taken)\nbuild()"
    ),
    "a class": (
        "@gin.configurable\nclass Net(NNCLR):\n"
        "    def __init__(self, taken=512):\n        super().__init__(taken)\nNet()"
    ),
}


@pytest.mark.parametrize("program", CONFIGURABLE.values(), ids=CONFIGURABLE)
def test_a_default_that_gin_may_replace_is_not_known(tmp_path: Path, program: str) -> None:
    file = linted(tmp_path, program.replace("512", "384"), 512)
    assert not file.findings
    assert any("a file of gin may say" in link.reason for model in file.models for link in model.unchecked)


def test_what_is_passed_wins_over_gin(tmp_path: Path) -> None:
    program = CONFIGURABLE["a function"].replace("build()", "build(384)")
    [finding] = linted(tmp_path, program, 512).findings
    assert (finding.expected, finding.actual) == (384, 512)
