"""A map that is smaller than a kernel is refused on meta as on a CPU, with every version of torch."""

from __future__ import annotations

import copy

import pytest
from torch import nn

from shapelint.trace.meta import runs

LAYERS = {
    "one axis": (nn.Conv1d(3, 8, 7), 7),
    "two axes": (nn.Conv2d(3, 8, 7, padding=1), 5),
    "dilated": (nn.Conv2d(3, 8, 3, dilation=4), 9),
    "three axes": (nn.Conv3d(3, 8, 3), 3),
    "grouped": (nn.Conv2d(4, 8, 5, groups=2), 5),
}
"""Layers, each with the smallest size of a map that it takes."""


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_map_that_is_too_small(name: str, missing: int) -> None:
    layer, smallest = LAYERS[name]
    axes = layer.weight.dim() - 2
    shape = (2, layer.in_channels, *[smallest - missing] * axes)
    expected = missing == 0
    assert runs(copy.deepcopy(layer), shape, device="cpu") is expected
    assert runs(copy.deepcopy(layer).to("meta"), shape) is expected


def test_a_map_that_is_empty_already_stays_empty() -> None:
    """A CPU takes no images, too, as long as their size fits."""
    layer = nn.Conv2d(3, 8, 3)
    shape = (0, 3, 8, 8)
    assert runs(layer, shape, device="cpu")
    assert runs(layer.to("meta"), shape)
