"""The rows of `rules/timm_models.tsv` compared with the installed timm, and the signatures that are made of them."""

from __future__ import annotations

from typing import Any

import pytest

from shapelint.knowledge import timm_rows
from shapelint.shapes import notation, signatures
from shapelint.shapes.signatures import Fit
from shapelint.signatures import timm_signatures
from shapelint.spec.spec import Argument, ComponentSpec
from shapelint.text.source import Span

torch = pytest.importorskip("torch")
timm = pytest.importorskip("timm")

NOWHERE = Span(0, 0)
SAMPLE = (*timm_rows.names()[7::97], "swin_tiny_patch4_window7_224", "mambaout_femto")
WAYS: list[dict[str, Any]] = [
    {"num_classes": 0},
    {},
    {"num_classes": 7, "in_chans": 1},
    {"num_classes": 0, "global_pool": ""},
    {"features_only": True},
    {"features_only": True, "out_indices": (1, 2)},
]


def created(name: str, **arguments: Any) -> ComponentSpec:
    keywords = tuple((key, Argument(value, NOWHERE, NOWHERE)) for key, value in arguments.items())
    return ComponentSpec("call", "timm.create_model", NOWHERE, NOWHERE, (Argument(name, NOWHERE, NOWHERE),), keywords)


def shapes_of(spec: ComponentSpec, method: str = "forward") -> str:
    found = timm_signatures.find(spec, spec.target, method)
    return found[1].rows[0].shapes if found else ""


def expected(spec: ComponentSpec, size: tuple[int, int], channels: int = 3) -> Any:
    """Return what the signature of a model gives for two images, None if there is none or they do not fit."""
    found = timm_signatures.find(spec, spec.target)
    if found is None:
        return None
    given = {name: argument.value for name, argument in spec.keywords}
    values = {"num_classes": timm.get_pretrained_cfg(spec.positional[0].value).num_classes, "in_chans": 3, **given}
    signature = signatures.substitute(notation.parse_signature(found[1].rows[0].shapes), values)
    result = signatures.unify(signature, (2, channels, *size))
    return result.output if isinstance(result, Fit) else None


def real_shapes(name: str, size: tuple[int, int], channels: int, arguments: dict[str, Any]) -> Any:
    with torch.device("meta"):
        model = timm.create_model(name, **arguments).eval()
        output = model(torch.zeros(2, channels, *size))
    return tuple(output.shape) if isinstance(output, torch.Tensor) else [tuple(one.shape) for one in output]


def test_the_rows_are_those_of_the_installed_version_and_name_its_models() -> None:
    assert set(timm_rows.names()) <= set(timm.list_models())
    assert list(timm_rows.names()) == sorted(timm_rows.names())


@pytest.mark.parametrize("name", SAMPLE)
def test_a_model_gives_what_its_row_says(name: str) -> None:
    if timm.__version__ != timm_rows.version():
        pytest.skip("the rows were measured with another version")
    height, width = timm.get_pretrained_cfg(name).input_size[1:]
    checked = 0
    for arguments in WAYS:
        channels = arguments.get("in_chans", 3)
        given = expected(created(name, **arguments), (height, width), channels)
        if given is not None:
            real = real_shapes(name, (height, width), channels, arguments)
            told = [tuple(one) for one in given.elements] if isinstance(real, list) else tuple(given)
            assert told == real, arguments
            checked += 1
    assert checked


def test_a_pooling_that_widens_the_output_is_not_taken_for_the_usual_one() -> None:
    assert shapes_of(created("resnet18", num_classes=0, global_pool="avg"))
    assert shapes_of(created("resnet18", num_classes=0, global_pool="catavgmax")) == ""


def test_an_argument_that_is_not_known_leaves_the_model_unknown() -> None:
    found = timm_signatures.find(created("resnet18", num_classes=0, output_stride=8), "timm.create_model")
    assert found is not None
    assert "output_stride" in [parameter.name for parameter in found[1].parameters]
    assert "output_stride" not in found[1].inert


@pytest.mark.parametrize(
    "written", ["hf-hub:timm/resnet18.a1_in1k", "hf_hub:timm/resnet18.a1_in1k", "resnet18.a1_in1k"]
)
def test_names_of_weights_are_names_of_models(written: str) -> None:
    assert shapes_of(created(written, num_classes=0)).startswith("B in_chans H W -> B 512")


def test_weights_that_do_not_exist_name_no_model() -> None:
    assert shapes_of(created("resnet18.nobody_in1k", num_classes=0)) == ""
    assert shapes_of(created("hf-hub:somebody/resnet18", num_classes=0)) == ""


def test_features_before_a_head_that_widens_them() -> None:
    spec = created("mobilenetv3_small_100", num_classes=0)
    with torch.device("meta"):
        model = timm.create_model("mobilenetv3_small_100", num_classes=0).eval()
        features, whole = model.forward_features(torch.zeros(2, 3, 64, 96)), model(torch.zeros(2, 3, 64, 96))
    signature = notation.parse_signature(shapes_of(spec, "forward_features"))
    result = signatures.unify(signatures.substitute(signature, {"in_chans": 3}), (2, 3, 64, 96))
    assert isinstance(result, Fit)
    assert (tuple(result.output), expected(spec, (64, 96))) == (tuple(features.shape), tuple(whole.shape))


RESIZED = [
    ("vit_small_patch14_dinov2", 224),
    ("vit_base_patch14_reg4_dinov2", 126),
    ("deit_tiny_patch16_224", 100),
    ("beit_base_patch16_224", 192),
]


@pytest.mark.parametrize(("name", "side"), RESIZED)
def test_a_model_built_for_images_of_another_size_takes_these_alone(name: str, side: int) -> None:
    if timm.__version__ != timm_rows.version():
        pytest.skip("the rows were measured with another version")
    ways: list[dict[str, Any]] = [{"num_classes": 0}, {"num_classes": 0, "global_pool": ""}, {"num_classes": 9}]
    for more in ways:
        spec = created(name, img_size=side, **more)
        assert tuple(expected(spec, (side, side))) == real_shapes(name, (side, side), 3, {"img_size": side, **more})
        height, width = timm.get_pretrained_cfg(name).input_size[1:]
        assert expected(spec, (height, width)) is None
        with pytest.raises(AssertionError, match="doesn't match model"):
            real_shapes(name, (height, width), 3, {"img_size": side, **more})


def test_a_size_that_was_not_measured_leaves_the_model_unknown() -> None:
    for size in (4, 100_000, (98, 112), "224"):
        assert not shapes_of(created("vit_small_patch14_dinov2", num_classes=0, img_size=size))
    assert (
        shapes_of(created("vit_small_patch14_dinov2", num_classes=0, img_size=(98, 98))) == "B in_chans 98 98 -> B 384"
    )


def parts_of(spec: ComponentSpec) -> list[str]:
    found = timm_signatures.find(spec, spec.target)
    assert found is not None
    return list(found[1].rows[0].parts)


def test_the_parts_are_those_of_the_size_that_was_measured() -> None:
    """The children of a model that is built for images of another size have other shapes."""
    assert parts_of(created("botnet26t_256", img_size=256))[0] == "stem"
    assert parts_of(created("botnet26t_256", img_size=128)) == ["head.fc"]
    assert parts_of(created("botnet26t_256", img_size=128, num_classes=0)) == []
