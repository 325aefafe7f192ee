"""Dicts with attributes and configs of other libraries: the width is the one that the library gives, at its place."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from command_line import write

from shapelint import lint

MODEL = """
import torch, torchvision
from torch import nn

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
FILES = {
    "a.yaml": "head:\n  width: 384\n  depth: 2\n",
    "b.py": "_base_ = ['bases/c.py', 'bases/d.yaml']\nhead = dict(width=384)\nsizes = (96, 32 * 12)\n",
    "bases/c.py": "head = dict(width=640, depth=3)\nold = dict(kept=1, gone=2)\n",
    "bases/d.yaml": "batch: 320\n",
    "a.json": '{"head": {"width": 384}}\n',
    "e.py": "_base_ = 'b.py'\nwidth = {{_base_.batch}}\nold = dict(_delete_=True, fresh=5)\n",
    "configs/__init__.py": "",
    "configs/f.py": "import ml_collections\n\n\ndef get_config():\n"
    "    config = ml_collections.ConfigDict()\n    head = config.head = ml_collections.ConfigDict()\n"
    "    head.width = 384\n    config.more = dict(width=448)\n    return config\n",
}
YAML = "import yaml\nwith open('a.yaml') as f:\n    raw = yaml.safe_load(f)\n"
MM = "from mmengine.config import Config\ncfg = Config.fromfile('{}')\n"
YACS = "from yacs.config import CfgNode as CN\ncfg = CN()\ncfg.head = CN()\ncfg.head.width = 320\ncfg.head.depth = 1\n"
EASY = "from easydict import EasyDict\ncfg = EasyDict(head={'width': 96})\n"
FLAGS = (
    "from absl import app, flags\nflags.DEFINE_integer('width', 448, 'of the head')\n"
    "flags.DEFINE_string('run', None, 'its name')\nflags.mark_flag_as_required('run')\nFLAGS = flags.FLAGS\n"
)
CONFIG_FLAG = (
    "from ml_collections import config_flags\nfound = config_flags.DEFINE_config_file('config', {})\ncfg = found.value"
)
PROGRAMS = [
    # library, program, width, the file in which it is written and its line
    ("easydict", YAML + "from easydict import EasyDict\ncfg = EasyDict(raw)", "cfg.head.width", "a.yaml:2"),
    ("munch", YAML + "from munch import Munch\ncfg = Munch.fromDict(raw).copy()", "cfg.head.width", "a.yaml:2"),
    ("box", YAML + "from box import Box\ncfg = Box(raw)", "cfg.head['width']", "a.yaml:2"),
    ("box", "from box import Box\ncfg = Box.from_yaml(filename='a.yaml')", "cfg.head.width", "a.yaml:2"),
    ("addict", YAML + "from addict import Dict\ncfg = Dict(raw)\ncfg.update(dict(head=dict(depth=9)))",
     "cfg.head.width", "a.yaml:2"),
    ("yacs", YACS + "cfg = cfg.clone()\ncfg.merge_from_file('a.yaml')\ncfg.freeze()", "cfg.head.width", "a.yaml:2"),
    ("yacs", YACS + "cfg.merge_from_list(['head.width', 448])", "cfg.head.width", "train.py:6"),
    ("yacs", "from yacs.config import CfgNode\nwith open('a.yaml') as f:\n    cfg = CfgNode.load_cfg(f)",
     "cfg.head.width", "a.yaml:2"),
    ("mmengine", MM.format("b.py"), "cfg.head.width", "b.py:2"),
    ("mmengine", MM.format("b.py"), "cfg.sizes[1]", "b.py:3"),
    ("mmengine", MM.format("b.py"), "cfg.get('head')['width']", "b.py:2"),
    ("mmengine", MM.format("b.py"), "cfg.batch", "bases/d.yaml:1"),
    ("mmengine", MM.format("e.py"), "cfg.width", "bases/d.yaml:1"),
    ("mmengine", MM.format("a.yaml"), "cfg.head.width", "a.yaml:2"),
    ("mmengine", MM.format("b.py") + "cfg.merge_from_dict({'head.width': 448, 'new.key': 1})", "cfg.head.width",
     "train.py:3"),
    ("mmengine", MM.format("b.py") + "cfg.head.update(depth=7)\ncfg.update(dict(head=dict(depth=8)))", "cfg.head.width",
     "b.py:2"),
    ("mmengine", "from mmengine import Config\ncfg = Config(dict(head=dict(width=448)))", "cfg.head.width",
     "train.py:2"),
    ("ml_collections", "from configs.f import get_config\ncfg = get_config()", "cfg.head.width", "configs/f.py:7"),
    ("ml_collections", "from configs import f\ncfg = f.get_config()\nwith cfg.unlocked():\n    cfg.seed = 4",
     "cfg.more.width", "configs/f.py:8"),
    ("ml_collections", "import ml_collections\ncfg = ml_collections.ConfigDict({'head': {'width': 448}})\n"
     "cfg.update({'head': {'width': 384}})", "cfg.head.width", "train.py:3"),
    ("easydict", EASY + "cfg.more = {'head': {'width': 448}}", "cfg.more.head.width", "train.py:3"),
    ("easydict", EASY + "cfg.head.update(more={'width': 448})", "cfg.head.more.width", "train.py:3"),
    ("easydict", "from easydict import EasyDict\ncfg = EasyDict({'heads': [{'width': 96}, {'width': 448}]})",
     "cfg.heads[1].width", "train.py:2"),
    ("easydict", EASY + "cfg.update({'head': {'width': 448}})", "cfg.get('head').width", "train.py:3"),
    ("munch", YAML + "from munch import Munch\ncfg = Munch(raw['head'])", "cfg.width", "a.yaml:2"),
    ("munch", YAML + "from munch import munchify\ncfg = munchify(raw)", "cfg.head['width']", "a.yaml:2"),
    ("dotmap", YAML + "from dotmap import DotMap\ncfg = DotMap(raw)", "cfg.head.width", "a.yaml:2"),
    ("addict", "from addict import Dict\ncfg = Dict(head=dict(width=448))\ncfg.update({'head': {'depth': 2}})",
     "cfg.head.width", "train.py:2"),
    ("box", "from box import Box\nmore = {'width': 448}\ncfg = Box(head={})\ncfg.head = more\nmore['width'] = 96",
     "cfg.head.width", "train.py:2"),
    ("box", "from box import Box\ncfg = Box.from_json(filename='a.json')", "cfg.head.width", "a.json:1"),
    ("yacs", "from yacs.config import CfgNode\ncfg = CfgNode(init_dict={'head': {'width': 448}})", "cfg.head.width",
     "train.py:2"),
    ("absl", FLAGS + "def main(argv):\n    global cfg\n    cfg = FLAGS\napp.run(main, argv=['train.py', '--run=one'])",
     "cfg.width", "train.py:2"),
]  # fmt: skip


