"""`LightningCLI(Model, Data)`: the classes are built with the sections of their configs, as the real command does."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint import lint
from shapelint.spec.findings import Report

MODEL = """
import torch, torchvision
import lightning.pytorch as pl
from lightning.pytorch.cli import LightningCLI
from torch import nn

class Tower(nn.Module):
    def __init__(self, width: int = 640):
        super().__init__()
        self.net = torchvision.models.resnet18()
        self.net.fc = nn.Linear(512, width)

    def forward(self, x):
        return self.net(x)

class Views(pl.LightningDataModule):
    def __init__(self, width: int = 448, batch: int = 8):
        super().__init__()
        self.width, self.batch = width, batch

class SimSiam(pl.LightningModule):
    def __init__(self, taken: int = 640, width: int = 96, encoder: nn.Module = None):
        super().__init__()
        self.encoder = encoder or Tower()
        self.projector = nn.Sequential(nn.Linear(taken, 320), nn.ReLU(), nn.Linear(320, width))

    def training_step(self, batch, index):
        return self.projector(self.encoder(batch[0])).sum()

"""
LINKED = """
class Command(LightningCLI):
    def add_arguments_to_parser(self, parser):
        parser.link_arguments({link})

Command(SimSiam, Views)
"""


def report(folder: Path, call: str, config: str = "", name: str = "config.yaml") -> Report:
    (folder / name).parent.mkdir(exist_ok=True)
    if config:
        (folder / name).write_text(config)
    (folder / "train.py").write_text(MODEL + call)
    return lint(folder / "train.py")


def places(found: Report) -> list[tuple[str, int, str]]:
    return [
        (Path(one.location.path).name, one.location.line, one.code) for one in found.findings if one.severity == "error"
    ]


def is_checked(found: Report) -> bool:
    return all(model.links and not model.unchecked for file in found.files for model in file.models)


@pytest.mark.parametrize(
    "name", ["config.yaml", "configs/small.yaml", "conf/any.yml"], ids=["beside", "configs", "conf"]
)
def test_arguments_of_the_class_are_those_of_the_section(tmp_path: Path, name: str) -> None:
    config = "trainer: {max_epochs: 3}\nmodel:\n  width: 80\n  taken: 704\n"
    found = report(tmp_path, "LightningCLI(SimSiam, Views)\n", config, name)
    assert places(found) == [(Path(name).name, 4, "SL101")]
    assert not places(report(tmp_path, "LightningCLI(SimSiam, Views)\n", config.replace("704", "640"), name))


def test_defaults_of_the_class_where_there_is_no_config(tmp_path: Path) -> None:
    found = report(tmp_path, "LightningCLI(SimSiam, Views)\n")
    assert not places(found)
    assert is_checked(found)


def test_configs_of_something_else_are_not_read(tmp_path: Path) -> None:
    found = report(tmp_path, "LightningCLI(SimSiam, Views)\n", "model:\n  taken: 704\n  depth: 3\n")
    assert not places(found)
    assert is_checked(found)


@pytest.mark.parametrize("encoder", ["train.Tower", "Tower"], ids=["by its path", "by its name alone"])
def test_classes_are_named_at_any_depth(tmp_path: Path, encoder: str) -> None:
    config = f"""model:
  class_path: train.SimSiam
  init_args:
    encoder:
      class_path: {encoder}
      init_args:
        width: {{width}}
    taken: 704
"""
    call = "LightningCLI(subclass_mode_model=True)\n"
    assert places(report(tmp_path, call, config.format(width=832))) == [("config.yaml", 8, "SL101")]
    assert not places(report(tmp_path, call, config.format(width=704)))


@pytest.mark.parametrize(
    ("link", "fits"),
    [
        ('"data.width", "model.taken"', False),
        ('"data.width", "model.taken", compute_fn=lambda width: width + 192', True),
        ('("data.width", "data.batch"), "model.taken", compute_fn=lambda width, batch: width + 24 * batch', True),
        ('"data.width", "model.taken", apply_on="instantiate"', False),
        ('"data.width", "model.width"', True),
    ],
    ids=["plain", "computed", "of two", "of the object", "that fits"],
)
def test_links_are_followed(tmp_path: Path, link: str, fits: bool) -> None:
    found = report(tmp_path, LINKED.format(link=link))
    assert (not places(found)) is fits
    assert is_checked(found) or not fits


def test_a_linked_number_is_reported_where_it_is_written(tmp_path: Path) -> None:
    link = LINKED.format(link='"data.width", "model.taken"')
    assert places(report(tmp_path, link, "model: {}\ndata:\n  width: 320\n")) == [("config.yaml", 3, "SL101")]
    assert not places(report(tmp_path, link, "model: {}\ndata:\n  width: 640\n"))


def test_a_config_by_itself_is_read_through_the_command(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    report(tmp_path, "LightningCLI(SimSiam, Views)\n", "model:\n  taken: 704\n", "configs/small.yaml")
    assert places(lint(tmp_path / "configs" / "small.yaml")) == [("small.yaml", 2, "SL101")]
    assert places(lint(tmp_path)) == [("small.yaml", 2, "SL101")]


@pytest.mark.parametrize(
    ("body", "config"),
    [
        ('parser.set_defaults({"model.taken": @})', "model:\n  width: 48\n"),
        ('parser.set_defaults({"model.encoder": lazy_instance(Tower, width=@)})', "model:\n  taken: 640\n"),
        ('parser.add_argument("--dim", default=@)\n        parser.link_arguments("dim", "model.taken")', ""),
        ('parser.add_argument("--dim", default=8)\n        parser.link_arguments("dim", "model.taken")', "dim: @\n"),
        (
            'parser.add_class_arguments(Tower, "tower")\n'
            '        parser.link_arguments("tower", "model.encoder", apply_on="instantiate")',
            "tower:\n  width: @\n",
        ),
        (
            'parser.add_subclass_arguments(nn.Module, "tower")\n'
            '        parser.link_arguments("tower", "model.encoder", apply_on="instantiate")',
            "tower:\n  class_path: train.Tower\n  init_args: {width: @}\n",
        ),
        (
            'parser.link_arguments("data", "model.taken", apply_on="instantiate", compute_fn=lambda data: data.width)',
            "data:\n  width: @\n",
        ),
    ],
    ids=["default", "lazy", "option", "option of a config", "class", "subclass", "object"],
)
def test_what_the_command_adds_to_its_parser(tmp_path: Path, body: str, config: str) -> None:
    call = f"""
