"""Where each width comes from, and what a component is taken to give when its input is unknown or wrong."""

from __future__ import annotations

import pytest
from made_parts import B, chained, listed, made, origin, shown, unknown

from shapelint.chain.chain import Flow
from shapelint.resolve.resolved import Resolved
from shapelint.shapes.signatures import Misfit, Shape

CONVOLUTION = made("B i H W -> B o (H//2) (W//2)", i=3, o=8)
LINEAR = made("... i -> ... o", i=8, o=4)
NORM = made("B c ... -> B c ...", c=8)
RELU = made("... -> ...")
POOL = made("B c H W -> B c 1 1")
FLATTEN = made("B c H W -> B (c*H*W)")


def flowing(image: Shape = (B, 3, 32, 32), **components: Resolved) -> Flow:
    return chained(image, **components).links[-1].outgoing


def origins(flow: Flow) -> list[tuple[str, str]]:
    return [origin(one) for one in flow.origins]


def test_a_width_comes_from_the_argument_that_gave_it_through_all_that_passes_it_on() -> None:
    flow = flowing(backbone=CONVOLUTION, neck=RELU, head=NORM)
    assert origins(flow) == [("input", ""), ("backbone", "o"), ("backbone", ""), ("backbone", "")]
    assert flow.maker.role == "head"  # a norm may be refused, a ReLU is never to blame
    assert flowing(backbone=CONVOLUTION, neck=RELU).maker.role == "backbone"


def test_a_pooled_map_that_is_flattened_has_the_width_of_its_channels() -> None:
    flow = flowing(backbone=CONVOLUTION, neck=POOL, head=FLATTEN)
    assert flow.value == (B, 8)
    assert origins(flow) == [("input", ""), ("backbone", "o")]
    assert origins(flowing(backbone=CONVOLUTION, head=FLATTEN))[1] == ("head", "")


def test_a_linear_layer_gives_its_own_width_and_passes_on_the_axes_before_it() -> None:
    flow = flowing((B, 5, 8), backbone=made("B 5 8 -> B t d", t=5, d=8), head=LINEAR)
    assert origins(flow) == [("input", ""), ("backbone", "t"), ("head", "o")]


def test_the_same_argument_as_input_and_output_is_that_of_the_first_that_gives_it() -> None:
    norm = made("B c -> B c", c=8)
    assert origins(flowing((B, 8), backbone=norm)) == [("input", ""), ("backbone", "c")]
    chain = flowing((B, 3), backbone=made("B i -> B o", i=3, o=8), head=norm)
    assert origins(chain) == [("input", ""), ("backbone", "o")]


def test_several_outputs_have_no_origins_of_single_axes() -> None:
    flow = flowing(backbone=made("B 3 H W -> (B 8, B 4)"))
    assert (flow.origins, flow.maker.role) == ((), "backbone")


@pytest.mark.parametrize(
    ("component", "given"),
    [
        (LINEAR, "(B, 4)"),
        (RELU, "?"),
        (made("B c -> B c"), "?"),
        (CONVOLUTION, "(B, 8, ?, ?)"),
        (made("B 9 8 -> B 8"), "(B, 8)"),
        (made("B 9 8 -> B n 8"), "(B, ?, 8)"),
        (made("B 9 8 -> (B 8, B n 8)"), "tuple of (B, 8), (B, ?, 8)"),
        (made("B 8 -> (B 8, B 4) | B 8 L -> (B 8 L, B 4)"), "?"),
        (made("B 8 -> B ... 4"), "?"),
    ],
)
def test_after_an_unknown_input_it_is_what_the_declared_one_gives(component: Resolved, given: str) -> None:
    assert shown(chained(backbone=unknown(), head=component))[-1] == given


@pytest.mark.parametrize(
    ("layer", "given"),
    [
        (made("B 8 -> B 4 | B 8 L -> B 4 L"), "?"),
        (made("B 8 -> B 4 | B 8 1 -> B 4"), "(B, 4)"),
        (made("B 8 -> B 4 | 8 L M -> 4 L M"), "(B, 4)"),
        (made("B 8 -> B 4 | B 8 L -> (B 4 L, B 4)"), "(B, 4)"),
        (made("B 8 -> B L ... 4"), "?"),
        (made("B 8 -> B 4"), "(B, 4)"),
        (made("B 8 H W -> B 4 H W"), "(B, 4, ?, ?)"),
    ],
)
def test_how_many_axes_follow_an_unknown_layer_is_open_if_it_depends_on_them(layer: Resolved, given: str) -> None:
    """It does inside a backbone; a head is meant for vectors."""
    assert shown(chained(backbone=listed(unknown(), layer))) == [given]


