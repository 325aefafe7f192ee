"""One of several networks, by a key that is not known: what is said of it holds for each of them."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

MODEL = """
import copy
import torch
from torch import nn
from torchvision import models
from elsewhere import prepare

BUILDERS = {"light": models.resnet34, "heavy": models.resnet101}
WIDTHS = {"light": 512, "heavy": 2048}
PAIRS = {"light": (models.resnet34, 512), "heavy": (models.resnet101, 2048)}


class SimSiam(nn.Module):
    def __init__(self, kind, other, flag):
        super().__init__()
        networks = {"light": models.resnet34(), "heavy": models.resnet101()}
        BUILD
        encoder.fc = nn.Identity()
        CHANGE
        self.encoder = encoder
        self.projector = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 96))
        self.predictor = nn.Linear(96, 96)

    def forward(self, x, y):
        return self.predictor(self.projector(self.encoder(x))), self.projector(CALLED(y)).detach()
"""


def report(build: str, change: str = "pass", called: str = "self.encoder") -> FileReport:
    lines = build.replace("OWN", "encoder.fc.in_features").replace("; ", "\n        ").replace("|", "\n        ")
    text = MODEL.replace("BUILD\n", f"{lines}\n").replace("CHANGE", change)
    return lint_source(Source("simsiam.py", text.replace("CALLED", called), "python"), Options())


def faults(found: FileReport) -> list[str]:
    return [finding.code for finding in found.findings if finding.severity != "info"]


def unchecked(found: FileReport) -> list[str]:
    (model,) = found.models
    return [link.reason for link in model.unchecked]


@pytest.mark.parametrize(
    "build",
    [
        "encoder = networks[kind]; width = encoder.fc.in_features",
        "encoder = networks[kind].to('cuda'); width = encoder.fc.in_features",
        "encoder = BUILDERS[kind](); width = encoder.fc.in_features",
        "encoder = BUILDERS[kind](); width = WIDTHS[kind]",
        "build, width = PAIRS[kind]; encoder = build()",
        "if flag:|    encoder = models.resnet34()|else:|    encoder = models.resnet101(); width = OWN",
    ],
)
def test_a_width_that_is_chosen_with_the_network_fits_it(build: str) -> None:
    found = report(build)
    assert faults(found) == []
    assert unchecked(found) == []


@pytest.mark.parametrize(
    "build",
    [
        "encoder = networks[kind]; width = networks[other].fc.in_features",
        "encoder = BUILDERS[kind](); width = WIDTHS[other]",
        "encoder = BUILDERS[kind](); width = 512",
        "encoder = BUILDERS[kind](); width = 2 * WIDTHS[kind]",
    ],
)
def test_a_width_that_fits_some_of_them_is_not_checked(build: str) -> None:
    found = report(build)
    assert faults(found) == []
    assert unchecked(found)
    assert all("light and heavy" in reason for reason in unchecked(found))


def test_a_width_that_fits_none_of_them_is_wrong() -> None:
    same = "build = {'one': models.resnet18, 'two': models.resnet34}[kind]; encoder = build(); width = "
    assert faults(report(f"{same}512")) == []
    assert faults(report(f"{same}640")) == ["SL101"]


CHOSEN = "encoder = networks[kind]; width = encoder.fc.in_features"


def test_a_copy_is_chosen_with_its_original() -> None:
    found = report(CHOSEN, "self.target_encoder = copy.deepcopy(encoder)", "self.target_encoder")
    assert faults(found) == []
    assert unchecked(found) == []


@pytest.mark.parametrize(
    "change",
    [
        "if flag: encoder.fc = nn.Linear(width, 33)",
        "prepare(encoder)",
        "encoder.layer4[0] = nn.Identity()",
        "encoder.add_module('fc', nn.Linear(width, 12))",
    ],
)
def test_a_network_that_may_have_changed_is_not_checked(change: str) -> None:
    found = report(CHOSEN, change)
    assert faults(found) == []
    assert unchecked(found)


def test_a_candidate_on_its_own_may_have_been_changed() -> None:
    text = MODEL.replace("BUILD\n", "encoder, width = networks[kind], 512\n").replace(
        "CHANGE", "light = networks['light']"
    )
    text = text.replace("self.encoder = encoder", "self.encoder = light").replace("CALLED", "self.encoder")
    found = lint_source(Source("simsiam.py", text, "python"), Options())
    assert faults(found) == []
    assert unchecked(found)


def test_what_one_of_them_lacks_is_not_said_of_it() -> None:
    found = report("encoder = {'a': models.resnet18, 'b': models.vit_b_16}[kind](); width = encoder.hidden_dim")
    assert faults(found) == []
