"""A part that was traced with a map of one size, behind an input of which no size is known: its features are known."""

from __future__ import annotations

import pytest

from shapelint.chain.chain import Flow, Origin
from shapelint.common.frozen import replace
from shapelint.python.libraries.torch import parts
from shapelint.python.state.values import Component
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import dims, notation
from shapelint.spec.spec import ComponentSpec
from shapelint.text.source import Span

SPEC = ComponentSpec("call", "torch.nn.Sequential", Span(0, 0), Span(0, 0), note="part stages")


def output(text: str, kind: str, value: tuple[dims.Dim, ...] | None) -> str:
    """Return the output that a part of these shapes is said to have on an input."""
    signature = notation.parse_signature(text)
    resolved = Resolved(replace(SPEC, target=kind), kind, "traced", signature, signature)
    part = Component(spec=SPEC, part_of=Component(spec=SPEC))
    found = parts.rebased(part, resolved, Flow(value, (), Origin("input"))).signature
    assert found is not None
    return str(found.alternatives[0].output)


@pytest.mark.parametrize(("kind", "shapes", "known"), [
    ("torch.nn.Sequential", "B 256 14 14 -> B 512 7 7", "B 512 ? ?"),
    ("torch.nn.Sequential", "B 14 14 192 -> B 7 7 384", "B ? ? 384"),
    ("torch.nn.Sequential", "B 14 20 192 -> B 7 10 384", "B ? ? ?"),
    ("timm.models.vision_transformer.Block", "B 197 192 -> B 197 192", "B ? 192"),
    ("torch.nn.Conv1d", "B 64 100 -> B 128 50", "B 128 ?"),
    ("torch.nn.Flatten", "B 512 7 7 -> B 25088", "B ?"),
    ("timm.layers.ClassifierHead", "B 512 7 7 -> B 512", "B 512"),
    ("timm.layers.ClassifierHead", "B 512 7 7 -> B 1000", "B 1000"),
    ("timm.layers.ClassifierHead", "B 4096 1 1 -> B 4096", "B 4096"),
    ("torch.nn.AdaptiveAvgPool2d", "B 512 (H//32) (W//32) -> B 512 7 7", "B 512 7 7"),
    ("torch.nn.BatchNorm1d", "B 512 -> B 512", "B 512"),
])  # fmt: skip
def test_what_does_not_depend_on_the_size_is_known(kind: str, shapes: str, known: str) -> None:
    assert output(shapes, kind, None) == known


@pytest.mark.parametrize(("size", "known"), [(dims.UNKNOWN_DIM, "B 512 ? ?"), (14, "B 512 7 7")])
def test_sizes_are_known_behind_the_map_that_was_traced(size: dims.Dim, known: str) -> None:
    assert output("B 256 14 14 -> B 512 7 7", "torch.nn.Sequential", (2, 256, size, 14)) == known
