"""Numbers that reach a script through pydantic's models, click's options, ruamel's parser and look-ups by name.

Each text is run with the real libraries; what it gives is what shapelint must find, or not know.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from shapelint import lint

MODEL = """
import torch, torchvision
from torch import nn
{text}


class SimSiam(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = torchvision.models.resnet18()
        self.encoder.fc = nn.Identity()
        self.projector = nn.Sequential(nn.Linear(width(), 640), nn.ReLU(), nn.Linear(640, 96))

    def forward(self, x):
        return self.projector(self.encoder(x))


SimSiam()(torch.randn(8, 3, 64, 64))
"""
YAML = "net: {width: 384, depth: 3}\nheads: [{width: 416}]\nspare: {width: '448'}\n"
MODELS = """
from pathlib import Path
from typing import ClassVar, Optional
import yaml
from pydantic import BaseModel, Field, field_validator

class Net(BaseModel):
    limit: ClassVar[int] = 9
    width: int = Field(480, gt=0)
    depth: int = 2

class Config(BaseModel):
    net: Net = Field(default_factory=Net)
    other: Optional[Net] = None
    heads: list[Net] = []
    extra: "Net | None" = None

raw = yaml.safe_load(Path("a.yaml").read_text())
"""
CLICK = """
from pathlib import Path
import click
import yaml

found = []

@click.command()
@click.option({option})
def main({parameters}):
    found.append({value})

main(args=[], standalone_mode=False)

def width():
    return found[0]
"""
READ = "yaml.safe_load(Path(config).read_text())"
KNOWN = {
    "keywords": MODELS + "def width():\n    return Config(**{'net': raw['net']}).net.width",
    "validate": MODELS + "config = Config.model_validate(raw)\ndef width():\n    return config.heads[0].width",
    "a default": MODELS + "def width():\n    return Config().net.width",
    "a default of Field": MODELS + "def width():\n    return Net(depth=5).width",
    "optional": MODELS + "def width():\n    return Config(other=raw['net']).other.width",
    "an annotation in quotes": MODELS + "def width():\n    return Config(extra=raw['heads'][0]).extra.width",
    "a dict again": MODELS + "def width():\n    return Config(**raw).model_dump()['net']['width']",
    "a base": MODELS + "class Wide(Net):\n    factor: int = 3\ndef width():\n    return Wide(width=320).width * 1",
    "json": MODELS + 'def width():\n    return Config.model_validate_json(\'{"net": {"width": 352}}\').net.width',
    "a module by name": "import importlib\nsys_like = importlib.import_module('numbers_of_mine')\n"
    "def width():\n    return getattr(sys_like, 'WIDTH')",
    "split": "from pydoc import locate\nmodule, name = 'numbers_of_mine.WIDTH'.rsplit('.', 1)\n"
    "def width():\n    return getattr(locate(module), name)",
    "partition": "import importlib\nmodule, _, name = 'numbers_of_mine.WIDTH'.rpartition('.')\n"
    "def width():\n    return getattr(importlib.import_module(module), name)",
}
UNKNOWN = {
    "a converted text": MODELS + "def width():\n    return Config(**{'net': raw['spare']}).net.width",
    "a validator": MODELS
    + "class Own(Net):\n    @field_validator('width')\n    @classmethod\n    def twice(cls, v):\n        return 2 * v\n"
    "def width():\n    return Own(width=100).width",
    "an alias": MODELS
    + "class Named(BaseModel):\n    width: int = Field(7, alias='w')\ndef width():\n    return Named(w=384).width",
}


def real(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run a text as a program and return the width that it gives."""
    (folder / "a.yaml").write_text(YAML)
    (folder / "numbers_of_mine.py").write_text("WIDTH = 368\n")
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "numbers_of_mine", raising=False)
    (folder / "program.py").write_text(text)
    monkeypatch.delitem(sys.modules, "program", raising=False)
    result = importlib.import_module("program").width()
    assert isinstance(result, int)
    return result


def linted(folder: Path, text: str) -> list[tuple[str, object]]:
    (folder / "train.py").write_text(MODEL.format(text=text))
    return [(one.code, one.expected) for one in lint(folder / "train.py").findings if one.severity == "error"]


@pytest.mark.parametrize("text", KNOWN.values(), ids=KNOWN)
def test_a_number_is_the_one_of_the_program(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    width = real(tmp_path, text, monkeypatch)
    assert linted(tmp_path, text) == [("SL101", width)]


@pytest.mark.parametrize("text", UNKNOWN.values(), ids=UNKNOWN)
def test_a_number_that_the_library_changes_is_unknown(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real(tmp_path, text, monkeypatch)
    assert linted(tmp_path, text) == []


@pytest.mark.parametrize(
    ("option", "parameters", "value"),
    [
        ("'--width', default=300", "width", "width"),
        ("'-w', '--net-width', default=300, type=int, show_default=True", "net_width", "net_width"),
        ("'--width', 'wide', default='300', type=int", "wide", "wide"),
        (
            "'--config', default='a.yaml', type=click.Path()",
            "config",
            "yaml.safe_load(Path(config).read_text())['net']['width']",
        ),
        ("'--wide', is_flag=True", "*, wide", "280 if wide else 300"),
    ],
)
def test_an_option_has_its_default(
    tmp_path: Path, option: str, parameters: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = CLICK.format(option=option, parameters=parameters, value=value)
    width = real(tmp_path, text, monkeypatch)
    assert linted(tmp_path, text) == [("SL101", width)]


@pytest.mark.parametrize(
    "parser", ["YAML()", "YAML(typ='safe', pure=True)", "ruamel.yaml.YAML(typ='rt')"], ids=["round trip", "safe", "rt"]
)
@pytest.mark.parametrize("file", ["Path('a.yaml')", "Path('a.yaml').read_text()"])
def test_ruamel_reads_a_file(tmp_path: Path, parser: str, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ruamel.yaml")
    text = (
        "import ruamel.yaml\nfrom pathlib import Path\nfrom ruamel.yaml import YAML\n"
        f"parser = {parser}\nparser.preserve_quotes = True\nconfig = parser.load({file})\n"
        "def width():\n    return config['net']['width']"
    )
    assert linted(tmp_path, text) == []  # there is no such file yet
    width = real(tmp_path, text, monkeypatch)
    assert linted(tmp_path, text) == [("SL101", width)]
