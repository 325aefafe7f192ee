"""Operands that torch refuses, and what the operation would take in their place.

What it would take is text in the shape notation. Only certain faults count: numbers of axes, and sizes that are plain
numbers on both sides.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from shapelint.common import bounds
from shapelint.common.frozen import frozen
from shapelint.python.state import loader_rows
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors.axes import Axes, Axis
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim


@frozen
class Refusal:
    """A refused operand (0 for the tensor itself, then those after it in order), and the shape that would be taken.

    `axes` are the two axes in conflict, the one that would fit first.
    """

    operand: int
    expected: str
    axes: tuple[Axis, Axis] | None = None


def missing_axis(axis: int, rank: int) -> str:
    """Return a shape that has the axis; empty if a tensor of this rank has it, or none can.

    A number counts as having one axis.
    """
    needed = -axis if axis < 0 else axis + 1
    return f"{named(needed)} ..." if max(rank, 1) < needed <= bounds.AXES else ""


def named(count: int) -> str:
    """Return a shape of `count` axes of any size."""
    return " ".join(f"axis{index}" for index in range(count))


def from_the_end(size: Dim, count: int) -> str:
    """Return a shape in which the axis at `count` from the end has a size."""
    return f"... {size} {named(count - 1)}".strip()


def differ(left: Dim, right: Dim) -> bool:
    """Return whether two sizes certainly differ."""
    return loader_rows.differ(left, right)


def broadcast(axes: Axes, other: Axes) -> Iterator[Refusal]:
    """Yield a refusal of the second operand if two sizes differ and neither is 1."""
    for count in range(1, min(len(axes), len(other)) + 1):
        one, two = axes[-count], other[-count]
        if differ(one.size, two.size) and 1 not in (one.size, two.size):
            yield Refusal(1, from_the_end(one.size, count), (one, two))
            return


def matmul(axes: Axes, other: Axes) -> Iterator[Refusal]:
    """Yield a refusal if the last axis of the left operand differs from the first axis of the right matrix."""
    if axes and other:
        inner = other[-1] if len(other) == 1 else other[-2]
        if differ(axes[-1].size, inner.size):
            yield Refusal(0, f"... {inner.size}", (inner, axes[-1]))


def permute(axes: Axes, order: Sequence[Dim]) -> Iterator[Refusal]:
    """Yield a refusal if the order has fewer or more axes than the tensor."""
    if order and all(isinstance(place, int) for place in order) and len(order) != len(axes):
        yield Refusal(0, named(len(order)))


def expand(axes: Axes, sizes: Sequence[Dim]) -> Iterator[Refusal]:
    """Yield a refusal if an axis is expanded whose size is not 1."""
    if not sizes:
        return
    if len(sizes) < len(axes):
        yield Refusal(0, named(len(sizes)))
        return
    for count in range(1, len(axes) + 1):
        have, want = axes[-count].size, sizes[-count]
        if differ(have, want) and have != 1 and want != -1:
            yield Refusal(0, from_the_end(want, count))
            return


def repeat(axes: Axes, times: Sequence[Dim]) -> Iterator[Refusal]:
    """Yield a refusal if there are fewer repetitions than axes."""
    if times and len(times) < len(axes):
        yield Refusal(0, named(len(times)))


def reshape(axes: Axes, sizes: Sequence[Dim]) -> Iterator[Refusal]:
    """Yield a refusal if literal sizes have another number of elements, in terms of the last axis wider than 1.

    Where no size of that axis would do, it is in terms of the first axis. A first size that is kept is left out on
    both sides. Beside a size of -1, the others have to divide the elements.
    """
    kept = bool(axes and sizes) and dims.equal(axes[0].size, sizes[0]) is True
    have = [axis.size for axis in axes[kept:] if isinstance(axis.size, int)]
    want = [size for size in sizes[kept:] if isinstance(size, int)]
    if have and -1 not in want and len(want) + kept == len(sizes) and len(have) + kept < len(axes):
        yield from _no_multiple(axes, sizes)
    if not have or want.count(-1) > 1 or len(have) + kept < len(axes) or len(want) + kept < len(sizes):
        return
    last = max((index for index, size in enumerate(have) if size != 1), default=len(have) - 1)
    given = math.prod(size for size in want if size != -1)
    for place in (last, 0):
        others = math.prod(have[:place] + have[place + 1 :])
        if fitting := _fitting(have[place], others, given, -1 in want):
            yield Refusal(0, from_the_end(fitting, len(have) - place))
            return


def _no_multiple(axes: Axes, sizes: Sequence[Dim]) -> Iterator[Refusal]:
    """Yield a refusal if numbers are no multiple of the known axes, however long the others are."""
    known, given = ax.whole_part(axis.size for axis in axes), ax.whole_part(sizes)
    wide = [place for place, axis in enumerate(axes) if isinstance(axis.size, int) and axis.size > 1]
    if not wide or not given or given % known == 0 or not all(isinstance(size, int) for size in sizes):
        return
    size = axes[wide[-1]].size
    assert isinstance(size, int)
    left, over = divmod(given, known // size)
    near = [one for one in range(2, 2 * size) if left % one == 0]
    if not over and near:
        fitting = min(near, key=lambda one: abs(one - size))
        yield Refusal(0, from_the_end(fitting, len(axes) - wide[-1]))


def _fitting(size: int, others: int, given: int, inferred: bool) -> int:
    """Return the size nearest to `size` whose product with the others is what is given; 0 if it is, or none is.

    If a size is inferred, the product may be any multiple of what is given.
    """
    if not given or not others:
        return 0
    step = given // math.gcd(given, others)
    wanted = max(round(size / step), 1) * step if inferred else given // others
    return wanted if wanted != size and wanted * others % given == 0 else 0


def unflatten(axes: Axes, axis: int | None, sizes: Sequence[Dim]) -> Iterator[Refusal]:
    """Yield a refusal if literal sizes have another number of elements than the axis."""
    place = None if axis is None else ax.position(axis, len(axes))
    if place is not None:
        for refusal in reshape((ax.Axis(1), axes[place]), [1, *sizes]):
            yield Refusal(0, f"{refusal.expected} {named(len(axes) - place - 1)}".strip())


def split(axes: Axes, sizes: Dim | Sequence[Dim], axis: int | None) -> Iterator[Refusal]:
    """Yield a refusal if the sizes of the pieces have another sum than the axis."""
    place = None if axis is None else ax.position(axis, len(axes))
    if place is None or not isinstance(sizes, Sequence) or not all(isinstance(size, int) for size in sizes):
        return
    whole = sum(size for size in sizes if isinstance(size, int))
    if differ(axes[place].size, whole):
        yield Refusal(0, from_the_end(whole, len(axes) - place))


def alike(first: Axes, other: Axes, place: int | None) -> str:
    """Return the shape that a piece needs to be joined to the first one at `place`; empty if it has it."""
    if len(other) != len(first):
        return named(len(first))
    for index, (one, two) in enumerate(zip(first, other)):
        if index != place and differ(one.size, two.size) and two.size != 0:
            return from_the_end(one.size, len(first) - index)
    return ""
