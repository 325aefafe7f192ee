"""`rules/timm.yaml` and the timm plugin compared with the library itself, whose models are built on the meta device."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from programs_of_torch import run_and_lint

from shapelint.linting.lint_paths import lint_text
from shapelint.python.libraries import timm_
from shapelint.python.models.entry_points import interpret
from shapelint.python.state.values import Component, Const
from shapelint.resolve.options import Options
from shapelint.settings.settings import Settings
from shapelint.spec.spec import Argument, ComponentSpec
from shapelint.text.source import Source, Span

torch = pytest.importorskip("torch")
timm = pytest.importorskip("timm")

VITS = ["vit_tiny_patch16_224", "vit_small_patch16_224", "vit_small_patch32_224", "vit_base_patch16_224",
        "vit_base_patch32_224", "vit_base_patch8_224", "vit_large_patch16_224", "vit_huge_patch14_224"]  # fmt: skip


@pytest.mark.parametrize("name", VITS)
def test_the_numbers_of_timms_vision_transformers(name: str) -> None:
    with torch.device("meta"):
        real = timm.create_model(name)
    component = Component(spec=ComponentSpec("call", f"timm.models.vision_transformer.{name}", Span(0, 0), Span(0, 0)))
    vit = timm_.transformer(component)
    assert vit is not None
    patches = real.patch_embed.num_patches
    assert (vit.width, vit.patch, vit.prefix, vit.grid**2) == (
        real.embed_dim, real.patch_embed.patch_size[0], real.num_prefix_tokens, patches,
    )  # fmt: skip


def test_vision_transformers_without_a_classifier_by_default() -> None:
    names = [name for name in timm.list_models("vit_*") if timm_.transformer_name().match(name)]
    without = {name for name in names if timm.get_pretrained_cfg(name).num_classes == 0}
    assert without == set(timm_.data()["without_classifier"])


@pytest.mark.parametrize("name", ["vit_small_patch16_224.dino", "vit_huge_patch14_224"])
def test_class_counts_that_depend_on_weights_are_not_derived_from_the_name(name: str) -> None:
    spec = ComponentSpec("call", "timm.create_model", Span(0, 0), Span(0, 0), (Argument(name, Span(0, 0), Span(0, 0)),))
    named = Component(spec=spec, arguments={"(0)": Const(name)})
    assert timm_.resolve(named, "backbone", Options()) is None
    none = replace(named, arguments={**named.arguments, "num_classes": Const(None)})
    assert timm_.resolve(none, "backbone", Options()) is None
    bare = replace(named, arguments={**named.arguments, "num_classes": Const(0)})
    assert timm_.resolve(bare, "backbone", Options()) is not None


def sampled(start: str) -> list[str]:
    """Return the first, the middle and the last model of a family."""
    names = [name for name in timm.list_models(f"{start}*") if timm.get_pretrained_cfg(name).num_classes != 0]
    return sorted({names[0], names[len(names) // 2], names[-1]})


def built(name: str, **arguments: Any) -> Any:
    with torch.device("meta"):
        return timm.create_model(name, **arguments)


@pytest.mark.parametrize("start", timm_.data()["plain_features"])
def test_num_features_is_the_width_before_the_classifier(start: str) -> None:
    for name in sampled(start):
        model = built(name)
        classifiers = model.get_classifier()
        for classifier in classifiers if isinstance(classifiers, (tuple, list)) else [classifiers]:
            width = getattr(classifier, "in_features", getattr(classifier, "in_channels", None))
            assert width == model.num_features, name


def test_families_that_widen_features_before_the_classifier_are_excluded() -> None:
    model = built("mobilenetv3_small_050")
    assert model.num_features != model.get_classifier().in_features
    assert not "mobilenetv3_small_050".startswith(tuple(timm_.data()["plain_features"]))


@pytest.mark.parametrize(("arguments", "attribute"), [
    ("'resnet26d', features_only=True", "feature_info.channels()[-1]"),
    ("'resnet26d', features_only=True, out_indices=(1, 3)", "feature_info.channels()[0]"),
    ("'resnet26d', features_only=True", "feature_info.reduction()[2]"),
    ("'convnext_atto', features_only=True", "feature_info.channels(1)"),
    ("'convnext_atto', features_only=True", "feature_info[-1]['num_chs']"),
    ("'resnet26d'", "feature_info[-1]['num_chs']"),
    ("'resnet26d'", "feature_info[2]['reduction']"),
])  # fmt: skip
def test_what_a_model_says_of_its_maps(arguments: str, attribute: str) -> None:
    real = eval(f"timm.create_model({arguments}).{attribute}", {"timm": timm})
    script = f"import timm\nprojection_head = None\nfound = timm.create_model({arguments}).{attribute}\n"
    _, scope = interpret(Source("model.py", script), Options())
    found = scope.names["found"]
    assert isinstance(found, Const)
    assert found.value == real


def test_parts_that_are_not_all_known_are_no_sequence() -> None:
    """Of a model with a class token before its blocks, the row has no children but the classifier."""
    script = (
        "import timm\nimport torch\nprojection_head = None\nfound = torch.nn.Sequential("
        "*list(timm.create_model('vit_betwixt_patch32_clip_224').children())[:-1])(torch.zeros(2, 3, 224, 224))\n"
    )
    _, scope = interpret(Source("model.py", script), Options())
    assert getattr(scope.names["found"], "shape", None) != (2, 3, 224, 224)


@pytest.mark.parametrize("end", [":1", ":2", ":-1"])
@pytest.mark.parametrize("width", [512, 4096])
@pytest.mark.parametrize("size", [224, 331])
def test_a_part_whose_shapes_a_trace_cannot_tell_is_a_part_all_the_same(end: str, width: int, size: int) -> None:
    """The layer of a VGG before its classifier takes maps of 7 by 7 alone: its shapes are in no formula of the size.

    They are known where formulas take too long, and the model is traced at its own size alone.
    """
    code = f"""
