"""`rules/timm_attributes.txt` compared with the installed timm, and what is said of attributes that are not there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shapelint.knowledge import class_attributes, timm_rows
from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.signatures import absent_names
from shapelint.spec.spec import Argument, ComponentSpec
from shapelint.text.source import Source, Span

torch = pytest.importorskip("torch")
timm = pytest.importorskip("timm")

SAMPLE = (*timm_rows.names()[5::89], "vitamin_small_224", "ghostnet_100", "vit_small_plus_patch16_dinov3")
VOCABULARY = class_attributes.names(class_attributes.OF_TIMM)
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
        assert {one for one in VOCABULARY if hasattr(model, one)} == class_attributes.by_class(
            class_attributes.OF_TIMM
        )[row.architecture]
        for attribute in VOCABULARY:
            assert absent_names.has(spec(name, **arguments), attribute) is hasattr(model, attribute)


def test_every_model_is_of_a_class_that_is_known() -> None:
    rows = [timm_rows.find(name) for name in timm_rows.names()]
    assert {row.architecture for row in rows if row is not None} == class_attributes.by_class(
        class_attributes.OF_TIMM
    ).keys()


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


def said(code: str) -> set[str]:
    """Return the codes of a program's errors and warnings."""
    report = lint_text(Source("model.py", code), Settings(isolated=True))
    return {one.code for one in report.findings if one.severity != "info"}


def verdict(model: str, change: str, width: int, features: str) -> tuple[set[str], str]:
    """Return the codes of a program's errors and warnings, and the error with which it stops, "" if it runs."""
    code = PROGRAM.format(model=model, change=change, width=width, features=features)
    error = ""
    try:
        exec(code, {"__name__": "model"})
    except (RuntimeError, AttributeError, IndexError) as raised:
        error = str(raised)
    return said(code), error


