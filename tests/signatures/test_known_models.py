"""The table of known models says of each what its signature says."""

from __future__ import annotations

import known_features
import pytest

from shapelint.resolve.options import Options
from shapelint.resolve.resolver import resolve
from shapelint.shapes.notation import Pattern
from shapelint.signatures.known_models import UNWRITTEN, known_models
from shapelint.spec.spec import ComponentSpec

MODELS = {model.name: model for model in known_models()}
SIGNED = [name for name in MODELS if name.startswith(("timm/", "torchvision/"))]
INTERPRETED = {one.name: one for one in known_features.every()}


def test_every_library_is_in_it() -> None:
    libraries = {"efficientnet_pytorch", "monai", "open_clip", "segmentation_models_pytorch", "timm", "torch.hub"}
    assert {name.partition("/")[0] for name in MODELS} == {*libraries, "torchvision", "transformers", "ultralytics"}
    assert len(MODELS) > 2000


@pytest.mark.parametrize("name", [name for index, name in enumerate(SIGNED) if index % 40 == 0])
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
    assert len(found) < 80


def test_models_are_searched_by_width() -> None:
    wide = {model.name for model in known_models(width=384)}
    assert "timm/vit_small_patch16_224" in wide
    assert wide == {name for name, model in MODELS.items() if model.width == 384}


def test_models_without_a_signature_are_all_in_it() -> None:
    """Except for those the width of whose features is not known."""
    listed = [name for name in MODELS if name in INTERPRETED]
    assert listed == [name for name in MODELS if name not in SIGNED]
    assert len(INTERPRETED) - len(listed) < 30


@pytest.mark.parametrize("name", [name for index, name in enumerate(INTERPRETED) if index % 20 == 0])
def test_the_features_are_those_that_a_script_gets(name: str) -> None:
    model = MODELS.get(name)
    expected = f"{model.name}\t{model.width}\t{model.shapes}" if model is not None else None
    assert INTERPRETED[name].line() == expected