import timm
import torch
from torch import nn

class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(*list(timm.create_model("vgg11_bn").children())[{end}])
        self.projection_head = nn.Linear({width}, 64)

    def forward(self, x):
        return self.projection_head(self.backbone(x).mean((2, 3)))

SimCLR()(torch.zeros(2, 3, {size}, {size}))
"""
    runs, report, errors = run_and_lint(code, RuntimeError)
    (model,) = report.models
    assert not (errors and runs)
    assert errors or runs or model.checked < model.links
    assert (end, size) != (":1", 224) or bool(errors) != runs


def test_parts_of_a_transformer_take_another_number_of_tokens() -> None:
    """Without its own forward the class token is never added, which neither the norm nor the blocks behind it mind."""
    code = """
import timm
import torch
from torch import nn

class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(*list(timm.create_model("vit_base_patch32_clip_224").children())[:-1])
        self.projection_head = nn.Linear(768, 64)

    def forward(self, x):
        return self.projection_head(self.backbone(x).mean(1))
"""
    scope: dict[str, Any] = {}
    exec(code, scope)
    assert scope["SimCLR"]()(torch.zeros(2, 3, 224, 224)).shape == (2, 64)
    report = lint_text(Source("model.py", code), Settings())
    assert {finding.code for finding in report.findings} <= {"SL901"}


@pytest.mark.parametrize("name", ["vit_base_patch16_dinov3", "xcit_nano_12_p8_224"])
def test_a_part_of_which_no_shapes_are_known(name: str) -> None:
    """The position embedding of a model takes no tensor, and what is behind it is not followed."""
    code = f"""
import timm
import torch
from torch import nn

class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        model = timm.create_model("{name}", num_classes=0)
        self.backbone = nn.Sequential(*list(model.children())[:-2])
        self.projection_head = nn.Linear(768, 64)

    def forward(self, x):
        return self.projection_head(self.backbone(x).mean(1))
"""
    report = lint_text(Source("model.py", code), Settings())
    assert report.models
    assert not report.is_fault
    assert {finding.code for finding in report.findings} <= {"SL901"}


@pytest.mark.parametrize(("arguments", "width"), [
    ("num_heads=4", 192), ("num_heads=5", 192), ("embed_dim=96", 96), ("embed_dim=100", 100),
    ("embed_dim=80, num_heads=8", 80), ("dynamic_img_size=False", 192), ("dynamic_img_size=True", 192),
    ("dynamic_img_size=True, dynamic_img_pad=False", 192), ("dynamic_img_size=True, dynamic_img_pad=True", 192),
])  # fmt: skip
@pytest.mark.parametrize("size", [(224, 224), (48, 64), (50, 70)])
def test_a_transformer_that_is_clear_runs(arguments: str, width: int, size: tuple[int, int]) -> None:
    code = f"""
import timm
import torch
from torch import nn

class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = timm.create_model("vit_tiny_patch16_224", num_classes=0, {arguments})
        self.projection_head = nn.Linear({width}, 64)

    def forward(self, x):
        return self.projection_head(self.backbone(x))

SimCLR()(torch.zeros(2, 3, *{size}))
"""
    runs, report, errors = run_and_lint(code, AssertionError, RuntimeError)
    (model,) = report.models
    assert not (errors and runs)
    assert (model.checked == model.links and not errors) == runs
