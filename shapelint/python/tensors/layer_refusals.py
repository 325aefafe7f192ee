"""Operands that torch refuses in the functions of layers: convolutions, norms, padding and shuffles."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from shapelint.python.tensors import axes as ax
from shapelint.python.tensors import refusals
from shapelint.python.tensors.axes import Axes
from shapelint.python.tensors.refusals import Refusal, differ, exceeds, from_the_end, named
from shapelint.shapes.dims import Dim


def convolve(axes: Axes, weight: Axes, groups: Dim) -> Iterator[Refusal]:
    """Yield a refusal of channels that the weight of a convolution, shared by its groups, was not made for."""
    count = len(weight) - 1
    if count < 2:
        return
    if not count <= len(axes) <= count + 1:
        yield Refusal(0, named(count + 1))
        return
    if not isinstance(groups, int):
        return
    needed = weight[1].size * groups
    if differ(axes[-count].size, needed):
        yield Refusal(0, from_the_end(needed, count))


def biased(axes: Axes, bias: Axes, weight: Axes, place: int = 0, groups: Dim = 1) -> Iterator[Refusal]:
    """Yield a refusal of a bias with another number of elements than the weight has outputs at a place."""
    if len(bias) == 1 and len(weight) > place and differ(bias[0].size, weight[place].size * groups):
        yield Refusal(1, str(weight[place].size * groups))


def groups(axes: Axes, count: Dim) -> Iterator[Refusal]:
    """Yield a refusal of a number of channels that does not divide into groups of one size."""
    channels = axes[1].size if len(axes) > 1 else None
    if isinstance(channels, int) and isinstance(count, int) and count > 0 and channels % count:
        fitting = max(round(channels / count), 1) * count
        yield Refusal(0, from_the_end(fitting, len(axes) - 1))


def channels(axes: Axes, tensor: Axes, or_one: bool = False) -> Iterator[Refusal]:
    """Yield a refusal of a vector that has another number of elements than the tensor has channels."""
    if len(axes) < 2 or len(tensor) != 1 or (or_one and tensor[0].size == 1):
        return
    if differ(axes[1].size, tensor[0].size):
        yield Refusal(1, str(axes[1].size), (axes[1], tensor[0]))


def matches(axes: Axes, axis: int | None, weight: Axes, place: int) -> Iterator[Refusal]:
    """Yield a refusal of an axis that has another size than an axis of a weight."""
    found = None if axis is None else ax.position(axis, len(axes))
    if found is not None and len(weight) > place and differ(axes[found].size, weight[place].size):
        yield Refusal(0, from_the_end(weight[place].size, len(axes) - found), (weight[place], axes[found]))


def divide(axes: Axes, axis: int | None, *counts: Dim) -> Iterator[Refusal]:
    """Yield a refusal of an axis that numbers do not divide."""
    place = None if axis is None else ax.position(axis, len(axes))
    count = math.prod(counts)
    size = None if place is None else axes[place].size
    if place is not None and isinstance(size, int) and isinstance(count, int) and count > 0 and size % count:
        fitting = max(round(size / count), 1) * count
        yield Refusal(0, from_the_end(fitting, len(axes) - place))


def pad(axes: Axes, sizes: Sequence[Dim], mode: str = "constant") -> Iterator[Refusal]:
    """Yield a refusal of a tensor with fewer axes than are padded, or too small for its own elements to pad it."""
    count = len(sizes) // 2
    if count > len(axes):
        yield Refusal(0, f"{named(count)} ...")
    elif mode != "constant" and len(axes) not in (count + 1, count + 2):
        yield Refusal(0, named(count + 1))
    elif mode in ("reflect", "circular"):
        for index, size in enumerate(sizes):
            axis = axes[-1 - index // 2]
            least = size + (mode == "reflect")
            if exceeds(least, axis.size):
                yield Refusal(0, from_the_end(least, index // 2 + 1))
                return


def window(axes: Axes, axis: int | None, size: Dim, step: Dim) -> Iterator[Refusal]:
    """Yield a refusal of an axis that is shorter than a window."""
    yield from refusals.part(axes, axis, size)


def ranks(axes: Axes, least: int, most: int) -> Iterator[Refusal]:
    """Yield a refusal of a tensor with fewer or more axes."""
    if not least <= len(axes) <= most:
        yield Refusal(0, named(most))
