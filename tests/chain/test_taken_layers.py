"""Features from inside a backbone: what torch gives at that layer, and which names are known to be none."""

from __future__ import annotations

from functools import partial

import pytest
from made_parts import called, listed, made, unknown

from shapelint.chain import taken_layers
from shapelint.chain.taken_layers import Found
from shapelint.common.frozen import replace
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import signatures
from shapelint.shapes.signatures import Fit

RESNET = called("resnet18", "backbone")


def gives(component: Resolved, *image: int) -> str:
    """Return the shape of what a component gives for two images."""
    if component.signature is None:
        return component.reason
    result = signatures.unify(component.signature, (2, *image))
    assert isinstance(result, Fit)
    return signatures.format_shape(result.output)


@pytest.mark.parametrize(
    ("name", "layer", "size"),
    [
        ("resnet18", "layer3", 96),
        ("resnet18", "layer3.0", 64),
        ("resnet18", 0, 64),
        ("resnet18", -2, 64),
        ("resnet18", "avgpool", 64),
        ("vit_b_32", "encoder", 224),
        ("vit_b_32", "conv_proj", 224),
        ("vit_b_32", "encoder.layers", 224),
        ("squeezenet1_1", "features", 64),
        ("vgg11", 0, 64),
    ],
)
def test_a_layer_gives_what_torch_gives_there_flattened(name: str, layer: str | int, size: int) -> None:
    torch = pytest.importorskip("torch")
    torchvision = pytest.importorskip("torchvision")
    from shapelint.trace.meta import build

    module = build(partial(torchvision.models.get_model, name)).eval()
    found = dict(module.named_modules())[layer] if isinstance(layer, str) else list(module.children())[layer]
    seen = []
    found.register_forward_hook(lambda _, given, output: seen.append(output.flatten(1).shape))
    module(torch.zeros(2, 3, size, size, device="meta"))
    taken = taken_layers.taken_at(called(name, "backbone"), layer)
    assert gives(taken, 3, size, size) == signatures.format_shape(tuple(seen[0]))
    assert taken.weights is None  # those of the layers after it are not used


@pytest.mark.parametrize(
    ("layer", "found"),
    [
        ("layer3", Found(True, "layer3")),
        ("layer9", Found(False, "", "layer4")),
        ("layer3.7", Found(False, "", "layer3.1")),
        ("fully_connected", Found(False, "", "")),
        ("layer3.0.conv1", Found(None)),
        ("layer3.0.conv1.deeper", Found(None)),
        (0, Found(True, "conv1", "fc")),
        (9, Found(True, "fc", "fc")),
        (10, Found(False, "", "fc")),
        (-10, Found(True, "conv1", "fc")),
        (-11, Found(False, "", "fc")),
    ],
)
def test_a_layer_is_there_or_is_not_or_is_below_what_is_listed(layer: str | int, found: Found) -> None:
    pytest.importorskip("torchvision")
    assert taken_layers.find(RESNET, layer) == found
    if not found.exists:
        assert taken_layers.taken_at(RESNET, layer) is RESNET


def test_a_list_of_layers_ends_after_the_one_that_is_taken() -> None:
    whole = listed(made("B 3 H W -> B 8 H W"), made("B 8 H W -> B 4 (H//2) (W//2)"), made("B 4 H W -> B 2"))
    for layer in ("1", 1, -2):
        taken = taken_layers.taken_at(whole, layer)
        assert [str(one.signature) for one in taken.layers[:2]] == [str(one.signature) for one in whole.layers[:2]]
        assert [one.target for one in taken.layers[2:]] == ["torch.nn.Flatten"]
    assert taken_layers.layer_names(whole) == ["0", "1", "2"]
    assert taken_layers.find(whole, "1.conv") == Found(None)
    assert taken_layers.find(whole, "7").exists is False
    assert taken_layers.taken_at(whole, 3) is whole
    assert taken_layers.find(unknown(), "layer4") == Found(None)


STEM, BLOCK = "torch.nn.Conv2d: B 3 H W -> B 8 H W", "lab.Block: B 3 H W -> B 16 (H//2) (W//2)"


