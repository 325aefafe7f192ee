"""The sizes of images that are put together, and the size of a batch that is not known."""

from __future__ import annotations

from shapelint.python.state.values import (
    Data,
    Size,
)
from shapelint.shapes import dims

BATCH = dims.symbol("B")


def together(pieces: list[Data]) -> tuple[Size, ...]:
    """The size of images that are joined to one batch; empty where it is not known, or not one."""
    sizes = [size for piece in pieces if (size := piece.size) is not None]
    alike = len({size.pixels for size in sizes}) == 1
    return (sizes[0],) if alike and len(sizes) == len(pieces) else ()