@pytest.mark.parametrize(("model", "change", "width", "features", "codes"), [
    ("resnet18", "self.backbone.fc = nn.Identity()", 512, "self.backbone(x)", set()),
    ("resnet18", "self.backbone.classifier = nn.Identity()", 512, "self.backbone(x)", {"SL212"}),
    ("resnet18", "self.backbone.head = nn.Identity()", 1000, "self.backbone(x)", {"SL212"}),
    ("vit_tiny_patch16_224", "self.backbone.head.fc = nn.Identity()", 192, "self.backbone(x)", {"SL212"}),
    ("vit_tiny_patch16_224", "self.backbone.head = nn.Identity()", 192, "self.backbone(x)", set()),
    ("ghostnet_050", "self.backbone.head.fc = nn.Identity()", 1280, "self.backbone(x)", {"SL114"}),
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


@pytest.mark.parametrize(("written", "meant"), [
    ("head.fc = nn.Identity()", "fc = nn.Identity()"),
    ("classifier[1] = nn.Identity()", "fc = nn.Identity()"),
])  # fmt: skip
def test_the_name_that_is_meant_takes_the_place_of_the_whole_path(written: str, meant: str) -> None:
    code = PROGRAM.format(model="resnet18", change=f"self.backbone.{written}", width=512, features="self.backbone(x)")
    (finding, *_) = (one for one in lint_text(Source("model.py", code), Settings()).findings if one.code == "SL114")
    assert finding.fix is not None
    assert f"self.backbone.{meant}" in finding.fix.message


GUARDED = [
    "if isinstance(self.backbone, timm.models.VisionTransformer): self.tokens()",
    "try: self.tokens()\n        except AttributeError: pass",
    "with contextlib.suppress(AttributeError): self.tokens()",
    "if os.environ.get('TOKENS'): self.tokens()",
    "if os.path.exists('tokens.pth'): return self.tokens()",
    "any('cls_token' in name for name, _ in self.named_parameters()) and self.tokens()",
]
"""Calls of a method that would stop with a ResNet."""
TOKENS = """    def tokens(self):
        self.backbone.cls_token.zero_()

"""
SET_ELSEWHERE = [
    "self.backbone.register_buffer('head', torch.zeros(1))",
    "type(self.backbone).head = None",
    "setattr(type(self.backbone), 'head', None)",
    "nn.ModuleList([self.backbone])[int(os.environ.get('AT', 0))].head = nn.Identity()",
]
"""What gives a ResNet a head."""
GIVEN_TO_CLASSIFIERS = [
    "self.backbone.fc.forward = lambda features: features",
    "self.backbone.fc.mlp = nn.Identity(); self.backbone.fc.forward = self.backbone.fc.mlp.forward",
    "self.backbone.get_classifier().forward = lambda features: features",
]
"""Ways to take the classifier off without a name that is replaced."""


@pytest.mark.parametrize("change", [*GUARDED, *GIVEN_TO_CLASSIFIERS])
def test_what_may_not_be_reached_and_what_replaces_a_forward_is_no_fault(change: str) -> None:
    code = PROGRAM.format(model="resnet18", change=change, width=512, features="self.backbone(x)")
    if change in GUARDED:
        code = code.replace('("resnet18")', '("resnet18", num_classes=0)')
    code = code.replace("    def forward", f"{TOKENS}    def forward")
    code = f"import contextlib\nimport os\n{code}"
    exec(code, {"__name__": "model"})
    assert said(code) == set()
    if change in GUARDED:
        certain = code.replace(change, "self.tokens()")
        with pytest.raises(AttributeError):
            exec(certain, {"__name__": "model"})
        assert said(certain) == {"SL114"}


@pytest.mark.parametrize("change", SET_ELSEWHERE)
def test_hasattr_of_what_is_given_in_a_way_that_is_not_followed_is_not_answered(change: str) -> None:
    change += "\n        width = 512 if hasattr(self.backbone, 'head') else 7"
    code = PROGRAM.format(model="resnet18", change=change, width="width", features="self.backbone(x)")
    code = f"import os\n{code}".replace('("resnet18")', '("resnet18", num_classes=0)')
    before = dict(vars(timm.models.ResNet))
    try:
        exec(code, {"__name__": "model"})
    finally:
        if "head" not in before and "head" in vars(timm.models.ResNet):
            del timm.models.ResNet.head
    assert said(code) == set()


@pytest.mark.parametrize(("features", "width", "codes"), [
    ("[*self.backbone.children()][-1](self.backbone(x))", 128, set()),
    ("[*self.backbone.children()][-1](self.backbone(x))", 512, {"SL101"}),
    ("nn.Sequential(*self.backbone.children())(x)", 128, set()),
])  # fmt: skip
def test_a_module_that_is_added_is_the_last_of_the_children(features: str, width: int, codes: set[str]) -> None:
    code = PROGRAM.format(
        model="resnet18", change="self.backbone.head = nn.Linear(512, 128)", width=width, features=features
    ).replace('("resnet18")', '("resnet18", num_classes=0)')
    try:
        exec(code, {"__name__": "model"})
    except RuntimeError:
        assert codes
    else:
        assert not codes
    assert said(code) == codes


@pytest.mark.parametrize("name", ["Wrapper", "LinearProbe", "MoCo"])
def test_a_part_that_never_runs_is_an_error_in_any_model_whose_widths_do_not_fit(name: str) -> None:
    code = PROGRAM.format(
        model="resnet18", change="self.backbone.head = nn.Identity()", width=512, features="self.backbone(x)"
    ).replace("SimCLR", name).replace("projection_head", "out")  # fmt: skip
    with pytest.raises(RuntimeError):
        exec(code, {"__name__": "model"})
    assert said(code) == {"SL212"}


@pytest.mark.parametrize("arguments", [
    "pretrained_cfg_overlay=dict(num_classes=0)",
    "pretrained_cfg_overlay={'num_classes': 512}",
])  # fmt: skip
def test_the_classes_may_be_those_of_a_config(arguments: str) -> None:
    code = PROGRAM.format(model="resnet18", change="pass", width=512, features="self.backbone(x)")
    code = code.replace('("resnet18")', f'("resnet18", {arguments})')
    exec(code, {"__name__": "model"})
    assert said(code) == set()


def test_the_width_of_a_head_that_takes_maps_is_not_one_of_their_sides() -> None:
    change = "width = self.backbone.head.in_features\n        self.backbone.head = nn.Identity()"
    code = PROGRAM.format(
        model="swin_tiny_patch4_window7_224", change=change, width="width", features="self.backbone(x).mean((1, 2))"
    )
    exec(code, {"__name__": "model"})
    assert said(code) == set()


def test_an_attribute_that_a_library_model_does_not_have_is_no_reason_to_see_no_model() -> None:
    code = PROGRAM.format(model="resnet18", change="pass", width=512, features="self.backbone(x)")
    code = code.replace('timm.create_model("resnet18")', "torchvision.models.resnet18().features")
    assert "SL114" in said(f"import torchvision{code}")


@pytest.mark.parametrize("other", [192, 100])
def test_an_attribute_of_a_model_may_be_none(other: int) -> None:
    change = f"width = 192 if self.backbone.cls_token is None else {other}"
    code = PROGRAM.format(model="vit_tiny_patch16_224", change=change, width="width", features="self.backbone(x)")
    pool = '"vit_tiny_patch16_224", num_classes=0, class_token=False, global_pool="avg"'
    code = code.replace('"vit_tiny_patch16_224"', pool)
    exec(code, {"__name__": "model"})
    assert said(code) == set()
