"""Checkpoints and targets of whole library models: the verdicts, and the behaviour of real torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightly")

from training import Recipe, build, train  # noqa: E402

from shapelint.linting.analyse import analyse  # noqa: E402
from shapelint.resolve.options import Options  # noqa: E402
from shapelint.text.source import Source  # noqa: E402

LITERAL = "torchvision.models.{}(num_classes={})"


def byol(backbone: str, width: int, target: Any = "", checkpoint: str = "") -> Recipe:
    """Return a BYOL recipe whose heads fit a backbone of this width."""
    heads = {
        "projection_head": f"BYOLProjectionHead({width}, 12, 6)",
        "prediction_head": "BYOLPredictionHead(6, 12, 6)",
    }
    return Recipe("byol", backbone, heads, image=(3, 64, 64), batch=3, target=target, checkpoint=checkpoint)


def codes(recipe: Recipe) -> set[str]:
    (model,) = analyse(Source("model.yaml", recipe.config()), Options()).models
    return {violation.rule.page.code for violation in model.violations}


@pytest.mark.parametrize(
    ("saved", "backbone", "width", "words"),
    [
        ("resnet18", "resnet18", 512, ""),
        (LITERAL.format("resnet18", 10), "resnet18", 512, ""),
        ("resnet34", "resnet18", 512, ""),
        ("resnet50", "resnet18", 512, "size mismatch for layer1.0.conv1.weight"),
        ("resnet18", "resnet50", 2048, "size mismatch for layer1.0.conv1.weight"),
        ("wide_resnet50_2", "resnet50", 2048, "size mismatch for layer1.0.conv1.weight"),
        (LITERAL.format("resnet18", 7), LITERAL.format("resnet18", 7), 7, ""),
        (LITERAL.format("resnet18", 10), LITERAL.format("resnet18", 7), 7, "size mismatch for fc.weight"),
        (
            LITERAL.format("vgg11", 7),
            LITERAL.format("vgg11_bn", 7),
            7,
            "size mismatch for features.8.weight",
        ),
        (LITERAL.format("mnasnet0_5", 7), LITERAL.format("mnasnet1_0", 7), 7, "size mismatch for layers.0.weight"),
    ],
)
def test_a_checkpoint_of_another_model(saved: str, backbone: str, width: int, words: str, tmp_path: Path) -> None:
    """Load a checkpoint with `strict=False`, which ignores names that only one of the two has."""
    torch.save(build(saved).state_dict(), tmp_path / "a.pt")
    recipe = byol(backbone, width, checkpoint=str(tmp_path / "a.pt"))
    error = str(train(recipe).error or "")
    assert words in error
    assert bool(words) == bool(error)
    assert codes(recipe) == ({"SL109"} if words else set())


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ({"backbone": "resnet18"}, ""),
        ({"backbone": "resnet34"}, "must have the same number of tensors"),
        (
            {"backbone": "resnet50", "projection_head": "BYOLProjectionHead(2048, 12, 6)"},
            "must have the same number of tensors",
        ),
        ({"backbone": "torchvision.models.resnet18(num_classes=512)"}, "must have the same number of tensors"),
    ],
)
def test_a_target_of_another_model(target: dict[str, str], words: str) -> None:
    recipe = byol("resnet18", 512, target=target)
    error = str(train(recipe).error or "")
    assert words in error
    assert bool(words) == bool(error)
    assert codes(recipe) == ({"SL108"} if words else set())


def test_a_target_of_another_width_has_as_many_parameters_of_other_shapes() -> None:
    recipe = byol("resnet50", 2048, target={"backbone": "wide_resnet50_2"})
    assert "must match the size" in str(train(recipe).error)
    assert codes(recipe) == {"SL108"}


def test_a_stem_for_one_channel_broadcasts_into_one_for_three() -> None:
    """Models that only differ in their stem, whose weight (64, 1, 7, 7) broadcasts to the target's (64, 3, 7, 7)."""
    import timm
    from lightly.models.utils import update_momentum

    online, target = (timm.create_model("resnet18", num_classes=0, in_chans=channels) for channels in (1, 3))
    update_momentum(online, target, m=0.9)
    calls = [f"timm.create_model('resnet18', num_classes=0, in_chans={channels})" for channels in (1, 3)]
    text = f"""\
method: byol
input: [1, 64, 64]
backbone: {calls[0]}
projection_head: BYOLProjectionHead(512, 12, 6)
prediction_head: BYOLPredictionHead(6, 12, 6)
target:
  backbone: {calls[1]}
"""
    (model,) = analyse(Source("model.yaml", text), Options()).models
    (violation,) = (one for one in model.violations if one.rule.page.code == "SL208")
    assert "conv1.weight is (64, 3, 7, 7) in the target, (64, 1, 7, 7) online" in violation.message