@pytest.mark.parametrize(
    ("parts", "given"),
    [
        ({"stem": STEM, "block": BLOCK, "pool": "torch.nn.AdaptiveAvgPool2d: B 3 H W -> B 16 1 1"}, "(2, 16, 4, 3)"),
        ({"stem": STEM, "block": BLOCK, "pool": "torch.nn.AdaptiveMaxPool2d: B 3 H W -> B 16 1 1"}, "(2, 16, 4, 3)"),
        ({"stem": STEM, "pool": "torch.nn.MaxPool2d: B 3 H W -> B 8 (H//2) (W//2)"}, "(2, 8, 4, 3)"),
        ({"stem": STEM, "block.conv": BLOCK, "fc": "torch.nn.Linear: B 3 H W -> B 16"}, "(2, 8, 8, 6)"),
        ({"stem": STEM, "mix": "lab.Tokens: B 3 H W -> B (H*W) 8", "map": BLOCK}, "(2, 8, 8, 6)"),
        ({"stem": STEM, "pair": "lab.Pair: B 3 H W -> (B 8, B 8)", "map": BLOCK}, "(2, 16, 4, 3)"),
        ({"fc": "torch.nn.Linear: B 3 H W -> B 16"}, "its last feature map is not known"),
        ({}, "its last feature map is not known"),
    ],
)
def test_the_last_map_is_the_one_before_pooling_and_vectors(parts: dict[str, str], given: str) -> None:
    found = taken_layers.last_map(made("B 3 H W -> B 16", parts=parts))
    assert gives(found, 3, 8, 6) == given
    assert (found.source == "unknown") == (found.template is None) == (not given.startswith("("))


@pytest.mark.parametrize(
    ("whole", "map_of", "given"),
    [
        ("B 3 H W -> B 16", "B H W 16", "its last feature map has its channels last"),
        ("B 3 H W -> B 16", "B 16 H W", "(2, 16, 8, 6)"),
        ("B 3 H W -> B 16", "B 16 16 16", "(2, 16, 16, 16)"),
        ("B 3 H W -> B 16", "B 16 5 16", "(2, 16, 5, 16)"),
        ("B 3 H W -> B 32", "B 8 H W", "(2, 8, 8, 6)"),
        ("B 3 H W -> B 16 H W", "B 16 H W", "(2, 16, 8, 6)"),
        ("B 3 H W -> B 16 5 6", "B 16 5 6", "(2, 16, 5, 6)"),
        ("B 3 H W -> (B 16, B 16)", "B H W 16", "(2, 8, 6, 16)"),
    ],
)
def test_channels_that_are_last_are_seen_by_what_the_whole_gives(whole: str, map_of: str, given: str) -> None:
    found = taken_layers.last_map(made(whole, parts={"block": f"lab.Block: B 3 H W -> {map_of}"}))
    assert gives(found, 3, 8, 6) == given


@pytest.mark.parametrize(
    ("name", "size", "given"),
    [
        ("vit_b_16", 224, "(2, 197, 768)"),
        ("resnet18", 64, "(2, 4, 512)"),
        ("swin_t", 64, "(2, 4, 768)"),
        ("timm/vit_tiny_patch16_224", 224, "(2, 197, 192)"),
        ("timm/resnet18", 96, "(2, 9, 512)"),
    ],
)
def test_the_tokens_of_a_library_model(name: str, size: int, given: str) -> None:
    assert gives(taken_layers.tokens(called(name, "backbone")), 3, size, size) == given


def test_what_gives_tokens_or_is_not_known_stays_as_it_is() -> None:
    for component in (listed(made("B 3 H W -> B 8")), unknown(), made("B 3 H W -> B 9 16")):
        assert taken_layers.tokens(component) is component
    other = taken_layers.tokens(made("B 3 H W -> B 16"))
    assert (other.signature, other.template, other.source) == (None, None, "unknown")
    assert other.reason == "the tokens of its last layer are not known"


@pytest.mark.parametrize("part", ["B 3 H W -> (B 8, B 4)", "B 3 H W -> B ...", "is not known", ""])
def test_of_a_layer_that_gives_no_single_tensor_of_known_axes_nothing_is_known(part: str) -> None:
    taken = taken_layers.taken_at(made("B 3 H W -> B 16", parts={"block": f"lab.Block: {part}"}), "block")
    assert (taken.signature, taken.template) == (None, None)


def test_tokens_that_are_taken_are_flattened_and_vectors_are_not() -> None:
    parts = {"mix": "lab.Mix: B 3 H W -> B 9 16", "fc": "torch.nn.Linear: B 3 H W -> B 12"}
    component = made("B 3 H W -> B 16", parts=parts)
    assert gives(taken_layers.taken_at(component, "mix"), 3, 8, 6) == "(2, 144)"
    assert gives(taken_layers.taken_at(component, "fc"), 3, 8, 6) == "(2, 12)"


def test_the_tokens_are_those_of_the_last_part_that_gives_some() -> None:
    parts = {name: f"lab.Block: B 3 H W -> {given}" for name, given in (("a", "B 9 16"), ("b", "B 5 32"), ("c", "B 8"))}
    component = made("B 3 H W -> B 8", parts=parts)
    named = replace(component, spec=replace(component.spec, spelling="name"))
    assert gives(taken_layers.tokens(named), 3, 8, 6) == "(2, 5, 32)"
    assert gives(taken_layers.tokens(component), 3, 8, 6) == "the tokens of its last layer are not known"