def test_the_same_layer_in_a_head_after_an_unknown_backbone_gives_vectors() -> None:
    layer = made("B 8 -> B 4 | B 8 L -> B 4 L")
    assert shown(chained(backbone=unknown(), projection_head=layer)) == ["?", "(B, 4)"]
    assert shown(chained(backbone=unknown(), projection_head=listed(unknown(), layer))) == ["?", "(B, 4)"]


@pytest.mark.parametrize(
    ("image", "component", "given"),
    [
        ((B, 5, 16, 16), CONVOLUTION, "(B, 8, 8, 8)"),
        ((B, 5, 6), LINEAR, "(B, 5, 4)"),
        ((B, 5), CONVOLUTION, "(B, 8, ?, ?)"),
        ((7, 5), CONVOLUTION, "(7, 8, ?, ?)"),
        ((), CONVOLUTION, "(B, 8, ?, ?)"),
        ((B, 5, 6, 7), made("B 8 -> B 8"), "(B, 5, 6, 7)"),
        ((B, 5, 6, 7), made("B 8 -> B 4"), "(B, 4)"),
        ((7, 5, 6), made("B 8 -> (B 8, B n)"), "tuple of (7, 8), (7, ?)"),
        ((7, 5), made("B 8 -> (B 8, B n)"), "tuple of (7, 8), (7, ?)"),
        ((7, 5), made("n 8 -> (B 8, n 4)"), "tuple of (?, 8), (7, 4)"),
    ],
)
def test_after_a_wrong_input_the_axes_that_are_not_at_fault_are_kept(
    image: Shape, component: Resolved, given: str
) -> None:
    assert shown(chained(image, backbone=component)) == [given]


def test_what_follows_a_fault_comes_from_the_component_itself() -> None:
    flow = flowing((B, 5, 16, 16), backbone=CONVOLUTION)
    assert origins(flow) == [("backbone", ""), ("backbone", "o"), ("backbone", ""), ("backbone", "")]


def test_a_layer_of_any_axes_after_an_unknown_one_is_a_guess_within_the_component_only() -> None:
    guessed = flowing(backbone=listed(unknown(), LINEAR))
    assert guessed.value == (B, 4)
    assert guessed.guess is not None
    assert guessed.guess.component is not None
    assert guessed.guess.component.target == "lab.Lost"
    assert guessed.certain is None
    assert flowing(backbone=unknown(), head=LINEAR).guess is None
    assert flowing(backbone=listed(unknown(), made("B 8 -> B 4"))).guess is None
    assert flowing(backbone=listed(LINEAR, LINEAR)).guess is None


def test_nothing_is_concluded_from_a_guessed_number_of_axes() -> None:
    vectors, wrong = made("B 4 -> B 2"), made("... 5 -> ... 2")
    chain = chained(backbone=listed(unknown(), LINEAR, vectors))
    assert chain.links[0].edges[2].result is None
    assert chain.links[0].layers[1].output is None
    kept = chained(backbone=listed(unknown(), LINEAR, made("... 4 -> ... 2"))).links[0].edges[2]
    assert kept.result is not None
    found = chained(backbone=listed(unknown(), LINEAR, wrong)).links[0].edges[2].result
    assert (found.kind, found.expected, found.actual) == ("axis", 5, 4)  # type: ignore[union-attr]


def test_a_vector_without_a_batch_has_the_width_of_the_last_layer() -> None:
    flow = flowing((8,), backbone=LINEAR)
    assert (flow.value, origins(flow)) == ((4,), [("backbone", "o")])
    assert origins(flowing((B, 8), backbone=NORM, head=LINEAR)) == [("input", ""), ("head", "o")]


@pytest.mark.parametrize(
    ("role", "layer", "kind"),
    [
        ("backbone", made("B 5 -> B 2"), None),
        ("backbone", made("... 5 -> ... 2"), "axis"),
        ("backbone", made("B 5 L -> B 2 L"), None),
        ("projection_head", made("B 5 -> B 2"), "axis"),
        ("projection_head", made("B 5 L -> B 2 L"), None),
    ],
)
def test_after_a_guess_only_a_wrong_last_axis_is_reported(role: str, layer: Resolved, kind: str | None) -> None:
    """A head is meant for vectors; in a backbone, the layer may have had other axes before it."""
    edge = chained(**{role: listed(unknown(), LINEAR, layer)}).links[0].edges[2]  # type: ignore[arg-type]
    assert (edge.result.kind if isinstance(edge.result, Misfit) else None) == kind
