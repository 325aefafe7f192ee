"""The config that a program gets of Hydra: the number in a finding is the one that the program runs with."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from forked_programs import run_program

from shapelint import lint
from shapelint.spec.findings import Report

pytest.importorskip("hydra")

FILES = {
    "conf/main.yaml": "defaults:\n  - net: small\n  - base\n  - _self_\nout: 40\n",
    "conf/last.yaml": "out: 41\nnet:\n  width: 701\ndefaults:\n  - _self_\n  - net: small\n",
    "conf/moved.yaml": "defaults:\n  - /net@net: large\n  - base\nother: 1\n",
    "conf/absent.yaml": "defaults:\n  - net: huge\n  - base\n",
    "conf/base.yaml": "out: 32\nshared: 703\n",
    "conf/net/small.yaml": "width: 704\ndepth: 2\n",
    "conf/net/large.yaml": "width: 705\n",
    "conf/net/linked.yaml": "width: ${..shared}\n",
    "conf/experiment/wide.yaml": "# @package _global_\ndefaults:\n  - override /net: large\nshared: 706\n",
    "conf/experiment/own.yaml": "# @package _global_\nnet:\n  width: 707\n",
}
MODEL = """
import hydra
import torch, torchvision
from hydra import compose, initialize
from torch import nn


class Siamese(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        print("width", cfg.net.width)
        self.encoder = torchvision.models.resnet18()
        self.encoder.fc = nn.Identity()
        self.projector = nn.Linear(cfg.net.width, cfg.out)

    def forward(self, x):
        return self.projector(self.encoder(x))

"""
MAIN = """
@hydra.main(version_base=None, config_path="conf", config_name="{name}")
def train(cfg):
    Siamese(cfg)(torch.randn(6, 3, 64, 64))


if __name__ == "__main__":
    train()
"""
COMPOSE = """
with initialize(version_base=None, config_path="conf"):
    cfg = compose(config_name="{name}", overrides={overrides})
Siamese(cfg)(torch.randn(6, 3, 64, 64))
"""


def write(folder: Path, text: str) -> Path:
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    (folder / "train.py").write_text(MODEL + text)
    return folder / "train.py"


def found(report: Report) -> tuple[str, str]:
    """The width of the projector in the one error of a report, and the file and line of the number."""
    (error,) = [finding for finding in report.findings if finding.severity == "error"]
    width = re.search(r"expects (\d+) features", error.message)
    place = Path(error.location.path)
    return width[1] if width else "", f"{place.parent.name}/{place.name}:{error.location.line}"


def real(script: Path) -> str:
    """The width that the program prints; it stops at the layer of this width."""
    run = run_program(script)
    width = re.search(r"width (\d+)", run.stdout)
    assert width, run.stderr
    assert f"(6x512 and {width[1]}x" in run.stderr
    return width[1]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (MAIN.format(name="main"), "net/small.yaml:1"),
        (MAIN.format(name="last"), "net/small.yaml:1"),
        (MAIN.format(name="moved.yaml"), "net/large.yaml:1"),
        (COMPOSE.format(name="main", overrides=["net=large"]), "net/large.yaml:1"),
        (COMPOSE.format(name="main", overrides=["net=linked"]), "conf/base.yaml:2"),
        (COMPOSE.format(name="main", overrides=["+experiment=own", "out=24"]), "experiment/own.yaml:3"),
        (COMPOSE.format(name="main", overrides=["+experiment=wide"]), "net/large.yaml:1"),
        (COMPOSE.format(name="main", overrides=["+experiment=wide", "net=linked"]), "experiment/wide.yaml:4"),
    ],
)
def test_the_number_is_the_one_that_the_program_runs_with(tmp_path: Path, text: str, place: str) -> None:
    script = write(tmp_path, text)
    assert found(lint(script)) == (real(script), place)


def test_an_override_decides(tmp_path: Path) -> None:
    report = lint(write(tmp_path, COMPOSE.format(name="main", overrides=["net.width=512"])))
    assert not report.findings
    assert [model.unchecked for file in report.files for model in file.models] == [()]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (MAIN.format(name="nowhere"), "nowhere.yaml, which is read here, does not exist"),
        (MAIN.format(name="absent"), "`net: huge` in the defaults names no file here"),
        (COMPOSE.format(name="main", overrides=["net.width=512,640"]), "it is not known which config is read here"),
    ],
)
def test_what_is_not_found_is_said(tmp_path: Path, text: str, reason: str) -> None:
    report = lint(write(tmp_path, text))
    assert not [finding for finding in report.findings if finding.severity == "error"]
    assert reason in repr(report)


def test_the_root_config_tells_what_is_wrong_in_the_file_of_a_group(tmp_path: Path) -> None:
    write(tmp_path, MAIN.format(name="main"))
    assert found(lint(tmp_path / "conf" / "main.yaml")) == ("704", "net/small.yaml:1")
    places = {finding.location.path.rpartition("conf/")[2] for finding in lint(tmp_path).findings}
    assert places == {"net/small.yaml", "net/large.yaml"}  # the second one if experiment=wide is chosen


def test_a_fix_of_the_root_config_edits_the_file_of_the_group_once(tmp_path: Path) -> None:
    write(tmp_path, MAIN.format(name="main"))
    command = [sys.executable, "-m", "shapelint", "--fix", "--unsafe-fixes", "conf/main.yaml"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
    assert (tmp_path / "conf/net/small.yaml").read_text() == "width: 512\ndepth: 2\n"


@pytest.mark.parametrize(
    ("name", "width"),
    [("net/large.yaml", "705"), ("net/linked.yaml", "703"), ("experiment/own.yaml", "707")],
    ids=["another choice", "a reference", "an experiment that is in no defaults list"],
)
def test_a_file_of_a_group_is_read_as_the_command_line_chooses_it(tmp_path: Path, name: str, width: str) -> None:
    script = write(tmp_path, MAIN.format(name="main"))
    (tmp_path / ".git").mkdir()
    group, stem = name.removesuffix(".yaml").split("/")
    added = "+" if group == "experiment" else ""
    run = run_program(script, f"{added}{group}={stem}")
    assert f"width {width}" in run.stdout
    (file,) = lint(tmp_path / "conf" / name).files
    assert "read through" in file.notices[0]
    errors = [finding for finding in file.findings if finding.severity == "error"]
    assert all(f"expects {width} features" in error.message for error in errors)
    assert bool(errors) is ((group == "net" and stem == "large") or group == "experiment")


@pytest.mark.parametrize(
    "line",
    [
        "print(tree.add(Syntax(OmegaConf.to_yaml(cfg), 'yaml')))",
        "tree.add(Syntax(OmegaConf.to_yaml(cfg), 'yaml'))",
        "os.mkdir(os.path.join(cfg.out_dir, 'runs'))",
    ],
)
def test_what_shows_a_config_or_takes_a_path_of_it_leaves_it_alone(tmp_path: Path, line: str) -> None:
    imports = "import os, re\nfrom omegaconf import OmegaConf\nfrom rich.syntax import Syntax\nfrom views import tree\n"
    text = MAIN.format(name="main").replace("    Siamese", f"    {line}\n    Siamese")
    report = lint(write(tmp_path, imports + text))
    assert found(report)[0] == "704"
