"""What flows from one component to the next: what is compared, and what is left open."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
from made_parts import B, IMAGE, chained, listed, made, shown, unknown

from shapelint.chain.chain import Edge
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
    image = (B, *[6] * (rank - 1))
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
