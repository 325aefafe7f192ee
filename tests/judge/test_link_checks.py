"""Which links of a model are counted as checked, and the reports about the others."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import run
from made_parts import B, made

from shapelint.judge.link_checks import fixed_axes
from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.shapes import signatures
from shapelint.shapes.dims import UNKNOWN_DIM, Dim
from shapelint.shapes.signatures import Fit
from shapelint.spec.findings import ModelReport
from shapelint.text.source import Source

HEADS = """\
projection_head:
  _target_: lightly.models.modules.BYOLProjectionHead
  input_dim: {width}
  hidden_dim: 1024
  output_dim: 256
prediction_head: BYOLPredictionHead(256, 1024, 256)
"""

SCRIPT = """\
import torch
from torch import nn
from torchvision.models import resnet18
from lightly.loss import NegativeCosineSimilarity
from lightly.models.modules import BYOLPredictionHead, BYOLProjectionHead
{more}

class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = {backbone}
        self.projection_head = BYOLProjectionHead({width}, 1024, 256)
        self.prediction_head = BYOLPredictionHead(256, 1024, 256)
        self.criterion = NegativeCosineSimilarity()

    def forward(self, x):
        z = self.projection_head(self.backbone(x).flatten(start_dim=1))
        return self.prediction_head(z), z

    def training_step(self, batch, index):
        (x0, x1), _ = batch
        p0, z0 = self.forward(x0)
        p1, z1 = self.forward(x1)
        return self.criterion(p0, {operand})
"""
RESNET = "nn.Sequential(*list(resnet18().children())[:-1])"


def models(path: str, text: str) -> tuple[ModelReport, ...]:
    return lint_source(Source(path, text), Options()).models


def config(backbone: str, width: str = "512") -> ModelReport:
    (model,) = models("model.yaml", f"method: byol\nbackbone: {backbone}\n{HEADS.format(width=width)}")
    return model


def script(backbone: str = RESNET, width: str = "512", operand: str = "z1", more: str = "") -> ModelReport:
    text = SCRIPT.format(backbone=backbone, width=width, operand=operand, more=more)
    (model,) = models("train.py", text)
    return model


def test_every_component_and_the_loss_are_links() -> None:
    assert (config("resnet18").links, config("resnet18").checked) == (4, 4)
    assert (script().links, script().checked) == (4, 4)


def test_a_link_that_violates_a_rule_was_checked() -> None:
    assert config("resnet18", "2048").unchecked == ()
    assert script(width="2048").unchecked == ()


def test_a_component_without_a_signature_and_its_consumer_are_unchecked() -> None:
    model = config("my.Encoder()")
    assert (model.links, model.checked) == (4, 2)
    cause, consequence = model.unchecked
    assert cause.role == "backbone"
    assert cause.help == '"my.Encoder" = "B 3 H W -> B ..."'
    assert "my.Encoder" in cause.reason
    assert consequence.reason == "what backbone gives is not known"


def test_an_unknown_width_leaves_its_link_and_the_next_unchecked() -> None:
    assert [link.role for link in config("resnet18", "${env:WIDTH}").unchecked] == ["projection_head"]
    model = script(width="int(open('width.txt').read())")
    assert [link.role for link in model.unchecked] == ["projection_head"]


def test_a_loss_with_an_unknown_operand_is_unchecked() -> None:
    assert [link.role for link in script(operand="torch.load('target.pt')").unchecked] == ["loss"]


def test_an_absent_role_leaves_the_loss_unchecked() -> None:
    text = "method: byol\nbackbone: resnet18\nprojection_head: BYOLProjectionHead(512, 8, 4)\n"
    (model,) = models("model.yaml", text)
    assert [(link.role, link.reason) for link in model.unchecked] == [
        ("loss", "there is no prediction_head in this model")
    ]


@pytest.mark.parametrize(
    ("parts", "role", "reason"),
    [
        (
            "projection_head: {out_dim: 256}",
            "projection_head",
            "the width of its input is not written",
        ),
        ("loss: my.Loss()", "loss", "my.Loss is no loss that is known here"),
        ("loss: {_target_: my.losses.Loss}", "loss", "my.losses.Loss is no loss that is known here"),
    ],
)
def test_what_no_setting_would_make_known_has_no_help(parts: str, role: str, reason: str) -> None:
    head = "" if "head" in parts else "projection_head: BYOLProjectionHead(512, 1024, 256)\n"
    text = f"method: byol\nbackbone: resnet18\n{head}{parts}\nprediction_head: BYOLPredictionHead(256, 1024, 256)\n"
    (model,) = models("model.yaml", text)
    assert [(link.role, link.reason, link.help) for link in model.unchecked] == [(role, reason, "")]


def test_a_loss_on_features_of_an_unknown_width_is_unchecked() -> None:
    text = "method: byol\nbackbone: resnet18\nprojection_head: BYOLProjectionHead(512, 1024, 256)\n"
    head = "{_target_: torch.nn.Linear, in_features: 256, out_features: '${env:WIDTH}'}"
    (model,) = models("model.yaml", f"{text}prediction_head: {head}\n")
    (link,) = model.unchecked
    assert (link.role, link.reason) == ("loss", "what prediction_head gives is not known")


def test_of_a_method_that_is_not_known_neither_the_loss_nor_the_target_is_checked() -> None:
    (model,) = models("model.yaml", "method: nonesuch\nbackbone: resnet18\nprojection_head: Linear(512, 16)\n")
    (link,) = model.unchecked
    assert (link.role, link.help, link.location.line, link.location.column) == ("loss", "", 1, 9)
    assert link.reason == "nonesuch is no method that is known here, nor are its loss and its target"


def test_behind_a_role_that_is_absent_nothing_is_known() -> None:
    (model,) = models("model.yaml", "method: simsiam\nbackbone: resnet18\nprediction_head: [Linear(64, 32)]\n")
    assert [(link.role, link.reason, link.help) for link in model.unchecked] == [
        ("prediction_head", "what comes into it is not known", ""),
        ("loss", "there is no projection_head in this model", ""),
    ]


@pytest.mark.parametrize(("flatten", "unchecked"), [("Flatten(1)", 0), ("Flatten(2)", 1)])
def test_prototypes_behind_more_than_two_axes_are_unchecked(flatten: str, unchecked: int) -> None:
    """SMoG multiplies them with a matrix: `torch.mm` takes no tensor of three axes."""
    width = {"Flatten(1)": 48, "Flatten(2)": 4}[flatten]
    text = f"method: smog\nbackbone: [Conv2d(3, 12, 3), AdaptiveMaxPool2d(2), {flatten}]\n"
    text += f"projection_head: SMoGProjectionHead({width}, 12, 12)\nprediction_head: SMoGPredictionHead(12, 12, 12)\n"
    (found,) = models("model.yaml", f"{text}prototypes: [16, 12]\n")
    assert [(one.role, one.help) for one in found.unchecked] == [("prototypes", "")] * unchecked


def test_the_consequence_of_an_unseen_network_names_it_at_the_line_that_builds_it() -> None:
    model = script("mystery.trunk(depth=3)", more="import mystery")
    assert {link.reason for link in model.unchecked} == {
        "self.backbone is not resolved: mystery.trunk has no signature here",
        "mystery.trunk has no signature here",
    }
    assert {link.help for link in model.unchecked} == {'"mystery.trunk" = "B 3 H W -> B ..."'}


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("self.net = mystery.trunk()", '"Wrapped" = "B 3 H W -> B ..."'),
        ("self.net = mystery.trunk().stages[2]", '"Wrapped" = "B 3 H W -> B ..."'),
    ],
)
def test_an_unseen_network_in_a_wrapper_is_known_by_the_name_of_the_wrapper(body: str, line: str) -> None:
    more = f"""\
