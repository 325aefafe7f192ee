"""The primitives of `rules/torch_operations.yaml` that give several tensors: parts of one, or two of one shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Union

from shapelint.common.frozen import frozen
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors.axes import Axes
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim

MAXIMUM_PIECES = 64


@frozen
class Pieces:
    """Several tensors: `each` in order, or an unknown number of them with the shape `rest`."""

    each: tuple[Axes | None, ...] = ()
    rest: Axes | None = None


Result = Union[Axes, Pieces, None]
"""The result of a primitive; None if it is unknown, or torch would raise an error."""


def split(axes: Axes, sizes: Dim | Sequence[Dim], axis: int | None) -> Pieces | None:
    """Split into pieces of one size, the last of which may be smaller, or of several sizes."""
    place = None if axis is None else ax.position(axis, len(axes))
    if place is None:
        return None
    if not isinstance(sizes, Sequence):
        sizes_or_none = _piece_sizes(axes[place].size, sizes)
        if sizes_or_none is None:
            exact = ax.divided(axes[place].size, sizes) is not None
            return Pieces(rest=ax.resized(axes, place, sizes if exact else dims.UNKNOWN_DIM))
        sizes = sizes_or_none
    total: Dim = 0
    for size in sizes:
        total = total + size
    if dims.equal(total, axes[place].size) is False:
        sizes = [dims.UNKNOWN_DIM] * len(sizes)
    return Pieces(tuple(ax.resized(axes, place, size) for size in sizes))


def _piece_sizes(whole: Dim, size: Dim) -> list[Dim] | None:
    """Return the sizes of the pieces of a whole; None if there are too many, or their number is unknown."""
    if isinstance(whole, int) and isinstance(size, int) and size > 0:
        count, left = divmod(whole, size)
        sizes: list[Dim] = [*[size] * count, *([left] if left else [])] if count <= MAXIMUM_PIECES else []
        return sizes or None
    quotient = ax.divided(whole, size)
    return [size] * quotient if isinstance(quotient, int) and quotient <= MAXIMUM_PIECES else None


def chunk(axes: Axes, count: Dim, axis: int | None) -> Pieces | None:
    """Split into at most `count` pieces, each of the size of the whole divided by `count`, rounded up."""
    place = None if axis is None else ax.position(axis, len(axes))
    if place is not None and isinstance(whole := axes[place].size, int) and isinstance(count, int) and count > 0:
        return split(axes, max(1, -(-whole // count)), axis)
    return sections(axes, count, axis)


def sections(axes: Axes, count: Dim | Sequence[Dim], axis: int | None) -> Pieces | None:
    """Split into `count` pieces, the first of which may be larger by one."""
    place = None if axis is None else ax.position(axis, len(axes))
    if place is None:
        return None
    if not isinstance(count, int) or not 0 < count <= MAXIMUM_PIECES:
        size = dims.UNKNOWN_DIM if isinstance(count, Sequence) else ax.divided(axes[place].size, count)
        return Pieces(rest=ax.resized(axes, place, dims.UNKNOWN_DIM if size is None else size))
    whole = axes[place].size
    if isinstance(whole, int):
        sizes: list[Dim] = [whole // count + (index < whole % count) for index in range(count)]
    else:
        quotient = ax.divided(whole, count)
        sizes = [dims.UNKNOWN_DIM if quotient is None else quotient] * count
    return Pieces(tuple(ax.resized(axes, place, size) for size in sizes))


def unbind(axes: Axes, axis: int | None) -> Pieces | None:
    place = None if axis is None else ax.position(axis, len(axes))
    if place is None:
        return None
    piece, count = ax.reduce(axes, [place]), axes[place].size
    if isinstance(count, int) and count <= MAXIMUM_PIECES:
        return Pieces((piece,) * count)
    return Pieces(rest=piece)


def pair(axes: Axes) -> Pieces:
    """Return two tensors of the same shape: values and their indices, or a variance and a mean."""
    return Pieces((axes, axes))
