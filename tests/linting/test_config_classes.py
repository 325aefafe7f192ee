"""A config that names classes of its repository is read through their code, and a fault is where the number stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint import lint
from shapelint.spec.findings import Report

NETWORKS = """
import torch, torchvision
from torch import nn

class Head(nn.Module):
    def __init__(self, sizes, bias: bool = True):
        super().__init__()
        pairs = zip(sizes[:-1], sizes[1:])
        self.layers = nn.Sequential(*(nn.Linear(taken, given, bias=bias) for taken, given in pairs))

    def forward(self, x):
        return self.layers(x)

class Contrast(nn.Module):
    def __init__(self, taken: int, given: int = 48, hidden: int = 320, wrong: int = 320):
        super().__init__()
        self.encoder = torchvision.models.resnet34()
        self.encoder.fc = nn.Identity()
        self.projector = nn.Sequential(nn.Linear(taken, hidden), nn.ReLU(), nn.Linear(wrong, given))

    def forward(self, x):
        return self.projector(self.encoder(x))
"""
CONTRAST = "net:\n  _target_: {module}.Contrast\n  given: 80\n  taken: {taken}\n"
ROLES = """
ssl:
  encoder: {{_target_: torchvision.models.resnet18, num_classes: 400}}
  projector:
    _target_: networks.Head
    sizes: [400, 640, 56]
  predictor: {{_target_: networks.Head, sizes: [{taken}, 112, 56]}}
{more}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "conf" / "any").mkdir(parents=True)
    return tmp_path


def written(project: Path, config: str, module: str = "networks.py", text: str = NETWORKS) -> Report:
    (project / module).parent.mkdir(parents=True, exist_ok=True)
    (project / module).write_text(text)
    (project / "conf" / "any" / "small.yaml").write_text(config)
    return lint(project / "conf" / "any" / "small.yaml")


def places(found: Report) -> list[tuple[str, int, str]]:
    return [
        (Path(one.location.path).name, one.location.line, one.code) for one in found.findings if one.severity == "error"
    ]


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("networks.py", "networks"),
        ("src/networks.py", "networks"),
        ("kit/networks.py", "kit.networks"),
        ("src/kit/__init__.py", "kit"),
        ("conf/any/networks.py", "networks"),
    ],
)
def test_a_class_is_found_and_built_with_these_arguments(project: Path, module: str, name: str) -> None:
    assert places(written(project, CONTRAST.format(module=name, taken=640), module)) == [("small.yaml", 4, "SL101")]
    found = written(project, CONTRAST.format(module=name, taken=512), module)
    assert not places(found)
    assert all(model.links and not model.unchecked for file in found.files for model in file.models)


def test_a_fault_in_the_code_is_reported_at_the_class_with_its_place_there(project: Path) -> None:
    config = CONTRAST.format(module="networks", taken=512)
    text = NETWORKS.replace("wrong: int = 320", "wrong: int = 384")
    (finding,) = written(project, config, text=text).findings
    assert (Path(finding.location.path).name, finding.location.line) == ("small.yaml", 2)
    assert finding.written is not None
    assert (Path(finding.written[0]).name, finding.written[1]) == ("networks.py", 19)


def test_no_place_is_in_the_program_that_builds_it(project: Path) -> None:
    for taken in (512, 640):
        config = CONTRAST.format(module="networks", taken=taken)
        found = written(project, config, text=NETWORKS.replace("x):", "x, **more):"))
        locations = [one.location for one in found.findings]
        locations += [other.location for one in found.findings for other in one.related]
        locations += [link.location for file in found.files for model in file.models for link in model.unchecked]
        assert {Path(location.path).name for location in locations} <= {"small.yaml", "networks.py"}


def test_parts_without_a_class_around_them_are_wired_by_their_roles(project: Path) -> None:
    assert places(written(project, ROLES.format(taken=64, more=""))) == [("small.yaml", 7, "SL101")]
    assert not places(written(project, ROLES.format(taken=56, more="")))


def test_parts_are_not_wired_if_there_are_others(project: Path) -> None:
    other = "  actions: {_target_: networks.Head, sizes: [4, 8]}"
    assert not places(written(project, ROLES.format(taken=64, more=other)))


def test_a_class_that_is_not_found_keeps_the_reading_of_the_config_alone(project: Path) -> None:
    found = written(project, CONTRAST.format(module="elsewhere", taken=640))
    assert [file.status for file in found.files] == ["no-model"]


def test_a_folder_gives_each_fault_once(project: Path) -> None:
    written(project, CONTRAST.format(module="networks", taken=640))
    assert places(lint(project)) == [("small.yaml", 4, "SL101")]


TRAINER = """
trainer: {{max_epochs: 4}}
model:
  class_path: {owner}
  init_args:
    encoder:
      class_path: torch.nn.Sequential
      init_args:
        args:
          - {{class_path: torch.nn.Conv2d, init_args: {{in_channels: 3, out_channels: 96, kernel_size: 8}}}}
          - {{class_path: torch.nn.AdaptiveAvgPool2d, init_args: {{output_size: 1}}}}
          - {{class_path: torch.nn.Flatten}}
    projector: {{class_path: torch.nn.Linear, init_args: {{in_features: {taken}, out_features: 56}}}}
    predictor: {{class_path: torch.nn.Linear, init_args: {{in_features: 56, out_features: 56}}}}
"""


@pytest.mark.parametrize("owner", ["project.BYOLModule", "a.b.LitSimSiam", "kit.BYOL"])
def test_a_class_that_is_named_after_its_method_says_how_its_parts_are_wired(project: Path, owner: str) -> None:
    assert places(written(project, TRAINER.format(owner=owner, taken=64))) == [("small.yaml", 13, "SL101")]
    assert not places(written(project, TRAINER.format(owner=owner, taken=96)))


def test_a_class_of_another_name_says_nothing(project: Path) -> None:
    found = written(project, TRAINER.format(owner="project.Planner", taken=64))
    assert [file.status for file in found.files] == ["no-model"]