def program(load: str, width: str) -> dict[str, str]:
    return {**FILES, "train.py": f"{load}\n{MODEL.format(width=width)}"}


@pytest.mark.parametrize(("library", "load", "width", "place"), PROGRAMS)
def test_a_width_is_reported_and_mended_where_it_is_written(
    tmp_path: Path, library: str, load: str, width: str, place: str
) -> None:
    write(tmp_path, program(load, width))
    (found,) = (one for one in lint(tmp_path / "train.py").findings if one.severity == "error")
    assert found.code == "SL101"
    assert f"{Path(found.location.path).relative_to(tmp_path)}:{found.location.line}" == place
    assert found.fix is not None
    assert [Path(edit.location.path).relative_to(tmp_path).as_posix() for edit in found.fix.edits] == [place[:-2]]
    assert [edit.text for edit in found.fix.edits] == ["512"]


@pytest.mark.parametrize(("library", "load", "width", "place"), PROGRAMS)
def test_the_library_gives_the_number_that_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str, load: str, width: str, place: str
) -> None:
    pytest.importorskip(library)
    write(tmp_path, program(load, width))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    names: dict[str, object] = {}
    with suppress(SystemExit):  # by which `app.run` ends
        exec(load, names)
    (found,) = (one for one in lint("train.py").findings if one.severity == "error")
    assert found.expected == eval(width, names)


def test_a_deleted_key_of_a_base_is_not_there(tmp_path: Path) -> None:
    write(tmp_path, program(MM.format("e.py"), "cfg.old.get('gone', 384)"))
    (found,) = (one for one in lint(tmp_path / "train.py").findings if one.severity == "error")
    assert found.expected == 384


@pytest.mark.parametrize(
    "load",
    [
        "from mmengine import Config\ncfg = Config.fromfile(options())",
        "from mmengine import Config\ncfg = Config(options())",
        "from ml_collections import ConfigDict\ncfg = ConfigDict(*options())",
        "from easydict import EasyDict\ncfg = EasyDict(options())",
        "from munch import Munch\ncfg = Munch(options())",
        "from box import Box\ncfg = Box.from_yaml(options())",
        "from box import Box\ncfg = Box.from_yaml(filename=options())",
        "from yacs.config import CfgNode\ncfg = CfgNode.load_cfg(options())",
        "from yacs.config import CfgNode\ncfg = CfgNode.load_cfg('a.yaml')",  # which is a text
        CONFIG_FLAG.format("options()"),
        CONFIG_FLAG.format("None"),
        CONFIG_FLAG.format("'configs/none.py'"),
        CONFIG_FLAG.format("'configs/bases/c.py'"),
        CONFIG_FLAG.format("'a.yaml'"),
        "from absl import app, flags\ncfg = flags.FLAGS\nflags.DEFINE_string(options(), 'head', 'of nothing')",
        "from absl import app, flags\ncfg = flags.FLAGS\nflags.DEFINE_integer('head', None, 'of nothing')",
        "from absl import app\ncfg = app.run(options())",
    ],
)
def test_a_config_that_is_named_or_made_elsewhere_is_not_known(tmp_path: Path, load: str) -> None:
    write(tmp_path, program(f"from somewhere import options\n{load}", "cfg.head.width"))
    report = lint(tmp_path / "train.py")
    assert not [one for one in report.findings if one.severity == "error"]
    assert [link.role for model in report.files[0].models for link in model.unchecked] == ["projector"]


