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
# In the tables below, the lines of a class are joined by "; ".
MODELS = """
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Optional, Union
import yaml
from pydantic import (
    AfterValidator, BaseModel, ConfigDict, Field, PositiveInt, PrivateAttr, computed_field, field_serializer,
    field_validator, model_validator,
)
from pydantic.alias_generators import to_camel

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
WIDTH = "\ndef width():\n    return "
DEEP = f"{'Optional[' * 25}int{']' * 25}"
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
    **{
        name: MODELS + "class Own(BaseModel):\n    " + fields.replace("; ", "\n    ") + WIDTH + value
        for name, (fields, value) in {
            "a union": ("net: Union[None, Net]", "Own(**raw).net.width"),
            "a choice that is None": ("net: Net | None = Net()", "480 if Own(net=None).net is None else 3"),
            "annotated": ("net: Annotated[Net, Field(description='a head'), 'a note']", "Own(**raw).net.width"),
            "a default behind an annotation": ("width: Annotated[int, Field(gt=3)] = 352", "Own().width"),
            "a literal": ("width: Literal[352, 384]", "Own(**raw['net']).width"),
            "a positive number": ("width: PositiveInt", "Own(width=352).width"),
            "any": ("name: Any; width: int", "Own(name='a', width=352).width if Own(name='a', width=3).name else 3"),
            "a text": ("name: str; width: int", "Own(name='a', width=352).width if Own(name='a', width=3).name else 3"),
            "a truth value": ("wide: bool = False", "352 if Own(wide=True).wide else 3"),
            "a dict of models": ("heads: dict[str, Net]", "Own(heads={'a': raw['net']}).heads['a'].width"),
            "a dict of numbers": ("net: dict[str, int]", "Own(**raw).net['width']"),
            "a tuple": ("heads: tuple[str, Net, int]", "Own(heads=['a', raw['net'], 7]).heads[1].width"),
            "a tuple of any length": ("widths: tuple[int, ...]", "(3, *Own(widths=[352, 7]).widths)[1]"),
            "an object": ("net: Net", "Own(net=Net(width=352)).net.width"),
            "its default is its own": (
                "widths: list[int] = [352]",
                "(Own().widths.append(3), Own().widths, len(Own().widths))[1][-1]",
            ),
            "a dict of all": (
                "heads: dict[str, Net]; more: list[Net] = []",
                "Own(heads={}, more=raw['heads']).model_dump()['more'][0]['width']",
            ),
            "a dict of a dict": (
                "heads: dict[str, Net]",
                "Own(heads={'a': raw['net']}).model_dump()['heads']['a']['width']",
            ),
            "settings that only check": (
                "model_config = ConfigDict(extra='ignore'); width: int = 352",
                "Own(a=3).width",
            ),
        }.items()
    },
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
    **{
        name: MODELS + "class Own(BaseModel):\n    " + fields.replace("; ", "\n    ") + WIDTH + value
        for name, (fields, value) in {
            "a validator of the model": (
                "width: int; @model_validator(mode='before'); @classmethod; def f(cls, v):;     return {'width': 512}",
                "Own(width=384).width",
            ),
            "a validator in an annotation": (
                "width: Annotated[int, AfterValidator(lambda v: v + 128)]",
                "Own(width=384).width",
            ),
            "an alias in an annotation": ("width: Annotated[int, Field(alias='w')] = 384", "Own(w=512).width"),
            "aliases for all": (
                "model_config = ConfigDict(alias_generator=to_camel); net_width: int = 384",
                "Own(netWidth=512).net_width",
            ),
            "aliases for all in a class": (
                "class Config: alias_generator = to_camel; net_width: int = 384",
                "Own(netWidth=512).net_width",
            ),
            "letters that change": (
                "model_config = ConfigDict(str_to_lower=True); name: str",
                "{'a': 512, 'A': 384}[Own(name='A').name]",
            ),
            "keys that change": ("widths: dict[int, int]", "Own(widths={'1': 512}).widths.get(1, 384)"),
            "a truth value of a text": ("wide: bool", "384 if Own(wide='no').wide else 512"),
            "a number of a number": ("width: int", "Own(width=512.0).width"),
            "a set": ("widths: set[int]", "512 if len(Own(widths=[1, 1]).widths) == 1 else 384"),
            "one of several models": ("net: Union[Net, int]", "512 + 0 * Own(**raw).net.width"),
            "deep": (f"width: {DEEP} = 384", "Own(width=512).width"),
            "another type": ("width: complex", "int(Own(width=512).width.real)"),
            "a key of its own": ("_width: int = PrivateAttr(512)", "Own()._width"),
            "an object for a dict": (
                "net: Any",
                "Own(net=Config(net=Net(width=512))).net.net.model_dump(mode='python')['width']",
            ),
            "left out": ("width: int = 384", "Own().model_dump(exclude={'width'}).get('width', 512)"),
            "left out where it is the default": (
                "width: int = 384",
                "Own().model_dump(exclude_unset=True).get('width', 512)",
            ),
            "another name in a dict": (
                "width: int = Field(384, serialization_alias='w')",
                "Own().model_dump(by_alias=True).get('width', 512)",
            ),
            "another number in a dict": (
                "width: int = 384; @field_serializer('width'); def more(self, v):;     return v + 128",
                "Own().model_dump()['width']",
            ),
            "more in a dict": (
                "half: int = 256; @computed_field; @property; def width(self) -> int:;     return self.half * 2",
                "Own().model_dump().get('width', 384)",
            ),
        }.items()
    },
    "an annotation with a name": MODELS
    + "Width = Annotated[int, AfterValidator(lambda v: v + 128)]\nclass Own(BaseModel):\n    width: Width\n"
    + "def width():\n    return Own(width=384).width",
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


@pytest.mark.filterwarnings("ignore:Support for class-based `config`")
@pytest.mark.parametrize("text", UNKNOWN.values(), ids=UNKNOWN)
def test_a_number_that_the_library_changes_is_unknown(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real(tmp_path, text, monkeypatch)
    assert linted(tmp_path, text) == []


def test_a_quoted_annotation_that_does_not_parse_is_no_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = MODELS + "class Own(BaseModel):\n    width: 'int |' = 384\ndef width():\n    return Own(width=384).width"
    with pytest.raises(SyntaxError):
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
