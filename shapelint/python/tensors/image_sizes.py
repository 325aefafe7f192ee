"""Images from a data loader: their conversion to tensors, their joining, and the symbol for the batch size."""

from __future__ import annotations

from shapelint.chain.chain import Flow, Origin
from shapelint.common.frozen import replace
from shapelint.python.state.values import (
    Data,
    Size,
    Tensor,
)
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim
from shapelint.spec.spec import Step

BATCH = dims.symbol("B")
INPUT = Origin("input")


def together(pieces: list[Data]) -> tuple[Size, ...]:
    """Return the size of images that are joined to one batch; empty if it is unknown or they differ."""
    sizes = [size for piece in pieces if (size := piece.size) is not None]
    alike = len({size.pixels for size in sizes}) == 1
    return (sizes[0],) if alike and len(sizes) == len(pieces) else ()


def image(data: Data, channels: Dim = 3) -> Tensor:
    """Convert loader output to a tensor of images."""
    size = data.size or Size(dims.symbol("H"), dims.symbol("W"))
    seen = (Step(size.place, f"images are {size.height} x {size.width} here"),) if size.place else ()
    origin = replace(INPUT, place=size.place, steps=seen)
    return Tensor(Flow((data.rows, channels, size.height, size.width), (INPUT, INPUT, origin, origin), INPUT))
