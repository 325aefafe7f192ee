"""Configs that the command line of a script names, by one of its words or several."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shapelint import lint
from shapelint.spec.findings import FileReport

MODEL = """
import argparse, os, sys
from pathlib import Path
import click, fire, json, torch, torchvision, typer, yaml
from absl import app, flags
from omegaconf import OmegaConf
from torch import nn

class SimSiam(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.encoder = torchvision.models.resnet34()
        self.encoder.fc = nn.Identity()
        self.projector = nn.Sequential(nn.Linear(sizes["taken"], 640), nn.ReLU(), nn.Linear(640, sizes["given"]))

    def forward(self, x):
        return self.projector(self.encoder(x))

def train(cfg):
    SimSiam(cfg["sizes"])(torch.randn(8, 3, 64, 64))
"""
CONFIG = "run: {{seed: 3}}\nsizes:\n  taken: {width}\n  given: 96\n"
PARSED = "parser = argparse.ArgumentParser()\n{options}\nargs = parser.parse_args()\n"
SCRIPTS = {
    "a positional word below a folder": PARSED.format(options='parser.add_argument("chosen")')
    + 'train(yaml.safe_load(open(os.path.join("project", "settings", args.chosen))))\n',
    "an option among others": PARSED.format(
        options='parser.add_argument("-o", "--out")\nparser.add_argument("--config", required=True)'
    )
    + "os.makedirs(os.path.join('runs', args.out))\ntrain(yaml.safe_load(open(args.config)))\n",
    "an option with a path as its type": PARSED.format(options='parser.add_argument("--cfg", type=Path)')
    + "train(yaml.safe_load(args.cfg.read_text()))\n",
    "an option that names another file": PARSED.format(options='parser.add_argument("--cfg", default="usual.yaml")')
    + "train(OmegaConf.load(args.cfg))\n",
    "a name without its suffix": PARSED.format(options='parser.add_argument("name")')
    + 'train(yaml.safe_load(open(f"settings/{args.name}.yaml")))\n',
    "two words": PARSED.format(options='parser.add_argument("--size")\nparser.add_argument("--kind")')
    + 'train(yaml.safe_load(open("settings/%s-%s.yaml" % (args.size, args.kind))))\n',
    "a reader for each suffix": PARSED.format(options='parser.add_argument("file")')
    + 'with open(args.file) as f:\n    cfg = json.load(f) if args.file.endswith(".json") else yaml.safe_load(f)\n'
    + "train(cfg)\n",
    "sys.argv": "train(yaml.safe_load(open(sys.argv[1])))\n",
    "click": "@click.command()\n@click.option('--conf', required=True)\n@click.option('--seed', default=3)\n"
    "def main(conf, seed):\n    train(yaml.safe_load(open(conf)))\nmain()\n",
    "an argument of click": "@click.command()\n@click.argument('conf', type=click.Path(path_type=Path))\n"
    "def main(conf: Path):\n    train(yaml.safe_load(conf.read_text()))\nmain()\n",
    "typer": "def main(conf: Path, seed: int = 3):\n    train(OmegaConf.load(conf))\ntyper.run(main)\n",
    "fire": "def main(conf):\n    train(yaml.safe_load(open(conf)))\nfire.Fire(main)\n",
    "absl": "flags.DEFINE_string('conf', None, 'file')\nFLAGS = flags.FLAGS\n"
    "def main(_):\n    train(yaml.safe_load(open(FLAGS.conf)))\napp.run(main)\n",
}


def linted(folder: Path, script: str, width: int, keys: str = CONFIG) -> FileReport:
    (folder / ".git").mkdir()
    (folder / "settings").mkdir()
    (folder / "settings" / "tiny-new.yaml").write_text(keys.format(width=width))
    (folder / "usual.yaml").write_text(CONFIG.format(width=512))
    (folder / "train.py").write_text(MODEL + script)
    [file] = lint(folder / "settings" / "tiny-new.yaml").files
    return file


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_the_fault_is_found_at_the_number(tmp_path: Path, script: str) -> None:
    [finding] = linted(tmp_path, script, 448).findings
    assert (finding.code, finding.expected, finding.actual) == ("SL101", 448, 512)
    assert (Path(finding.location.path).name, finding.location.line, finding.location.column) == (
        "tiny-new.yaml",
        3,
        10,
    )


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_a_right_config_is_known_from_end_to_end(tmp_path: Path, script: str) -> None:
    file = linted(tmp_path, script, 512)
    [model] = file.models
    assert not file.findings
    assert model.checked == model.links > 0


LACKING = CONFIG.replace("given", "gives")
UNREAD = {
    "a config without a key that the script reads": (SCRIPTS["sys.argv"], LACKING),
    "a folder of another name": (SCRIPTS["a positional word below a folder"].replace("settings", "presets"), CONFIG),
    "another suffix": (SCRIPTS["a name without its suffix"].replace(".yaml", ".yml"), CONFIG),
    "a word that is read by nothing": (SCRIPTS["sys.argv"].replace("sys.argv[1]", "'usual.yaml'"), CONFIG),
}


@pytest.mark.parametrize(("script", "keys"), UNREAD.values(), ids=UNREAD)
def test_what_cannot_be_the_config_of_a_script_is_not_read_by_it(tmp_path: Path, script: str, keys: str) -> None:
    file = linted(tmp_path, script, 448, keys)
    assert not file.findings
    assert not any("train.py" in notice for notice in file.notices)


NATIVE = (
    "backbone: resnet34\n"
    "projection_head: {{input_dim: {width}, hidden_dim: 640, output_dim: 96}}\n"
    "prediction_head: {{input_dim: 96, hidden_dim: 48, output_dim: 96}}\n"
)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ('SimSiam(cfg["sizes"])', "train.py would stop with it: there is no key 'sizes'"),
        ('SimSiam({"taken": 512, "given": 96, "x": Wrapped(**cfg)})', "Wrapped is built without depth"),
    ],
)
def test_a_config_with_which_a_script_stops_is_not_all_clear(tmp_path: Path, call: str, reason: str) -> None:
    wrapped = "class Wrapped:\n    def __init__(self, depth, **others): self.depth = depth\n"
    script = f"{wrapped}cfg = yaml.safe_load(open(sys.argv[1]))\n{call}(torch.randn(4, 3, 64, 64))\n"
    [model] = linted(tmp_path, script, 512, NATIVE).models
    [link] = model.unchecked
    assert link.role == "config"
    assert link.reason.endswith(reason)
    assert Path(link.location.path).name == "train.py"
    assert model.links > 1


def test_of_several_scripts_that_stop_the_first_is_named(tmp_path: Path) -> None:
    script = "train(yaml.safe_load(open(sys.argv[1])))\n"
    (tmp_path / "other.py").write_text(MODEL + script)
    [model] = linted(tmp_path, script, 512, NATIVE).models
    assert [one.reason for one in model.unchecked if one.role == "config"] == [
        f"{os.path.relpath(tmp_path / 'other.py')}, and 1 more would stop with it: there is no key 'sizes'"
    ]


def test_a_config_of_no_model_says_which_script_stops_with_it(tmp_path: Path) -> None:
    file = linted(tmp_path, SCRIPTS["sys.argv"], 512, LACKING.replace("sizes", "widths"))
    assert file.status == "no-model"
    assert file.problem.endswith("train.py would stop with it: there is no key 'sizes'")


def test_a_script_without_a_model_stops_no_config(tmp_path: Path) -> None:
    (tmp_path / "count.py").write_text("import sys, yaml, torch\nprint(yaml.safe_load(open(sys.argv[1]))['seeds'])\n")
    [model] = linted(tmp_path, "", 512, NATIVE).models
    assert not any(link.role == "config" for link in model.unchecked)


def test_scripts_that_name_another_file_of_that_name_leave_room_for_one_that_takes_it(tmp_path: Path) -> None:
    for number in range(7):
        (tmp_path / f"a{number}.py").write_text("import yaml\nlogged = yaml.safe_load(open('runs/tiny-new.yaml'))\n")
    [finding] = linted(tmp_path, SCRIPTS["an option among others"], 448).findings
    assert (finding.expected, finding.actual) == (448, 512)


def test_a_command_line_that_is_written_out_leaves_no_option_its_default(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    command = (
        "@click.command()\n@click.option('--taken', default=448)\n"
        "def main(taken):\n    train({'sizes': {'taken': taken, 'given': 96}})\nmain(['--taken', '512'])\n"
    )
    script.write_text(MODEL + command)
    assert not lint(script).findings
    script.write_text(MODEL + command.replace("main(['--taken', '512'])", "main(standalone_mode=False)"))
    [finding] = lint(script).findings
    assert (finding.expected, finding.actual) == (448, 512)
