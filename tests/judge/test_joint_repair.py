"""Faults that are repaired together get the same repairs as each of them alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest

import shapelint.linting.file_report
from shapelint.judge.joint_repair import _apart, independent_faults, joint_repairs
from shapelint.judge.repair import Repair
from shapelint.judge.violations import Move, Violation
from shapelint.linting.analyse import analyse
from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.text.source import Source

HEAD = """
import torch
from torch import nn
import torchvision
from lightly.loss import NegativeCosineSimilarity
from lightly.models.modules import BYOLPredictionHead, BYOLProjectionHead
"""

MODEL = """

class {name}(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(*list(torchvision.models.resnet18().children())[:-1])
        self.projection_head = {projection}
        self.prediction_head = {prediction}

    def forward(self, x):
        z = self.projection_head(self.backbone(x).flatten(start_dim=1))
        return self.prediction_head(z), z.detach()


model = {name}()
criterion = NegativeCosineSimilarity()
p, z = model(torch.randn(2, 3, 224, 224))
loss = criterion(p, z)
"""


def program(*models: tuple[str, str], constants: str = "") -> str:
    names = ["First", "Second", "Third"]
    texts = (MODEL.format(name=name, projection=a, prediction=b) for name, (a, b) in zip(names, models))
    return HEAD + constants + "".join(texts)


RIGHT = ("BYOLProjectionHead(512, 1024, 256)", "BYOLPredictionHead(256, 1024, 256)")
BOTH = ("BYOLProjectionHead(300, 1024, 256)", "BYOLPredictionHead(128, 1024, 256)")
LAYERS = (
    "nn.Sequential(nn.Linear(300, 1024), nn.ReLU(), nn.Linear(2048, 500), nn.ReLU(), nn.Linear(600, 256))",
    "nn.Sequential(nn.Linear(256, 700), nn.ReLU(), nn.Linear(800, 256))",
)

INDEPENDENT = {
    "two heads": program(BOTH),
    "layers": program(LAYERS),
    "two models": program(BOTH, LAYERS),
    "a model that is right": program(RIGHT, BOTH),
    "a width that is wrong at both ends": program(
        ("BYOLProjectionHead(300, 1024, 100)", "BYOLPredictionHead(256, 1024, 256)")
    ),
}

TOGETHER = {
    "an argument written right after another": program(
        ("BYOLProjectionHead(input_dim=300)", "BYOLPredictionHead(input_dim=128, output_dim=256)")
    ),
    "a norm between": program(
        ("nn.Sequential(nn.Linear(512, 700), nn.BatchNorm1d(800), nn.Linear(900, 256))", RIGHT[1])
    ),
    "a shared constant": program(
        ("nn.Sequential(nn.Linear(512, WIDTH), nn.Linear(700, 500), nn.Linear(WIDTH, 256))", RIGHT[1]),
        constants="WIDTH = 300\n",
    ),
    "a constant of two models": program(
        ("BYOLProjectionHead(512, 1024, WIDTH)", "BYOLPredictionHead(256, 1024, 256)"),
        ("BYOLProjectionHead(512, 1024, WIDTH)", "BYOLPredictionHead(128, 1024, 128)"),
        constants="WIDTH = 300\n",
    ),
    "a constant of two models, of which one has another fault": program(
        ("BYOLProjectionHead(512, 1024, WIDTH)", "BYOLPredictionHead(256, 1024, 256)"),
        ("BYOLProjectionHead(300, 1024, WIDTH)", "BYOLPredictionHead(128, 1024, 128)"),
        constants="WIDTH = 300\n",
    ),
    "a number, and expressions that a number would overwrite": program(
        (
            "nn.Sequential(nn.Linear(512, WIDTH * 2), nn.ReLU(), nn.Linear(WIDTH * 3, 256))",
            "BYOLPredictionHead(128, 1024, 256)",
        ),
        constants="WIDTH = 64\n",
    ),
    "an output that the loss meets": program(
        ("BYOLProjectionHead(512, 1024, 100)", "BYOLPredictionHead(128, 1024, 64)")
    ),
}


def before(text: str) -> list[tuple[Violation, ...]]:
    return [model.violations for model in analyse(Source("train.py", text), Options()).models]


def checks(text: str) -> Sequence[frozenset[Any]]:
    return analyse(Source("train.py", text), Options()).checks


@pytest.mark.parametrize("name", [*INDEPENDENT, *TOGETHER])
def test_the_report_is_the_same_as_with_the_search_only(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source("train.py", {**INDEPENDENT, **TOGETHER}[name])
    report = lint_source(source, Options())
    assert any(finding.fix for finding in report.findings)
    monkeypatch.setattr(shapelint.linting.file_report, "joint_repairs", lambda *_: {})
    assert lint_source(source, Options()) == report


@pytest.mark.parametrize("name", INDEPENDENT)
def test_independent_faults_are_repaired_jointly(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[dict[int, list[Repair]]] = []

    def kept(*arguments: Any) -> dict[int, list[Repair]]:
        found.append(joint_repairs(*arguments))
        return found[-1]

    monkeypatch.setattr(shapelint.linting.file_report, "joint_repairs", kept)
    lint_source(Source("train.py", INDEPENDENT[name]), Options())
    (repairs,) = found
    assert sum(map(len, repairs.values())) == len(independent_faults(before(INDEPENDENT[name]), ())) > 1


@pytest.mark.parametrize("name", TOGETHER)
def test_faults_that_share_an_edit_or_a_check_are_merged(name: str) -> None:
    text = TOGETHER[name]
    mendable = [one for violations in before(text) for one in violations if one.blocks and one.moves]
    assert len(mendable) > 1
    assert len(independent_faults(before(text), checks(text))) < 2


def test_an_edit_that_changes_another_fault_is_not_a_joint_repair() -> None:
    """Whatever the trials give, faults that turn out not to be independent are left to the search."""
    text = INDEPENDENT["two heads"]
    faults = independent_faults(before(text), checks(text))
    ((first, second),) = before(text)
    assert len(faults) == 2

    def repairs(outcomes: dict[int, list[Violation]]) -> dict[int, list[Repair]]:
        def trial(moves: Sequence[Move]) -> list[list[Violation]]:
            return [outcomes[len(moves)]]

        return joint_repairs(before(text), checks(text), trial)

    assert repairs({2: [], 1: [second]}) == {}  # the choice that is tried alone for the second fault removes the first
    assert repairs({2: [first, second], 1: []}) == {}  # no edit removes anything
    new = Violation(first.rule, ("new",), "error", "something else", first.span)
    assert repairs({2: [new], 1: []}) == {}  # an edit breaks something, and it is unclear which one


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 20, 100])
def test_of_any_two_faults_each_is_in_a_trial_without_the_other(count: int) -> None:
    groups = [set(group) for group in _apart(range(count))]
    assert set().union(*groups) == set(range(count))
    for one, other in permutations(range(count), 2):
        assert any(one in group and other not in group for group in groups)
    assert len(groups) <= min(count, 9)
