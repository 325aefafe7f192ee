"""Configs that a program makes, reads with hooks, merges, selects from and changes: the number is that of the library.

Each program is run with the real json, yaml and OmegaConf. `W` stands for the width of the head.
"""

from __future__ import annotations

import re
import sys
import uuid
from pathlib import Path

import pytest
from command_line import inside, write

from shapelint import lint

omegaconf = pytest.importorskip("omegaconf")

PREAMBLE = """
import collections, json, os, yaml
from dataclasses import dataclass, field
from types import SimpleNamespace
from omegaconf import DictConfig, ListConfig, OmegaConf

cfg = OmegaConf.load("a.yaml")

@dataclass
class Inner:
    width: int = W

@dataclass
class Outer:
    depth: int = 2
    inner: Inner = field(default_factory=Inner)

"""
MODEL = """
import torch, torchvision
from torch import nn

class VICReg(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.encoder = torchvision.models.resnet18()
        self.encoder.fc = nn.Identity()
        self.projector = nn.Sequential(nn.Linear(width, 320), nn.ReLU(), nn.Linear(320, 96))

    def forward(self, x):
        return self.projector(self.encoder(x))

VICReg(width)(torch.randn(8, 3, 64, 64))
"""
W = re.compile(r"\bW\b")
FILES = {
    "a.yaml": "head: {width: W, depth: 3}\nlist: [7, W]\nlater: '???'\nsame: ${head.width}\n",
    "a.json": '{"head": {"width": W}, "heads": [{"width": W}, 7]}\n',
}
READ = "with open('a.json') as file:\n    raw = json.load(file"
KNOWN = {
    # What json gives.
    "a hook": READ + ", object_hook=lambda one: SimpleNamespace(**one))\nwidth = raw.head.width",
    "a hook for a list": READ + ", object_hook=lambda one: SimpleNamespace(**one))\nwidth = raw.heads[0].width",
    "no hook": READ + ", object_hook=None)\nwidth = raw['head']['width']",
    "a hook for a text": "width = json.loads('{\"a\": W}', object_hook=lambda one: SimpleNamespace(**one)).a",
    "pairs": READ + ", object_pairs_hook=collections.OrderedDict)\nwidth = raw['head']['width']",
    "there and back": "width = json.loads(json.dumps({'a': [{'b': (7, W)}]}))['a'][0]['b'][1]",
    "there and back with a hook": (
        "raw = json.loads(json.dumps({'a': W}), object_hook=lambda one: SimpleNamespace(**one))\nwidth = raw.a"
    ),
    # What OmegaConf makes.
    "of a text": "width = OmegaConf.create('a: {b: W}').a.b",
    "of nothing": "made = OmegaConf.create()\nmade.width = W\nwidth = made.width",
    "of a class": "width = OmegaConf.structured(Outer).inner.width",
    "of an object": "width = OmegaConf.structured(Outer(inner=Inner(width=W))).inner.width",
    "a list": "width = ListConfig([7, W])[1]",
    "an object again": "width = OmegaConf.to_object(OmegaConf.structured(Outer)).inner.width",
    "plain again": "width = OmegaConf.to_container(cfg, resolve=True)['same']",
    "a list in a plain one": "width = OmegaConf.to_container(OmegaConf.create({'a': [{'b': W}]}))['a'][0]['b']",
    # What is merged.
    "a list over a list": "width = OmegaConf.merge(cfg, {'list': [W]}).list[0]",
    "a reference to what is merged": "width = OmegaConf.merge(cfg, {'head': {'width': W}}).same",
    "nothing over a number": "width = OmegaConf.merge({'width': W}, {'width': '???'}).width",
    "a number over nothing": "width = OmegaConf.merge({'width': '???'}, {'width': W}).width",
    "no words": "width = OmegaConf.merge(cfg, OmegaConf.from_cli()).head.width",
    "a reference in a dotlist": "width = OmegaConf.merge(cfg, OmegaConf.from_dotlist(['a=${head.width}'])).a",
    # What is selected.
    "selected": "width = OmegaConf.select(cfg, 'head.width')",
    "selected by name": "width = OmegaConf.select(cfg, key='head.width', default=7)",
    "a reference": "width = OmegaConf.select(cfg, 'same', default=7)",
    "the default": "width = OmegaConf.select(cfg, 'head.none', default=W)",
    "no default": "width = OmegaConf.select(cfg, 'head.none') or W",
    "None is there": "width = OmegaConf.select(OmegaConf.create({'a': None}), 'a', default=7) or W",
    "below a number": "width = OmegaConf.select(cfg, 'head.width.more', default=W)",
    "a dict as default": "width = OmegaConf.select(cfg, 'none', default={'width': W})['width']",
    "a default of get": "width = cfg.head.get('none', W)",
    "missing": "width = W if OmegaConf.is_missing(OmegaConf.create({'a': '???'}), 'a') else 7",
    "not missing": "width = 7 if OmegaConf.is_missing(OmegaConf.create({'a': 3}), 'none') else W",
    # What is changed.
    "updated": "OmegaConf.update(cfg, 'head.depth', W)\nwidth = cfg.head.depth",
    "updated by name": "OmegaConf.update(cfg, key='head.depth', value=W)\nwidth = cfg.head.depth",
    "a reference to what is updated": "OmegaConf.update(cfg, 'head.width', W)\nwidth = cfg.same",
    "a dict is merged": "OmegaConf.update(cfg, 'head', {'depth': 7})\nwidth = cfg.head.get('width', 7)",
    "a dict replaces": "OmegaConf.update(cfg, 'head', {'depth': 7}, merge=False)\nwidth = cfg.head.get('width', W)",
    "guards": "OmegaConf.set_struct(cfg, False)\ncfg.new = W\nOmegaConf.set_readonly(cfg, True)\nwidth = cfg.new",
    "another resolver": (
        "OmegaConf.register_new_resolver('mine', lambda: 7)\n"
        "OmegaConf.register_new_resolver('mine', lambda: W, replace=True)\n"
        "width = OmegaConf.create({'a': '${mine:}'}).a"
    ),
}
UNKNOWN = {
    "numbers that change": READ + ", parse_int=lambda text: 512)\nwidth = raw['head']['width']",
    "numbers of a text that change": "width = json.loads('{\"a\": 384.0}', parse_float=lambda text: 512)['a']",
    "pairs that change": READ + ", object_pairs_hook=lambda pairs: 512)\nwidth = raw",
    "a default of json": "width = len(json.loads(json.dumps({'a': {1}}, default=lambda one: [7] * 512))['a'])",
    "keys that become texts": "width = json.loads(json.dumps({1: 512})).get('1', 384)",
    "keys in a list that become texts": "width = json.loads(json.dumps({'a': [{1: 384}]}))['a'][0].get(1, 512)",
    "a text that becomes a number": "width = OmegaConf.merge(OmegaConf.structured(Inner), {'width': '512'}).width",
    "words that are read": "width = OmegaConf.from_dotlist(os.environ.get('NO_SUCH_KEY', 'a=512').split(',')).a",
    "some words that are read": (
        "width = OmegaConf.from_dotlist(['a=384', *os.environ.get('NO_SUCH_KEY', 'a=512').split(',')]).a"
    ),
    "words that are given": "width = OmegaConf.from_cli(['head.width=512']).head.width",
    "no config": "width = OmegaConf.merge(cfg, json.loads(os.environ.get('NO_SUCH_KEY', '{\"a\": 512}'))).a",
    "several lists": "width = OmegaConf.merge([384], [512])[0]",
    "a place in a list": "width = OmegaConf.select(OmegaConf.create({'a': [512]}), 'a[0]', default=384)",
    "a place in a list, dotted": "width = OmegaConf.select(OmegaConf.create({'a': [512]}), 'a.0', default=384)",
    "a place in the list itself": "width = OmegaConf.select(OmegaConf.create([512]), '0', default=384)",
    "brackets": "width = OmegaConf.select(cfg, 'head[width]', default=384)",
    "relative": "width = OmegaConf.select(cfg.head, '.width', default=384)",
    "a key that is read": "width = OmegaConf.select(cfg, os.environ.get('NO_SUCH_KEY', 'head.width'), default=384)",
    "below what is not known": (
        "cfg.new = json.loads(os.environ.get('NO_SUCH_KEY', '{\"b\": 384}'))\n"
        "width = OmegaConf.select(cfg, 'new.a', default=512)"
    ),
    "a key that may be there": (
        "import random\nif random.random() > 2:\n    cfg.new = 384\nwidth = OmegaConf.select(cfg, 'new', default=512)"
    ),
    "missing in a file": "width = 512 if OmegaConf.is_missing(cfg, 'later') else 384",
    "missing is not there": "width = 384 if 'later' in cfg else 512",
    "missing is not there in a dict": "width = 384 if 'a' in OmegaConf.create({'a': '???'}) else 512",
    "updated by brackets": "OmegaConf.update(cfg, 'head[depth]', 512)\nwidth = cfg.head.depth",
    "updated in a list": "OmegaConf.update(cfg, 'list[0]', 512)\nwidth = cfg.list[0]",
    "updated in a list, dotted": "OmegaConf.update(cfg, 'list.0', 512)\nwidth = cfg.list[0]",
    "updated by what is read": (
        "OmegaConf.update(cfg, os.environ.get('NO_SUCH_KEY', 'head.depth'), 512)\nwidth = cfg.head.depth"
    ),
    "updated where nothing was": "OmegaConf.update(cfg, 'new.a', 512, force_add=True)\nwidth = cfg.new.a",
    "merged or not": (
        "OmegaConf.update(cfg, 'head', {'a': 7}, merge=bool(os.environ.get('NO_SUCH_KEY')))\n"
        "width = cfg.head.get('depth', 512)"
    ),
    "a text of a config": "width = yaml.safe_load(OmegaConf.to_yaml(cfg))['head']['width']",
    "an expression that does not parse": (
        "OmegaConf.register_new_resolver('of', eval)\nmade = OmegaConf.create({'a': \"${of:'384 +'}\"})\n"
        "try:\n    width = made.a\nexcept Exception:\n    width = 512"
    ),
    "an expression with names": (
        "OmegaConf.register_new_resolver('of', eval)\nwidth = OmegaConf.create({'a': \"${of:'x * 2',{x: 256}}\"}).a"
    ),
    "a list of an expression": (
        "OmegaConf.register_new_resolver('of', eval)\nwidth = OmegaConf.create({'a': \"${of:'[7, 512]'}\"}).a[1]"
    ),
    "a resolver with a name that is read": (
        "OmegaConf.register_new_resolver(os.environ.get('NO_SUCH_KEY', 'read'), lambda: 512)\n"
        "width = OmegaConf.create({'a': '${read:}'}).a"
    ),
}  # fmt: skip


