"""Hydra's `instantiate`: what it builds stops in torch exactly where a finding stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from forked_programs import run_program

from shapelint import lint

pytest.importorskip("hydra")

NETWORKS = """
import torch
from torch import nn


class Branch(nn.Module):
    def __init__(self, encoder, width, predictor, hidden=64):
        super().__init__()
        self.encoder = encoder
        self.encoder.fc = nn.Identity()
        self.projector = nn.Linear(width, hidden)
        self.predictor = predictor if isinstance(predictor, nn.Module) else predictor(hidden)

    def forward(self, x):
        return self.predictor(self.projector(self.encoder(x)))


class Lazy(nn.Module):
    def __init__(self, encoder, head):
        super().__init__()
        from hydra.utils import instantiate

        self.encoder = instantiate(encoder, num_classes=320)
        self.projector = instantiate(head)

    def forward(self, x):
        return self.projector(self.encoder(x))


def mlp(*sizes, last=nn.Identity):
    return nn.Sequential(*(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:])), last())
"""
CONFIG = """
branch:
  _target_: networks.Branch
  encoder: {_target_: torchvision.models.resnet18}
  width: 512
  predictor: {_target_: torch.nn.Linear, in_features: 64, out_features: 24}
wrong:
  _target_: networks.Branch
  encoder: {_target_: torchvision.models.resnet18}
  width: 640
  predictor: {_target_: torch.nn.Linear, in_features: 64, out_features: 24}
factory:
  _target_: networks.Branch
  encoder: {_target_: torchvision.models.resnet18}
  width: 512
  predictor:
    _target_: torch.nn.Linear
    _partial_: true
    out_features: 24
lazy:
  _target_: networks.Lazy
  _recursive_: false
  encoder: {_target_: torchvision.models.resnet50}
  head: {_target_: networks.mlp, _args_: [352, 48, 24], last: {_target_: hydra.utils.get_class, path: torch.nn.ReLU}}
listed:
  _target_: torch.nn.Sequential
  _args_:
    - {_target_: torch.nn.Linear, in_features: 320, out_features: "${wide}"}
    - {_target_: networks.mlp, _args_: ["${wide}", 24]}
wide: 160
name: networks.mlp
"""
SCRIPT = """
import torch, torchvision
from torch import nn
from omegaconf import OmegaConf
import hydra
from hydra.utils import call, get_class, get_method, instantiate

cfg = OmegaConf.load("config.yaml")
x = torch.randn(8, 3, 64, 64)
encoder = torchvision.models.resnet34()
encoder.fc = nn.Identity()
{body}
"""


def places(folder: Path, body: str) -> list[tuple[str, int]]:
    """The files and lines of the errors in a script, after running it: it stops exactly if there are any."""
    (folder / "networks.py").write_text(NETWORKS)
    (folder / "config.yaml").write_text(CONFIG)
    script = folder / "train.py"
    script.write_text(SCRIPT.format(body=body))
    errors = [finding for finding in lint(script).findings if finding.severity == "error"]
    run = run_program(script)
    assert bool(run.returncode) == bool(errors), run.stderr
    assert not run.returncode or "cannot be multiplied" in run.stderr
    return [(Path(finding.location.path).name, finding.location.line) for finding in errors]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("instantiate(cfg.branch)(x)", None),
        ("hydra.utils.instantiate(cfg.wrong)(x)", ("config.yaml", 10)),
        ("instantiate(config=cfg.wrong, width=512)(x)", None),
        ("instantiate(cfg.branch, width=2048)(x)", ("train.py", 12)),
        ("instantiate(cfg.branch, predictor={'in_features': 32})(x)", ("train.py", 12)),
        ("instantiate(cfg.branch, encoder=encoder)(x)", None),
        ("instantiate(cfg.factory)(x)", None),
        ("instantiate(cfg.lazy)(x)", ("config.yaml", 24)),
        ("projector = instantiate(cfg.listed)\nprojector(encoder(x))", ("config.yaml", 28)),
        ("projector = call(cfg.lazy.head, 512, 48, last=nn.ReLU)\nprojector(encoder(x))", None),
        ("projector = get_method(cfg.name)(768, 24)\nprojector(encoder(x))", ("train.py", 12)),
        ("projector = get_class('torch.nn.Linear')(768, 24)\nprojector(encoder(x))", ("train.py", 12)),
        ("heads = instantiate([{'_target_': 'torch.nn.Linear', '_args_': [512, 24]}])\nheads[0](encoder(x))", None),
    ],
)
def test_what_is_built_stops_where_the_number_is(tmp_path: Path, body: str, place: tuple[str, int] | None) -> None:
    assert places(tmp_path, body) == ([place] if place else [])