def test_a_config_of_absl_that_is_not_there_is_said(tmp_path: Path) -> None:
    write(tmp_path, program(CONFIG_FLAG.format("'configs/none.py'"), "cfg.head.width"))
    [model] = lint(tmp_path / "train.py").files[0].models
    [link] = model.unchecked
    assert link.reason.endswith("configs/none.py, which is read here, does not exist")


@pytest.mark.parametrize("made", ["CfgNode.load_cfg('head: {width: 448}')", "CfgNode.load_cfg(open('a.yaml'))"])
def test_yacs_reads_a_text_or_a_file(tmp_path: Path, made: str) -> None:
    load = f"from yacs.config import CfgNode\ncfg = {made}"
    write(tmp_path, program(load, "cfg.head.width"))
    [found] = (one for one in lint(tmp_path / "train.py").findings if one.severity == "error")
    assert found.expected == (448 if "448" in made else 384)


def test_a_config_without_arguments_has_what_is_put_in(tmp_path: Path) -> None:
    load = "from ml_collections import ConfigDict\ncfg = ConfigDict()\ncfg.head = {}\ncfg.head.width = WIDTH"
    write(tmp_path, program(load.replace("WIDTH", "448"), "cfg.head.width"))
    [found] = (one for one in lint(tmp_path / "train.py").findings if one.severity == "error")
    assert found.expected == 448
    write(tmp_path, program(load.replace("WIDTH", "512"), "cfg.head.width"))
    [file] = lint(tmp_path / "train.py").files
    assert not file.findings
    assert all(model.checked == model.links for model in file.models)


@pytest.mark.parametrize(
    "change",
    ["cfg.merge_from_dict(options())", "cfg.update(options())", "cfg[options()] = 512", "cfg.head = options()"],
)
def test_what_is_merged_from_somewhere_else_makes_it_unknown(tmp_path: Path, change: str) -> None:
    load = f"from somewhere import options\n{MM.format('b.py')}{change}"
    write(tmp_path, program(load, "cfg.head.width"))
    (model,) = lint(tmp_path / "train.py").files[0].models
    assert [link.role for link in model.unchecked] == ["projector"]


def test_options_that_only_override_a_config_leave_it_as_it_is(tmp_path: Path) -> None:
    load = (
        "import argparse\nfrom mmengine import Config, DictAction\nparser = argparse.ArgumentParser()\n"
        "parser.add_argument('--config', default='b.py')\n"
        "parser.add_argument('--cfg-options', nargs='+', action=DictAction)\nargs = parser.parse_args()\n"
        "cfg = Config.fromfile(args.config)\nif args.cfg_options is not None:\n"
        "    cfg.merge_from_dict(args.cfg_options)\n"
    )
    write(tmp_path, program(load, "cfg.head.width"))
    (found,) = (one for one in lint(tmp_path / "train.py").findings if one.severity == "error")
    assert Path(found.location.path).name == "b.py"


def test_a_key_that_is_called_like_a_method_is_a_key(tmp_path: Path) -> None:
    write(tmp_path, program("from omegaconf import OmegaConf\ncfg = OmegaConf.load('g.yaml')", "cfg.freeze"))
    (tmp_path / "g.yaml").write_text("freeze: 384\n")
    (found,) = (one for one in lint(tmp_path / "train.py").findings if one.severity == "error")
    assert Path(found.location.path).name == "g.yaml"


@pytest.mark.parametrize("as_attribute", [True, False])
def test_options_of_absl_have_their_defaults(tmp_path: Path, as_attribute: bool) -> None:
    load = (
        "from absl import app, flags\nfrom ml_collections import config_flags\n"
        "CONFIG = config_flags.DEFINE_config_file('config', 'configs/f.py')\n"
        "WIDTH = flags.DEFINE_integer('width', 96, 'of nothing')\n"
        f"cfg = {'flags.FLAGS.config' if as_attribute else 'CONFIG.value'}"
    )
    write(tmp_path, program(load, "cfg.head.width"))
    (found,) = (one for one in lint(tmp_path / "train.py").findings if one.severity == "error")
    assert Path(found.location.path).name == "f.py"