import mystery

class Wrapped(nn.Module):
    def __init__(self):
        super().__init__()
        {body}

    def forward(self, x):
        return self.net.features(x).mean((2, 3))
"""
    (link,) = script("Wrapped()", more=more).unchecked
    assert (link.role, link.reason) == ("projection_head", "mystery.trunk has no signature here")
    assert link.help == line


def test_an_unknown_number_names_its_argument_and_what_it_is_computed_from() -> None:
    (link,) = script(width="int(open('width.txt').read())").unchecked
    assert link.reason.startswith("input_dim of BYOLProjectionHead is not known: int(open('width.txt').read())")


def test_an_exhausted_budget_is_an_unchecked_link() -> None:
    more = "def f(n):\n    return f(n - 1) + f(n - 2) + f(n - 3) + f(n - 4)\nwidth = f(50)\n"
    model = script(width="width", more=more)
    assert "the file" in [link.role for link in model.unchecked]


@pytest.mark.parametrize(
    ("width", "line", "code"),
    [
        ("512", "All clear: 1 model in 1 file fits.", 0),
        ("${oc.env:WIDTH}", "3 of 4 links checked; 1 could not be checked:", 1),
    ],
)
def test_all_clear_is_only_reported_if_every_link_was_checked(width: str, line: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text(f"method: byol\nbackbone: resnet18\n{HEADS.format(width=width)}")
    assert line in run(tmp_path, "model.yaml").stdout.splitlines()
    assert run(tmp_path, "model.yaml").returncode == 0
    assert run(tmp_path, "--error-on-unknown", "model.yaml").returncode == code


NORMS = """\
import sys

from torch import nn


class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, {width}, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projection_head = nn.Sequential({norm}, nn.ReLU())

    def forward(self, x):
        return self.projection_head(self.backbone(x))
"""
RUN_TIME = "int(sys.argv[1])"


@pytest.mark.parametrize(
    ("width", "norm", "unchecked"),
    [
        ("64", "nn.LayerNorm(64)", []),
        ("64", "nn.LayerNorm((64,))", []),
        ("64", "nn.ReLU()", []),
        (RUN_TIME, "nn.ReLU()", []),
        (RUN_TIME, "nn.BatchNorm1d(64)", ["projection_head"]),
        (RUN_TIME, "nn.LayerNorm(64)", ["projection_head"]),
        (RUN_TIME, "nn.RMSNorm([64])", ["projection_head"]),
        ("64", f"nn.LayerNorm({RUN_TIME})", ["projection_head"]),
        ("64", f"nn.LayerNorm(({RUN_TIME},))", ["projection_head"]),
    ],
)
def test_a_norm_over_listed_axes_fixes_them_as_any_other_layer_does(
    width: str, norm: str, unchecked: list[str]
) -> None:
    (model,) = models("train.py", NORMS.format(width=width, norm=norm))
    assert [link.role for link in model.unchecked] == unchecked


@pytest.mark.parametrize("width", [7, UNKNOWN_DIM])
def test_the_axes_that_a_list_argument_fixes_are_found_between_others(width: Dim) -> None:
    part = made("B *n c -> B", n=(4, 5), c=width)
    assert part.signature is not None
    fit = signatures.unify(part.signature, (B, 4, 5, 7))
    assert isinstance(fit, Fit)
    assert list(fixed_axes(part, fit, (B, 4, 5, 7))) == [(1, 4, 4), (2, 5, 5), (3, width, 7)]