def real(folder: Path, program: str, width: int) -> object:
    """Write the program and its files, run what it does with the config, and return the width."""
    text = W.sub(str(width), PREAMBLE + program)
    write(folder, {name: W.sub(str(width), content) for name, content in FILES.items()})
    write(folder, {".git/HEAD": "", "train.py": text + MODEL})
    omegaconf.OmegaConf.clear_resolvers()
    name = f"train_{uuid.uuid4().hex}"
    sys.modules[name] = type(sys)(name)
    try:
        with inside(folder):
            exec(text, sys.modules[name].__dict__)
        return sys.modules[name].__dict__["width"]
    finally:
        del sys.modules[name]


@pytest.mark.parametrize("program", KNOWN.values(), ids=KNOWN)
def test_the_number_is_that_of_the_library(tmp_path: Path, program: str) -> None:
    assert real(tmp_path, program, 384) == 384
    [finding] = lint(tmp_path / "train.py").findings
    assert (finding.code, finding.expected, finding.actual) == ("SL101", 384, 512)
    assert real(tmp_path, program, 512) == 512
    [file] = lint(tmp_path / "train.py").files
    assert not file.findings
    assert all(model.checked == model.links for model in file.models)


@pytest.mark.parametrize("program", UNKNOWN.values(), ids=UNKNOWN)
def test_a_number_that_is_not_sure_is_not_known(tmp_path: Path, program: str) -> None:
    assert real(tmp_path, program, 512) == 512
    [file] = lint(tmp_path / "train.py").files
    assert not file.findings
    assert "projector" in [link.role for model in file.models for link in model.unchecked]
