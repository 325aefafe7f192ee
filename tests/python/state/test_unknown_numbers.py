"""Widths that nothing in the repository passes: a parameter is the same number wherever it is used."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.shapes import dims
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

MODEL = """
import torch
import torchvision
from torch import nn
from torch.nn import functional as F


class BYOL(nn.Module):
    def __init__(self, cfg, hidden, out):
        super().__init__()
        FIRST
        self.backbone = torchvision.models.resnet34()
        self.backbone.fc = nn.Identity()
        self.projector = nn.Sequential(nn.Linear(512, hidden), nn.BatchNorm1d(NORM), nn.ReLU(), nn.Linear(hidden, out))
        CHANGE
        self.predictor = nn.Sequential(nn.Linear(TAKES, cfg.width), nn.ReLU(), nn.Linear(cfg.width, 2 * out - out))

    def forward(self, x, y):
        p = self.predictor(self.projector(self.backbone(x)))
        with torch.no_grad():
            z = self.projector(self.backbone(y))
        return 2 - 2 * (F.normalize(p, dim=-1) * F.normalize(z, dim=-1)).sum(dim=-1)
"""


def report(takes: str = "out", norm: str = "hidden", change: str = "pass", first: str = "pass") -> FileReport:
    text = MODEL.replace("TAKES", takes).replace("NORM", norm).replace("CHANGE", change).replace("FIRST", first)
    return lint_source(Source("byol.py", text, "python"), Options())


def checked(found: FileReport) -> tuple[int, int]:
    (model,) = found.models
    return model.checked, model.links


def test_layers_that_are_built_from_the_same_parameter_fit() -> None:
    found = report()
    assert not [finding.code for finding in found.findings if finding.severity != "info"]
    assert checked(found) == (4, 4)


@pytest.mark.parametrize("takes", ["hidden", "128", "out // 2", "cfg.out"])
def test_other_numbers_may_be_equal_or_not(takes: str) -> None:
    found = report(takes=takes)
    assert not [finding.code for finding in found.findings if finding.severity != "info"]
    assert checked(found) == (3, 4)


def test_a_number_beside_an_unknown_one_is_still_wrong() -> None:
    found = report(norm="640")
    assert checked(found)[0] < checked(found)[1]
    found = report(change="self.projector = nn.Sequential(nn.Linear(500, hidden), nn.Linear(hidden, out))")
    (finding,) = [finding for finding in found.findings if finding.severity == "error"]
    assert (finding.expected, finding.actual) == (500, 512)


@pytest.mark.parametrize("change", ["cfg.width = 3", "adjust(cfg)", "cfg.merge(cfg)"])
def test_a_setting_that_changes_between_two_uses_is_another_number(change: str) -> None:
    built = "nn.Sequential(nn.Linear(512, width), nn.Linear(cfg.width, out))"
    assert checked(report(change=f"width = cfg.width; self.projector = {built}")) == (4, 4)
    assert checked(report(change=f"width = cfg.width; {change}; self.projector = {built}")) == (3, 4)


def test_a_parameter_that_is_none_takes_both_branches() -> None:
    found = report(change="out = 96 if out is None else out")
    assert checked(found) == (2, 4)  # the projector was built from it before, the predictor after


@pytest.mark.parametrize("value", ["out or 96", "96 if out is None else out", "choose(out)", "cfg.get('out')"])
def test_a_variable_is_one_number_from_where_it_is_assigned(value: str) -> None:
    found = report(first=f"out = {value}")
    assert not [finding.code for finding in found.findings if finding.severity != "info"]
    assert checked(found) == (4, 4)


def test_each_iteration_of_a_loop_has_a_number_of_its_own() -> None:
    built = """layers = []
        for width in cfg.widths:
            wide = width * 2
            layers.append(nn.Linear(wide, wide))
        self.projector = nn.Sequential(*layers)"""
    found = report(change=built)
    reasons = [link.reason for link in found.models[0].unchecked]
    assert checked(found)[0] < checked(found)[1]
    assert any("self.projector has layers that are not known" in reason for reason in reasons)
    (link,) = [link for link in found.models[0].unchecked if link.role == "projector"]
    assert link.help == '"BYOL.projector" = "B ... -> B ..."'
    options = Options(signatures=(("BYOL.projector", "B 512 -> B 96"),))
    text = MODEL.replace("TAKES", "96").replace("NORM", "hidden").replace("CHANGE", built).replace("FIRST", "out = 96")
    found = lint_source(Source("byol.py", text, "python"), options)
    assert found.models[0].checked == found.models[0].links


def test_heads_behind_an_encoder_that_is_handed_in_fit_each_other() -> None:
    handed_in = "self.backbone = cfg.encoder"
    found = report(change=handed_in)
    assert checked(found) == (1, 3)  # the predictor; not the encoder, and not what it gives
    normed = "self.projector = nn.Sequential(nn.Linear(512, out), nn.BatchNorm1d(out))"
    assert checked(report(change=f"{handed_in}; {normed}")) == (1, 3)
    found = report(change=handed_in, takes="hidden")
    assert checked(found) == (0, 3)


def test_the_named_unknown_equals_itself_and_nothing_else() -> None:
    one, other = dims.unknown("out", "3"), dims.unknown("out", "4")
    assert dims.equal(one * 2, one + one) is True
    assert dims.equal(one, other) is None
    assert dims.equal(one, 128) is None
    assert dims.equal(dims.UNKNOWN_DIM, dims.UNKNOWN_DIM) is None
    assert not dims.is_known(one)
    assert str(one * 2 // 4) == "(2*out)//4"
