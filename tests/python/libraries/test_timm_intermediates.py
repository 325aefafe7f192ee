"""The inner maps and tokens of timm's models, compared with those that the installed library gives."""

from __future__ import annotations

from typing import Any

import pytest
from taken_features import Taken, known_width, reasons

torch = pytest.importorskip("torch")
timm = pytest.importorskip("timm")

VIT, CNN, STAGED = "vit_tiny_patch16_224", "resnet26d", "convnext_femto"
TAKEN = [
    (VIT, "net.get_intermediate_layers(x)[0].mean(1)"),
    (VIT, "net.get_intermediate_layers(x, n=3, reshape=True)[-1].flatten(1)"),
    (VIT, "net.get_intermediate_layers(x, n=[2, 5, 8])[1].flatten(1)"),
    (VIT, "net.get_intermediate_layers(x, 2, return_prefix_tokens=True)[0][1].flatten(1)"),
    (VIT, "net.get_intermediate_layers(x, n=(4, -1), return_prefix_tokens=True, norm=True)[1][0].amax(1)"),
    (VIT, "torch.cat([one.mean(1) for one in net.get_intermediate_layers(x, n=4)], dim=-1)"),
    ("deit_tiny_patch16_224", "net.get_intermediate_layers(x, n=1)[0].flatten(1)"),
    (VIT, "net.forward_intermediates(x)[0][:, 0]"),
    (VIT, "net.forward_intermediates(x, indices=2)[1][0].flatten(1)"),
    (VIT, "net.forward_intermediates(x, 1, output_fmt='NLC', intermediates_only=True)[0].flatten(1)"),
    (VIT, "net.forward_intermediates(x, 1, return_prefix_tokens=True, intermediates_only=True)[0][1].mean(1)"),
    (CNN, "net.forward_intermediates(x)[1][-3].flatten(1)"),
    (CNN, "net.forward_intermediates(x, indices=[3, 1], intermediates_only=True)[0].flatten(1)"),
    (CNN, "net.forward_intermediates(x, indices=1)[0].mean((2, 3))"),
    (STAGED, "net.forward_intermediates(x, indices=(-2,), intermediates_only=True)[0].mean((2, 3))"),
    ("efficientnet_lite0", "net.forward_intermediates(x, intermediates_only=True)[2].flatten(1)"),
    ("eva02_tiny_patch14_224", "net.forward_intermediates(x, indices=3)[1][2].flatten(1)"),
    ("regnety_002", "net.forward_intermediates(x, 2, intermediates_only=True)[0].mean((2, 3))"),
    ("ese_vovnet19b_dw", "net.forward_intermediates(x, indices=1, intermediates_only=True)[0].flatten(1)"),
    ("test_vit", "net.forward_intermediates(x, 1)[0].flatten(1)", (2, 3, 160, 160)),
]  # fmt: skip


@pytest.mark.parametrize("given", TAKEN, ids=[f"{name} {features}" for name, features, *_ in TAKEN])
def test_inner_features_are_those_of_the_real_model(given: Any) -> None:
    name, features, *images = given
    built = f"timm.create_model('{name}', num_classes=0)"
    taken = Taken(built, features.replace("net", "self.backbone"), *images, imports="import timm")
    with torch.device("meta"), torch.no_grad():
        net = timm.create_model(name, num_classes=0).eval()
        real = eval(features, {"torch": torch, "net": net, "x": torch.zeros(taken.images)})
    assert known_width(taken) == real.shape[1]


@pytest.mark.parametrize("home", ["timm", "timm.models", "timm.models.factory"])
def test_a_model_is_created_by_each_name_of_the_function(home: str) -> None:
    taken = Taken("create_model('rexnet_100', num_classes=0)", imports=f"from {home} import create_model")
    assert known_width(taken) == 1280


def test_what_no_stage_has_is_not_known() -> None:
    imports = "import timm"
    for features in ("forward_intermediates(x, indices=[9])[1][0].flatten(1)", "get_intermediate_layers(x)[0]"):
        taken = Taken(f"timm.create_model('{CNN}', num_classes=0)", f"self.backbone.{features}", imports=imports)
        assert known_width(taken) is None


def test_a_width_from_sides_that_are_not_known_is_not_checked() -> None:
    features = "self.backbone.forward_intermediates(x, indices=[0], intermediates_only=True)[0].flatten(1)"
    taken = Taken("timm.create_model('ese_vovnet19b_dw', num_classes=0)", features, imports="import timm")
    assert reasons(taken) == ["the width of what backbone gives is not known"]
