"""What the rules are told of an edge: whether axes, sizes, channels and the batch fit, and who is at either end."""

from __future__ import annotations

from typing import Any

import pytest
from made_parts import B, called, chained, listed, made

from shapelint.chain.chain import Flow, Origin
from shapelint.common.frozen import replace
from shapelint.judge import torch_errors
from shapelint.judge.edge_facts import edge_facts
from shapelint.judge.facts import EdgeFacts
from shapelint.judge.link_checks import are_alike, flow_is_known
from shapelint.linting.analyse import analyse
from shapelint.resolve.options import Options
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import dims
from shapelint.shapes.signatures import Shape
from shapelint.text.source import Source

H, W = dims.symbol("H"), dims.symbol("W")
(ANALYSED,) = analyse(Source("model.yaml", "method: byol\nbackbone: resnet18\n"), Options()).models
LINEAR = made("... i -> ... o", i=8, o=4)


def facts(image: Shape = (B, 3, 32, 32), **components: Resolved) -> EdgeFacts:
    """Return the facts of the last edge of a chain; the image of the open chain has any size."""
    left_open: Any = (*image[:2], H, W) if len(image) == 4 else image
    edges = (chained(one, **components).links[-1].edges[-1] for one in (image, left_open))  # type: ignore[arg-type]
    return edge_facts(*edges, ANALYSED.model)


FITS = {
    "fits": True,
    "axes_fit": True,
    "size_fits": True,
    "batch_fits": True,
    "channels_fit": True,
    "is_one_tensor": True,
}


@pytest.mark.parametrize(
    ("shapes", "image", "changed"),
    [
        ("B 3 H W -> B 8", (B, 3, 32, 32), {}),
        ("B 3 H W -> B 8", (B, 4, 32, 32), {"fits": False, "channels_fit": False}),
        ("B 3 32 32 -> B 8", (B, 3, 30, 32), {"fits": False, "size_fits": False}),
        ("B 3 32 32 -> B 8", (B, 3, 32, 30), {"fits": False, "size_fits": False}),
        ("B 3 H W -> B 8 where H > 40", (B, 3, 32, 32), {"fits": False, "size_fits": False}),
        ("B 3 H W -> B 8 where B*H > 32", (1, 3, 32, 32), {"fits": False, "batch_fits": False}),
        ("B 3 H W -> B 8", (B, 3), {"fits": False, "axes_fit": False}),
        ("B 3 32 H -> B 8", (B, 3, H, 32), {"fits": None}),
    ],
)
def test_what_does_not_fit_is_the_channels_the_size_the_batch_or_the_number_of_axes(
    shapes: str, image: Shape, changed: dict[str, bool | None]
) -> None:
    found = facts(image, backbone=made(shapes))
    assert {name: getattr(found, name) for name in FITS} == {**FITS, **changed}


def test_a_wrong_axis_of_tokens_is_no_size_of_images_and_no_channels() -> None:
    found = facts((B, 9, 6), projection_head=made("B 9 8 -> B 4", dense=True))
    assert (found.fits, found.size_fits, found.channels_fit) == (False, True, True)
    later = facts(backbone=made("B 3 H W -> B 6 H W"), neck=made("B 8 H W -> B 4"))
    assert (later.fits, later.channels_fit, later.size_fits) == (False, True, True)


def test_the_two_ends_are_named_with_what_they_are() -> None:
    found = facts(backbone=made("B 3 H W -> B 6"), projection_head=LINEAR)
    consumer, producer = found.consumer, found.producer
    assert (consumer.role, consumer.name, consumer.component) == ("projection_head", "projection_head", "Part")
    assert (consumer.is_head, consumer.is_backbone, consumer.is_dense) == (True, False, False)
    assert (producer.role, producer.component, producer.is_backbone) == ("backbone", "Part", True)
    assert (consumer.input.features, consumer.input.axes, consumer.input.shape) == (8, 2, "(B, 8)")
    assert (producer.output.features, producer.output.axes, producer.output.shape) == (6, 2, "(B, 6)")
    assert (found.inside, found.counted) == (False, "features")
    first = facts(backbone=made("B 3 H W -> B 6", dense=True))
    assert (first.consumer.is_head, first.consumer.is_backbone, first.consumer.is_dense) == (False, True, True)
    assert (first.producer.role, first.producer.name, first.producer.is_backbone) == ("input", "the input", False)
    assert first.producer.component == ""


