"""`rules/torch_attributes.txt` compared with the installed torch, and what is said of attributes that are not there."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from shapelint.knowledge import class_attributes
from shapelint.linting.lint_paths import lint, lint_text
from shapelint.settings.settings import Settings
from shapelint.signatures import absent_names
from shapelint.spec.findings import Finding
from shapelint.spec.spec import ComponentSpec
from shapelint.text.source import Source, Span
from shapelint.trace.make import torch_layers
from tests.command_line import write

pytest.importorskip("torch")

PROGRAM = """
import torch
from torch import nn
from torchvision.models import resnet18


class BYOL(nn.Module):
    def __init__(self, options=None):
        super().__init__()
        self.backbone = resnet18()
        {statement}
        self.backbone.fc = nn.Identity()
        self.projection_head = nn.Sequential(nn.Linear(512, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, 24))
        {last}

    def forward(self, x):
        return self.projection_head(self.backbone(x))

    def mark(self, module):
        module.out_features = 24


BYOL()(torch.zeros(3, 3, 64, 64))
"""


def findings(statement: str = "pass", last: str = "pass") -> list[Finding]:
    """The findings in a right program with two statements more."""
    text = PROGRAM.format(statement=statement, last=last)
    return [one for one in lint_text(Source("train.py", text), Settings()).findings if one.severity != "info"]


def test_the_layers_of_torch_have_the_attributes_of_the_file() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        modules = list(torch_layers.built())
    known = class_attributes.by_class(class_attributes.OF_TORCH)
    for module in modules:
        name = type(module).__name__
        if name not in known:
            continue  # of a later torch
        spec = ComponentSpec("call", f"torch.nn.{name}", Span(0, 0), Span(0, 0))
        for attribute in class_attributes.names(class_attributes.OF_TORCH):
            said = absent_names.has(spec, attribute)
            assert said is hasattr(module, attribute) or (said is None and name.startswith("BatchNorm")), attribute
    assert len(modules) > 150


@pytest.mark.parametrize(("statement", "last", "owner", "name"), [
    ("pass", "print(self.backbone.fc.in_features)", "Identity", "in_features"),
    ("pass", "nn.init.zeros_(self.backbone.fc.weight)", "Identity", "weight"),
    ("pass", "print(self.projection_head.in_features)", "Sequential", "in_features"),
    ("pass", "self.hidden_size = self.projection_head.hidden_size", "Sequential", "hidden_size"),
    ("pass", "print(self.projection_head[3].in_channels)", "Linear", "in_channels"),
    ("pass", "print(self.projection_head[1].out_features)", "BatchNorm1d", "out_features"),
    ("norm = nn.LayerNorm(512); print(norm.num_features)", "pass", "LayerNorm", "num_features"),
    ("stem = nn.Conv2d(3, 64, 3); print(stem.in_features)", "pass", "Conv2d", "in_features"),
])  # fmt: skip
def test_a_layer_without_an_attribute_of_others(statement: str, last: str, owner: str, name: str) -> None:
    (finding,) = findings(statement, last)
    assert (finding.code, finding.severity, finding.actual) == ("SL114", "error", name)
    assert f"{owner} has no attribute {name!r}" in finding.message
    with pytest.raises(AttributeError, match=f"'{owner}' object has no attribute '{name}'"):
        exec(PROGRAM.format(statement=statement, last=last), {"__name__": "train"})


@pytest.mark.parametrize(("statement", "last"), [
    ("print(self.backbone.fc.in_features)", "print(self.projection_head[0].out_features)"),
    ("pass", "print([one.weight.shape for one in self.projection_head if isinstance(one, nn.Linear)])"),
    ("pass", "print([one.weight.shape for one in self.projection_head if hasattr(one, 'weight')])"),
    ("pass", "print([getattr(one, 'out_features', 0) for one in self.projection_head])"),
    ("act = nn.ReLU(); act.weight = None; print(act.weight)", "pass"),
    ("pass", "self.projection_head.out_features = 24; print(self.projection_head.out_features)"),
    ("norm = nn.SyncBatchNorm.convert_sync_batchnorm(nn.BatchNorm1d(8)); print(norm.process_group)", "pass"),
    ("rows = nn.ParameterDict({'a': torch.zeros(3)}); print(rows.get('a'), rows.copy())", "pass"),
    ("parts = nn.ModuleDict([(f'linear{i}', nn.Linear(2, 2)) for i in (1, 2)]); print(parts.linear1)", "pass"),
    ("pass", "for name in ('in', 'out'): setattr(self.projection_head, name + '_features', 24)\n"
     "        print(self.projection_head.out_features)"),
    ("pass", "vars(self.projection_head).update(out_features=24)\n        print(self.projection_head.out_features)"),
    ("pass", "self.mark(self.projection_head)\n        print(self.projection_head.out_features)"),
    ("norm = nn.BatchNorm1d(8, affine=False); print(norm.weight, norm.num_features)", "pass"),
    ("norm = nn.Linear(8, 8, bias=False); print(norm.bias)", "pass"),
    ("wide = nn.utils.parametrizations.weight_norm(nn.Linear(8, 8)); print(wide.weight.shape)", "pass"),
    ("rows = nn.LSTM(8, 4, 2, proj_size=2); print(rows.weight_ih_l1.shape, rows.weight_hr_l0.shape)", "pass"),
    ("""
        try:
            print(nn.Identity().in_features)
        except AttributeError:
            pass""", "pass"),
])  # fmt: skip
def test_attributes_that_are_there_or_asked_for(statement: str, last: str) -> None:
    exec(PROGRAM.format(statement=statement, last=last), {"__name__": "train"})
    assert findings(statement, last) == []


def test_a_class_of_ones_own_may_have_any_attribute() -> None:
    head = "class Head(nn.{base}):\n    def __getattr__(self, name):\n        return 48\n\n\nclass BYOL"
    for base, arguments in (("Identity", ""), ("Sequential", "nn.Linear(512, 512)")):
        text = PROGRAM.format(statement=f"print(Head({arguments}).in_features)", last="pass")
        text = text.replace("class BYOL", head.format(base=base))
        assert [one for one in lint_text(Source("train.py", text), Settings()).findings if one.code == "SL114"] == []


def test_an_attribute_that_another_file_gives(tmp_path: Path) -> None:
    marks = "def mark(module):\n    module.out_features = 24\n"
    text = "from marks import mark\n" + PROGRAM.format(statement="pass", last="mark(self.projection_head)")
    text = text.replace(
        "        return self.proj", "        print(self.projection_head.out_features)\n        return self.proj"
    )
    text = text.partition("    def mark")[0] + "\n\nBYOL()(torch.zeros(3, 3, 64, 64))\n"
    write(tmp_path, {"marks.py": marks, "train.py": text})
    assert [one for one in lint([tmp_path / "train.py"], Settings()).findings if one.severity != "info"] == []
    write(tmp_path, {"marks.py": "def mark(module):\n    pass\n"})
    assert [one.code for one in lint([tmp_path / "train.py"], Settings()).findings] == ["SL114"]
