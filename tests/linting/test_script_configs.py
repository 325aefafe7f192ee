"""Programs that are linted by themselves, and whose command line names one of the configs near them."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint import lint
from shapelint.spec.findings import FileReport

MODEL = """
import argparse, sys
import click, hydra, jsonargparse, torch, torchvision, yaml
from torch import nn

class Barlow(nn.Module):
    def __init__(self, taken: int = 768, hidden: int = 192):
        super().__init__()
        self.encoder = torchvision.models.convnext_tiny()
        self.encoder.classifier[2] = nn.Identity()
        self.projector = nn.Sequential(nn.Linear(taken, hidden), nn.ReLU(), nn.Linear(hidden, 56))

    def forward(self, images):
        return self.projector(self.encoder(images))

"""
TRAIN = "def train(taken):\n    Barlow(taken)(torch.randn(4, 3, 64, 64))\n\n"
FLAT, NESTED = "taken: {width}\n", "model:\n  class_path: Barlow\n  init_args: {{taken: {width}}}\n"
PROGRAMS = {
    "a required option": (
        'parser = argparse.ArgumentParser()\nparser.add_argument("--config", required=True)\n'
        'train(yaml.safe_load(open(parser.parse_args().config))["taken"])\n',
        FLAT,
    ),
    "a positional word below a folder": (
        'parser = argparse.ArgumentParser()\nparser.add_argument("name")\n'
        'train(yaml.safe_load(open("configs/" + parser.parse_args().name))["taken"])\n',
        FLAT,
    ),
    "sys.argv": ('train(yaml.safe_load(open(sys.argv[1]))["taken"])\n', FLAT),
    "click": (
        "@click.command()\n@click.argument('conf')\n"
        "def main(conf):\n    train(yaml.safe_load(open(conf))['taken'])\nmain()\n",
        FLAT,
    ),
    "hydra without a name": (
        "@hydra.main(config_path='configs', version_base=None)\ndef main(cfg):\n    train(cfg.taken)\nmain()\n",
        FLAT,
    ),
    "a required number": ("jsonargparse.CLI(train)\n", FLAT),
    "a required model": (
        "def main(model: Barlow, epochs: int = 3):\n    model(torch.randn(4, 3, 64, 64))\njsonargparse.CLI(main)\n",
        NESTED,
    ),
}


def written(folder: Path, program: str, configs: dict[str, str]) -> Path:
    (folder / ".git").mkdir()
    (folder / "configs").mkdir()
    (folder / "environment.yml").write_text("name: barlow\ndependencies: [python, pip]\n")
    for name, text in configs.items():
        (folder / "configs" / name).write_text(text)
    (folder / "train.py").write_text(MODEL + (TRAIN if "train" in program else "") + program)
    return folder / "train.py"


def linted(script: Path) -> FileReport:
    [file] = lint(script).files
    return file


@pytest.mark.parametrize(("program", "form"), PROGRAMS.values(), ids=PROGRAMS)
def test_a_program_is_read_with_each_config(tmp_path: Path, program: str, form: str) -> None:
    configs = {"good.yaml": form.format(width=768), "wrong.yaml": form.format(width=384)}
    script = written(tmp_path, program, configs)
    file = linted(script)
    [finding] = file.findings
    place = finding.location
    assert (Path(place.path).name, finding.expected, finding.actual) == ("wrong.yaml", 384, 768)
    line = (tmp_path / "configs" / "wrong.yaml").read_text().splitlines()[place.line - 1]
    assert line[place.column - 1 :].startswith("384")
    assert len(file.models) == 2
    (tmp_path / "configs" / "wrong.yaml").write_text(form.format(width=768))
    file = linted(script)
    assert not file.findings
    assert [model.checked for model in file.models] == [model.links for model in file.models] == [2, 2]


def test_the_configs_of_runs_that_are_over_are_none(tmp_path: Path) -> None:
    program, form = PROGRAMS["a required option"]
    script = written(tmp_path, program, {"good.yaml": form.format(width=768)})
    for folder in ("wandb/run-1/files", "lightning_logs/version_0", "outputs/2025"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "config.yaml").write_text(form.format(width=384))
    (tmp_path / "configs" / "data").mkdir()
    (tmp_path / "configs" / "data" / "other.yaml").write_text(form.format(width=192))
    assert [one.expected for one in linted(script).findings] == [192]


def test_a_folder_has_each_fault_once(tmp_path: Path) -> None:
    program, form = PROGRAMS["a required option"]
    written(tmp_path, program, {f"{name}.yaml": form.format(width=384) for name in "abc"})
    found = [(Path(one.location.path).name, one.code) for one in lint(tmp_path).findings]
    assert found == [("a.yaml", "SL101"), ("b.yaml", "SL101"), ("c.yaml", "SL101")]


def test_a_fix_of_the_program_has_to_fit_all_of_its_configs(tmp_path: Path) -> None:
    program = PROGRAMS["sys.argv"][0].replace("train(yaml", "net(yaml")
    net = (
        "def net(cut):\n"
        "    model = Barlow(640)\n"
        "    model.encoder = torchvision.models.resnet18() if cut else torchvision.models.resnet50()\n"
        "    model.encoder.fc = nn.Identity()\n"
        "    model(torch.randn(4, 3, 64, 64))\n"
    )
    script = written(tmp_path, net + program, {"one.yaml": "taken: true\n", "two.yaml": "taken: false\n"})
    found = linted(script).findings
    assert {(one.expected, one.actual) for one in found} == {(640, 512), (640, 2048)}
    assert [one.fix for one in found] == [None, None]
    (tmp_path / "configs" / "two.yaml").unlink()
    [finding] = linted(script).findings
    assert finding.fix is not None


def test_what_is_not_read_is_said(tmp_path: Path) -> None:
    program, form = PROGRAMS["a required option"]
    file = linted(written(tmp_path, program, {f"c{number:02}.yaml": form.format(width=768) for number in range(11)}))
    [link] = [link for model in file.models for link in model.unchecked]
    assert link.reason.startswith("3 more configs")


def test_of_configs_of_several_kinds_those_of_its_own_are_read(tmp_path: Path) -> None:
    program, form = PROGRAMS["a required option"]
    script = written(tmp_path, program, {"other.yaml": form.format(width=384), "pretrain.yaml": form.format(width=768)})
    script = script.rename(tmp_path / "main_pretrain.py")
    file = linted(script)
    assert not file.findings
    assert any(notice.endswith("pretrain.yaml") for notice in file.notices)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (PROGRAMS["a required option"][0], "it is not known which file is read here"),
        (PROGRAMS["a required model"][0], "model of main is what a config or an option says"),
    ],
)
def test_without_a_config_it_is_not_all_clear(tmp_path: Path, program: str, words: str) -> None:
    [model] = linted(written(tmp_path, program, {"other.yaml": "seed: 3\n"})).models
    assert any(words in link.reason for link in model.unchecked)
