"""The table of known models says of each what its signature says."""

from __future__ import annotations

import pytest

from shapelint.resolve.options import Options
from shapelint.resolve.resolver import resolve
from shapelint.shapes.notation import Pattern
from shapelint.signatures.known_models import UNWRITTEN, known_models
from shapelint.spec.spec import ComponentSpec

MODELS = {model.name: model for model in known_models()}


def test_both_libraries_are_in_it() -> None:
    assert {name.partition("/")[0] for name in MODELS} == {"torchvision", "timm"}
    assert len(MODELS) > 500


@pytest.mark.parametrize("name", [name for index, name in enumerate(MODELS) if index % 40 == 0])
def test_the_width_is_that_of_the_resolved_model(name: str) -> None:
    resolved = resolve(ComponentSpec("name", name, UNWRITTEN, UNWRITTEN), "backbone", Options())
    assert resolved.signature is not None
    output = resolved.signature.alternatives[0].output
    assert isinstance(output, Pattern)
    assert MODELS[name].width in output.axes[1:]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("resnet5", {"torchvision/resnet50", "torchvision/wide_resnet50_2", "timm/resnet50", "timm/resnet50d"}),
        ("vit_?_16", {"torchvision/vit_b_16", "torchvision/vit_l_16"}),
        ("torchvision/*net121", {"torchvision/densenet121"}),
    ],
)
def test_names_are_searched_by_a_part_or_a_pattern(pattern: str, names: set[str]) -> None:
    found = {model.name for model in known_models(pattern)}
    assert names <= found
    assert len(found) < 40


def test_models_are_searched_by_width() -> None:
    wide = {model.name for model in known_models(width=384)}
    assert "timm/vit_small_patch16_224" in wide
    assert wide == {name for name, model in MODELS.items() if model.width == 384}