from jsonargparse import lazy_instance

class Command(LightningCLI):
    def add_arguments_to_parser(self, parser):
        {body}

Command(SimSiam, Views)
"""
    wrong = report(tmp_path, call.replace("@", "704"), config.replace("@", "704"))
    assert [code for _, _, code in places(wrong)] == ["SL101"]
    right = report(tmp_path, call.replace("@", "640"), config.replace("@", "640"))
    assert not places(right)
    assert is_checked(right)


PARTS = """
from collections.abc import Callable
from dataclasses import dataclass

@dataclass
class Sizes:
    taken: int = 640

class Parts(SimSiam):
    def __init__(self, sizes: Sizes | None = None, tower: Callable[[], nn.Module] = Tower, net: "Tower" = None):
        super().__init__((sizes or Sizes()).taken, encoder=net or tower())

LightningCLI(Parts, Views{})
"""


@pytest.mark.parametrize(
    "config",
    [
        "model:\n  sizes: {taken: @}\n",
        "model:\n  tower:\n    class_path: Tower\n    init_args: {width: @}\n",
        "model:\n  net: {width: @}\n",
        "model: parts/model.yaml\n",
        "model:\n  net: parts/net.yaml\n",
        "model:\n  sizes: {taken: '${data.width}'}\ndata:\n  width: @\n",
    ],
    ids=["dataclass", "factory", "annotated class", "file of a section", "file of a class", "reference"],
)
def test_values_are_what_the_annotations_make_of_them(tmp_path: Path, config: str) -> None:
    (tmp_path / "parts").mkdir()
    call = PARTS.format(", parser_kwargs={'parser_mode': 'omegaconf'}" if "$" in config else "")
    for width, codes in (("704", ["SL101"]), ("640", [])):
        (tmp_path / "parts" / "model.yaml").write_text(f"sizes: {{taken: {width}}}\n")
        (tmp_path / "parts" / "net.yaml").write_text(f"class_path: Tower\ninit_args: {{width: {width}}}\n")
        found = report(tmp_path, call, config.replace("@", width))
        assert [code for _, _, code in places(found)] == codes
        assert is_checked(found)


@pytest.mark.parametrize("given", ["'--model.taken=@'", "'--model.taken', '@'"], ids=["with =", "two words"])
def test_options_that_the_program_passes(tmp_path: Path, given: str) -> None:
    call = f"LightningCLI(SimSiam, Views, args=['--config', 'config.yaml', {given}], run=False)\n"
    assert places(report(tmp_path, call.replace("@", "704"), "model:\n  taken: 640\n"))
    assert not places(report(tmp_path, call.replace("@", "640"), "model:\n  taken: 704\n"))


@pytest.mark.parametrize(
    ("hook", "fits"),
    [
        (
            "before_instantiate_classes(self):\n        self.config.fit.model.taken = 2 * self.config.fit.data.width",
            False,
        ),
        ("before_fit(self):\n        self.model.projector = nn.Linear(640, 32)", True),
    ],
    ids=["before_instantiate_classes", "before_fit"],
)
def test_hooks_of_the_command(tmp_path: Path, hook: str, fits: bool) -> None:
    call = f"\nclass Command(LightningCLI):\n    def {hook}\n\nCommand(SimSiam, Views)\n"
    found = report(tmp_path, call, "model:\n  taken: 640\ndata:\n  width: 448\n")
    assert (not places(found)) is fits


def test_arguments_of_a_class_that_no_config_names_are_not_guessed(tmp_path: Path) -> None:
    found = report(tmp_path, "LightningCLI(SimSiam, Views)\n", "model:\n  encoder:\n    init_args: {width: 704}\n")
    assert not places(found)
    assert not is_checked(found)


def test_a_config_far_from_the_command_is_the_one_that_its_command_line_names(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'tower'\n")
    package = tmp_path / "tower"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "towers.py").write_text(MODEL.partition("class Views")[0])
    main = "\ndef main(args=None):\n    LightningCLI(SimSiam, Views, args=args)\n"
    (package / "main.py").write_text("import tower.towers\n" + MODEL + main)
    config = tmp_path / "tests" / "conf" / "small.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("model:\n  taken: 704\n  encoder:\n    class_path: Tower\n")
    assert places(lint(config)) == [("small.yaml", 2, "SL101")]
    config.write_text("model:\n  taken: 640\n  encoder:\n    class_path: Tower\n")
    assert is_checked(lint(config))


def test_a_short_name_that_nothing_defines_is_not_taken_for_one_of_torch(tmp_path: Path) -> None:
    found = report(tmp_path, "LightningCLI(SimSiam, Views)\n", "model:\n  encoder:\n    class_path: Unheard\n")
    assert not places(found)
    assert not is_checked(found)
