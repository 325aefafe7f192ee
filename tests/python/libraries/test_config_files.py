"""Configs that a program loads: the numbers are those that the real libraries read, and faults are where they stand."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from shapelint import lint
from shapelint.spec.findings import Finding

MODEL = """
import torch, torchvision
from torch import nn
{load}

class SimSiam(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = torchvision.models.resnet18()
        self.encoder.fc = nn.Identity()
        self.projector = nn.Sequential(nn.Linear({width}, 640), nn.ReLU(), nn.Linear(640, 96))

    def forward(self, x):
        return self.projector(self.encoder(x))

SimSiam()(torch.randn(8, 3, 64, 64))
"""
YAML = "head: &head\n  width: 384\nagain:\n  <<: *head\nlist: [640, 384]\n"


def errors(folder: Path, load: str, width: str) -> list[Finding]:
    (folder / "train.py").write_text(MODEL.format(load=load, width=width))
    return [finding for finding in lint(folder / "train.py").findings if finding.severity == "error"]


@pytest.mark.parametrize(
    ("load", "width", "place"),
    [
        ("import yaml\ncfg = yaml.safe_load(open('a.yaml'))", "cfg['head']['width']", (2, 10)),
        ("import yaml\nwith open('a.yaml') as f:\n    cfg = yaml.full_load(f)", "cfg['again']['width']", (2, 10)),
        ("import yaml\ncfg = yaml.load(open('a.yaml').read(), Loader=yaml.Loader)", "cfg['list'][-1]", (5, 13)),
        ("from omegaconf import OmegaConf\ncfg = OmegaConf.load('a.yaml')", "cfg.again.width", (2, 10)),
        (
            "from pathlib import Path\nimport yaml\nHERE = Path(__file__).parent\n"
            "cfg = yaml.safe_load((HERE / 'a.yaml').read_text())",
            "cfg['head']['width']",
            (2, 10),
        ),
        (
            "import os, yaml\nfrom easydict import EasyDict\n"
            "cfg = EasyDict(yaml.safe_load(open(os.path.join(os.path.dirname(__file__), 'a.yaml'))))",
            "cfg.head.width",
            (2, 10),
        ),
        (
            "import argparse, yaml\nparser = argparse.ArgumentParser()\n"
            "parser.add_argument('--cfg', default='a.yaml')\n"
            "cfg = yaml.safe_load(open(parser.parse_args().cfg))",
            "cfg['head']['width']",
            (2, 10),
        ),
    ],
)
def test_a_width_that_does_not_fit_is_reported_in_the_yaml(
    tmp_path: Path, load: str, width: str, place: tuple[int, int]
) -> None:
    (tmp_path / "a.yaml").write_text(YAML)
    (found,) = errors(tmp_path, load, width)
    assert Path(found.location.path).name == "a.yaml"
    assert (found.location.line, found.location.column) == place
    assert found.fix is not None
    assert [Path(edit.location.path).name for edit in found.fix.edits] == ["a.yaml"]


def test_json_and_toml_keep_their_places(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{\n\t"head": {"width": 384}\n}')
    (tmp_path / "b.toml").write_text("[head]\nwidth = 384\n")
    (found,) = errors(tmp_path, "import json\ncfg = json.load(open('a.json'))", "cfg['head']['width']")
    assert (found.location.line, found.location.column) == (2, 20)
    load = "import tomllib\nwith open('b.toml', 'rb') as f:\n    cfg = tomllib.load(f)"
    (found,) = errors(tmp_path, load, "cfg['head']['width']")
    assert (found.location.line, found.location.column) == (2, 9)


@pytest.mark.parametrize("width", ["cfg.head.width", "cfg.later", "cfg.deep.near"])
def test_omegaconf_merges_and_interpolates(tmp_path: Path, width: str) -> None:
    from omegaconf import OmegaConf

    first = "head: {width: 128, depth: 2}\nlater: ${head.width}\ndeep: {far: 3, near: '${..head.width}'}\n"
    (tmp_path / "a.yaml").write_text(first)
    (tmp_path / "b.yaml").write_text("head: {width: 384}\n")
    load = "from omegaconf import OmegaConf\ncfg = OmegaConf.merge(OmegaConf.load('a.yaml'), OmegaConf.load('b.yaml'))"
    cfg = OmegaConf.merge(OmegaConf.create(first), OmegaConf.create("head: {width: 384}"))
    assert eval(width, {"cfg": cfg}) == 384
    (found,) = errors(tmp_path, load, width)
    assert Path(found.location.path).name == "b.yaml"
    assert found.expected == 384


def test_an_interpolation_follows_what_the_program_assigns_later(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("width: 384\nhead: ${width}\n")
    load = "from omegaconf import OmegaConf\ncfg = OmegaConf.load('a.yaml')\ncfg.width = 512"
    assert errors(tmp_path, load, "cfg.head") == []


@pytest.mark.parametrize("text", [None, "head: {width: 384", "head: {width: '${oc.env:WIDTH}'}"])
def test_what_cannot_be_read_is_unknown_and_said(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "a.yaml").write_text(text)
    load = "from omegaconf import OmegaConf\ncfg = OmegaConf.load('a.yaml')"
    assert errors(tmp_path, load, "cfg.head.width") == []
    (model,) = lint(tmp_path / "train.py").files[0].models
    assert any("a.yaml" in link.reason or "oc.env" in link.reason for link in model.unchecked)


def test_a_file_outside_of_the_repository_is_not_read(tmp_path: Path) -> None:
    inner = tmp_path / "project"
    (inner / ".git").mkdir(parents=True)
    (tmp_path / "a.yaml").write_text(YAML)
    load = "import yaml\ncfg = yaml.safe_load(open('../a.yaml'))"
    assert errors(inner, load, "cfg['head']['width']") == []


def test_numbers_are_those_that_pyyaml_reads() -> None:
    from shapelint.documents.data_files import read_nodes
    from shapelint.documents.nodes import Mapping, Scalar, pairs
    from shapelint.text.source import Source

    text = "a: 1_000\nb: 0x10\nc: 012\nd: 1e3\ne: 1.5\nf: yes\ng: '7'\nh: ~\n"
    node = read_nodes(Source("a.yaml", text), "yaml")
    assert isinstance(node, Mapping)
    found = {key.value: value.value for key, value in pairs(node) if isinstance(value, Scalar)}
    assert found == yaml.safe_load(text)
