"""What flows from one component to the next: what is compared, and what is left open."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
from made_parts import IMAGE, B, chained, listed, made, shown, unknown

from shapelint.chain.chain import Edge
from shapelint.common.frozen import replace
from shapelint.linting.lint_paths import lint_text
from shapelint.resolve.resolved import Resolved
from shapelint.settings.settings import Settings
from shapelint.shapes.signatures import Fit, Misfit, Shape
from shapelint.text.source import Source

LINEAR = made("... i -> ... o", i=8, o=4)


def last_edge(image: Shape = IMAGE, **components: Resolved) -> Edge:
    return chained(image, **components).links[-1].edges[-1]


def misfit(edge: Edge) -> tuple[str, Any, Any]:
    assert isinstance(edge.result, Misfit)
    return edge.result.kind, edge.result.expected, edge.result.actual


def test_several_outputs_do_not_go_into_a_layer_of_one() -> None:
    chain = chained(backbone=made("B 3 H W -> (B 8, B 4)"), head=LINEAR)
    edge = chain.links[-1].edges[0]
    assert misfit(edge)[0] == "arity"
    assert shown(chain) == ["tuple of (B, 8), (B, 4)", "(B, 4)"]
    assert edge.producer.role == "backbone"


@pytest.mark.parametrize(
    ("role", "rank", "blamed"),
    [
        ("backbone", 3, "axis"),
        ("", 3, "axis"),
        ("projection_head", 3, "rank"),
        ("backbone", 4, "rank"),
        ("projection_head", 4, "rank"),
    ],
)
def test_a_linear_layer_on_tokens_is_meant_for_them_inside_a_backbone_alone(role: str, rank: int, blamed: str) -> None:
    image: Shape = (B, *[6] * (rank - 1))
    assert misfit(last_edge(image, **{role: LINEAR}))[0] == blamed


def test_a_scalar_flows_through_what_takes_any_number_of_axes() -> None:
    mean = made("B 3 H W -> ")
    chain = chained(backbone=mean, projection_head=listed(made("... -> ..."), LINEAR))
    assert shown(chain) == ["()", "(B, 4)"]
    first, second = chain.links[-1].edges
    assert isinstance(first.result, Fit)
    assert misfit(second) == ("rank", 1, 0)


SCALARS = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Flatten(), nn.Linear(48, 512))
        self.head = {head}

    def forward(self, x):
        return self.head(self.backbone(x).mean())


Net()(torch.rand(2, 3, 4, 4))
"""


@pytest.mark.parametrize(
    ("head", "codes"),
    [("nn.ReLU()", []), ("nn.Sequential(nn.Dropout(0.5), nn.Linear(512, 64))", ["SL102"])],
)
def test_what_is_said_of_a_layer_on_a_scalar_is_what_torch_does(head: str, codes: list[str]) -> None:
    pytest.importorskip("torch")
    text = SCALARS.format(head=head)
    with pytest.raises(RuntimeError, match="need to be at least 1D") if codes else nullcontext():
        exec(compile(text, "net.py", "exec"), {"__name__": "net"})
    report = lint_text(Source("net.py", text), Settings(isolated=True))
    assert report.problem == ""
    assert [finding.code for finding in report.findings] == codes


def test_an_unknown_layer_leaves_open_what_a_layer_of_any_axes_gives() -> None:
    chain = chained(backbone=listed(unknown(), made("... -> ...")), head=LINEAR)
    assert shown(chain) == ["?", "(B, 4)"]
    relu = chain.links[0].edges[1]
    assert relu.result is None
    assert relu.producer.component is not None
    assert relu.producer.component.target == "lab.Lost"


@pytest.mark.parametrize(
    ("shapes", "image", "refused", "result"),
    [
        ("B 3 224 224 -> B 8", (B, 3, 32, 24), None, None),
        ("B 3 224 224 -> B 8", (B, 3, 32, 24), (32, 24), "axis"),
        ("B 3 224 224 -> B 8", (B, 3, 32, 24), (24, 32), None),
        ("B 3 224 224 -> B 8", (B, 3, 224, 24), (224, 24), "axis"),
        ("B 3 224 224 -> B 8", (B, 4, 224, 224), None, "axis"),
        ("B 3 224 224 -> B 8", (B, 3, 224), None, "rank"),
        ("B 3 H W -> B 8 where H > 40", (B, 3, 32, 32), None, None),
        ("B 3 H W -> B 8 where H > 40", (B, 3, 32, 32), (32, 32), "condition"),
    ],
)
def test_of_a_size_that_was_never_tried_nothing_is_known(
    shapes: str, image: Shape, refused: tuple[int, int] | None, result: str | None
) -> None:
    part = made(shapes)
    assert part.row is not None
    tried = replace(part, row=part.row.changed(listed=True), refused=refused)
    edge = last_edge(image, backbone=tried)
    found = edge.result
    assert (found.kind if isinstance(found, Misfit) else found) == result
    if result is None:
        assert shown(chained(image, backbone=tried)) == ["?"]
        assert isinstance(last_edge(image, backbone=part).result, Misfit)


@pytest.mark.parametrize(
    ("tokens", "width", "kind"),
    [
        ((B, 9, 6), 8, "axis"),  # neither the tokens nor their number fit: a chosen token would not either
        ((B, 8, 6), 8, "rank"),
        ((B, B, 6), 8, "axis"),
        ((B, 9, B), 8, "rank"),
        ((B, 9, 8), 8, "fits"),
    ],
)
def test_a_head_on_tokens_of_another_width_is_blamed_for_the_width(tokens: Shape, width: int, kind: str) -> None:
    given = made(f"B 3 H W -> {' '.join(map(str, tokens))}", d=tokens[-1])
    found = last_edge(backbone=given, projection_head=made("... i -> ... o", i=width, o=4)).result
    assert (found.kind if isinstance(found, Misfit) else "fits") == kind


def test_the_input_of_a_role_after_a_gap_is_not_known() -> None:
    parts = {"backbone": made("B 3 H W -> B 8"), "prediction_head": made("B 6 -> B 4")}
    assert misfit(chained(**parts).links[1].edges[0]) == ("axis", 6, 8)
    edge = chained(after_a_gap=("prediction_head",), **parts).links[1].edges[0]
    assert edge.result is None
    assert edge.producer.role == "input"


def test_a_dense_head_takes_maps_and_another_vectors() -> None:
    for dense, kinds in ((True, "axis"), (False, "rank")):
        head = made("... i -> ... o", dense=dense, i=8, o=4)
        assert misfit(last_edge((B, 6, 6), projection_head=head))[0] == kinds
    assert misfit(last_edge((B, 6, 6, 6), projection_head=LINEAR)) == ("rank", 2, 4)


def test_the_alternative_at_fault_names_its_own_argument() -> None:
    both = made("B 3 H W -> B 8 | B w -> B 8", w=5)
    edge = last_edge((B, 6), backbone=both)
    assert (edge.consumer.parameter, edge.producer.role) == ("w", "input")
    assert misfit(edge) == ("axis", 5, 6)


def test_a_head_that_declares_tokens_is_given_tokens() -> None:
    assert misfit(last_edge((B, 6, 6), projection_head=made("B i L -> B o L", i=8, o=4))) == ("axis", 8, 6)
    assert misfit(last_edge((B, 6, 6), projection_head=made("... L i -> ... L o", i=8, o=4))) == ("axis", 8, 6)