def test_a_consumer_takes_what_comes_in_if_it_fits_and_otherwise_what_it_is_made_for() -> None:
    backbone = made("B 3 H W -> B 6")
    for head, features in (("... i -> ... o", 6), ("... -> ... o", 6), ("B H i -> B o", 8), ("B H W -> B o", None)):
        found = facts(backbone=backbone, projection_head=made(head, i=8 if "H" in head else 6, o=4))
        assert found.consumer.input.features == features


def test_two_layers_of_a_list_are_named_by_their_place_and_class() -> None:
    found = facts(backbone=listed(made("B 3 H W -> B 6"), LINEAR))
    assert found.inside
    assert (found.consumer.name, found.producer.name) == ("backbone layer 1 (Part)", "Part")


@pytest.mark.parametrize(
    ("body", "depends", "sizes"),
    [
        ("B 3 H W -> B (H*W)", True, "at square images of 4 pixels only"),
        ("B 3 H W -> B (H//4)", True, "at square images of 64 to 67 pixels only"),
        ("B 3 H W -> B (W//4)", True, "at square images of 64 to 67 pixels only"),
        ("B 3 H W -> B (H*W*1000)", True, "at no square image up to 1024 pixels"),
        ("B 3 H W -> B (H*W*16)", True, "at square images of 1 pixels only"),
        ("B 3 H W -> B (H//1024*16)", True, "at square images of 1024 pixels only"),
        ("B 3 H W -> B 16", False, ""),
        ("B 3 H W -> B H 16", False, ""),
    ],
)
def test_a_width_that_depends_on_the_size_says_at_which_sizes_it_fits(body: str, depends: bool, sizes: str) -> None:
    found = facts(backbone=made(body), projection_head=made("... i -> ... o", i=16, o=4))
    assert (found.width_depends_on_size, found.fitting_sizes) == (depends, sizes)
    assert found.image_size_is_open  # that of the model, which says nothing of its images
    height = replace(ANALYSED.model.input, height=32)
    for one, is_open in ((height, True), (replace(height, width=32), False)):
        edge = chained(backbone=made(body)).links[0].edges[0]
        assert edge_facts(edge, edge, replace(ANALYSED.model, input=one)).image_size_is_open is is_open


def test_a_head_is_first_to_get_more_axes_than_it_is_made_for() -> None:
    tokens = made("B 3 H W -> B 9 8")
    assert facts(backbone=tokens, projection_head=LINEAR).extra_axes
    assert not facts(backbone=tokens, projection_head=made("... i -> ... o", dense=True, i=8, o=4)).extra_axes
    assert not facts(backbone=tokens, projection_head=LINEAR, prediction_head=made("... 4 -> ... 4")).extra_axes
    assert not facts(backbone=made("B 3 H W -> B 8"), projection_head=LINEAR).extra_axes
    assert not facts(backbone=listed(tokens, LINEAR)).extra_axes
    assert not facts(backbone=made("... 32 -> ... 8")).extra_axes
    assert not facts(**{"": made("... 32 -> ... 8")}).extra_axes  # type: ignore[arg-type]


def test_the_code_itself_is_no_head() -> None:
    found = facts((B, 6), **{"": LINEAR})  # type: ignore[arg-type]
    assert (found.consumer.is_head, found.consumer.is_backbone) == (False, False)


@pytest.mark.parametrize(
    ("shapes", "alike"),
    [
        ([(B, 4, 8), (B, 5, 8)], True),
        ([(B, 8), (B, 8, 8)], True),
        ([(B, 8), (B, 6)], False),
        ([(B, 8)], True),
        ([(8, 4), (8, 5)], False),
        ([(B, 8), ()], False),
    ],
)
def test_tensors_are_alike_if_their_last_axes_are(shapes: list[Shape], alike: bool) -> None:
    flows = [Flow(shape, (), Origin("input")) for shape in shapes]
    assert are_alike(flows) is alike
    assert not are_alike([*flows, None])
    assert [flow_is_known(flow) for flow in flows] == [bool(shape) for shape in shapes]
    assert not flow_is_known(Flow((B, dims.UNKNOWN_DIM), (), Origin("input")))


def test_a_head_on_the_input_gets_extra_axes_as_well() -> None:
    assert facts((B, 9, 8), projection_head=LINEAR).extra_axes


def test_the_words_of_torch_have_both_numbers_or_are_left_out() -> None:
    layer = called("Linear(8, 4)")
    assert torch_errors.text(layer, 8, 6).endswith('cannot be multiplied (Bx6 and 8x4)"')
    assert torch_errors.text(layer, None, 6) == torch_errors.text(layer, 8, None) == ""
    assert torch_errors.text(called("LayerNorm(8)"), 8, 6) == ""  # whose words have other numbers
