"""`rules/timm_attributes.txt` compared with the installed timm, and what is said of attributes that are not there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shapelint.knowledge import timm_rows
from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.signatures import absent_names
from shapelint.spec.spec import Argument, ComponentSpec
from shapelint.text.source import Source, Span

torch = pytest.importorskip("torch")
timm = pytest.importorskip("timm")

SAMPLE = (*timm_rows.names()[5::89], "vitamin_small_224", "ghostnet_100", "vit_small_plus_patch16_dinov3")
VOCABULARY = frozenset().union(*timm_rows.attributes().values())
OTHERWISE: tuple[dict[str, Any], ...] = ({}, {"num_classes": 0}, {"in_chans": 1, "num_classes": 7})
NOWHERE = Span(0, 0)
PROGRAM = """
import timm
import torch
from torch import nn


class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = timm.create_model("{model}")
        {change}
        self.projection_head = nn.Linear({width}, 64)

    def forward(self, x):
        return self.projection_head({features})


SimCLR()(torch.zeros(2, 3, 224, 224))
"""


def spec(name: str, **arguments: Any) -> ComponentSpec:
    keywords = tuple((key, Argument(value, NOWHERE, NOWHERE)) for key, value in arguments.items())
    return ComponentSpec("call", "timm.create_model", NOWHERE, NOWHERE, (Argument(name, NOWHERE, NOWHERE),), keywords)


def built(name: str, **arguments: Any) -> Any:
    with torch.device("meta"):
        return timm.create_model(name, **arguments)


@pytest.mark.parametrize("name", SAMPLE)
def test_a_model_has_the_attributes_of_its_class_and_no_others_of_these(name: str) -> None:
    row = timm_rows.find(name)
    assert row is not None
    for arguments in OTHERWISE:
        try:
            model = built(name, **arguments)
        except (AssertionError, TypeError):
            continue  # some take no other channels
        assert type(model).__name__ == row.architecture
        assert {one for one in VOCABULARY if hasattr(model, one)} == timm_rows.attributes()[row.architecture]
        for attribute in VOCABULARY:
            assert absent_names.has(spec(name, **arguments), attribute) is hasattr(model, attribute)


def test_every_model_is_of_a_class_that_is_known() -> None:
    rows = [timm_rows.find(name) for name in timm_rows.names()]
    assert {row.architecture for row in rows if row is not None} == timm_rows.attributes().keys()


def test_nothing_is_said_of_names_that_no_model_has_and_of_other_classes() -> None:
    assert absent_names.has(spec("resnet18"), "projector") is None
    assert absent_names.has(spec("resnet18", features_only=True), "fc") is None
    assert absent_names.has(spec("resnet18", block_args={}), "head") is None
    assert absent_names.has(spec("no_such_model"), "head") is None
    assert absent_names.has(replace(spec("resnet18"), partial=True), "head") is None
    assert absent_names.has(replace(spec("resnet18"), note="its arguments are not known"), "head") is None


@pytest.mark.parametrize(("name", "arguments", "classifier", "exact"), [
    ("resnet18", {}, "fc", True),
    ("resnet18", {"num_classes": 0}, "fc", False),
    ("convnext_atto", {}, "head.fc", True),
    ("vit_small_patch14_dinov2", {}, "head", False),
    ("vit_small_patch14_dinov2", {"num_classes": 10}, "head", True),
    ("vit_base_patch16_224.dino", {}, "head", False),
])  # fmt: skip
def test_another_name_for_the_classifier_is_meant_as_the_one_that_the_model_has(
    name: str, arguments: dict[str, Any], classifier: str, exact: bool
) -> None:
    absent = absent_names.of_component(spec(name, **arguments), "classifier")
    assert absent is not None
    assert (absent.nearest, absent.exact) == (classifier, exact)
    found = built(name, **arguments).get_submodule(classifier)
    assert hasattr(found, "in_features") is exact


def verdict(
    model: str, change: str = "pass", width: int = 512, features: str = "self.backbone(x)"
) -> tuple[set[str], str]:
    """Return the codes of a program's errors and warnings, and the error with which it stops, "" if it runs."""
    code = PROGRAM.format(model=model, change=change, width=width, features=features)
    report = lint_text(Source("model.py", code), Settings(isolated=True))
    error = ""
    try:
        exec(code, {"__name__": "model"})
    except (RuntimeError, AttributeError, IndexError) as raised:
        error = str(raised)
    return {one.code for one in report.findings if one.severity != "info"}, error


@pytest.mark.parametrize(("model", "change", "width", "features", "codes"), [
    ("resnet18", "self.backbone.fc = nn.Identity()", 512, "self.backbone(x)", set()),
    ("resnet18", "self.backbone.classifier = nn.Identity()", 512, "self.backbone(x)", {"SL212"}),
    ("resnet18", "self.backbone.head = nn.Identity()", 1000, "self.backbone(x)", {"SL212"}),
    ("vit_tiny_patch16_224", "self.backbone.head.fc = nn.Identity()", 192, "self.backbone(x)", {"SL212"}),
    ("vit_tiny_patch16_224", "self.backbone.head = nn.Identity()", 192, "self.backbone(x)", set()),
    ("ghostnet_050", "self.backbone.head.fc = nn.Identity()", 1280, "self.backbone(x)", {"SL114", "SL201"}),
    ("resnet18", "width = self.backbone.head.in_features", 1000, "self.backbone(x)", {"SL114", "SL201"}),
    ("resnet18", "pass", 512, "self.backbone.get_intermediate_layers(x)[0]", {"SL114"}),
    ("resnet18", "if hasattr(self.backbone, 'head'): self.backbone.head.reset()", 1000, "self.backbone(x)", {"SL201"}),
    ("resnet18", "if hasattr(self.backbone, 'fc'): self.backbone.fc = nn.Identity()", 512, "self.backbone(x)", set()),
])  # fmt: skip
def test_programs_are_told_what_they_get(model: str, change: str, width: int, features: str, codes: set[str]) -> None:
    found, error = verdict(model, change, width, features)
    silent = codes == {"SL201"} or (codes == {"SL212"} and width == 1000)
    assert bool(error) is (bool(codes) and not silent)
    assert found == codes


def test_an_attribute_that_a_library_model_does_not_have_is_no_reason_to_see_no_model() -> None:
    code = PROGRAM.format(model="resnet18", change="pass", width=512, features="self.backbone(x)")
    code = code.replace('timm.create_model("resnet18")', "torchvision.models.resnet18().features")
    report = lint_text(Source("model.py", f"import torchvision{code}"), Settings(isolated=True))
    assert "SL114" in {one.code for one in report.findings}
