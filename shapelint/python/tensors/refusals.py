"""What torch refuses: the operand of an operation that cannot be, and what the operation would take in its place.

What it would take is text in the notation of shape signatures. Only what is certain counts: numbers of axes, and sizes
that are plain numbers on both sides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapelint.common.frozen import frozen
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors.axes import Axes
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim


@frozen
class Refusal:
    """An operand, 0 for the tensor itself and then those after it in order, and the shape that would be taken."""

    operand: int
    expected: str


def missing_axis(axis: int, rank: int) -> str:
    """What has an axis; empty where a tensor of so many axes does. A number counts as having one."""
    needed = -axis if axis < 0 else axis + 1
    return f"{named(needed)} ..." if needed > max(rank, 1) else ""


def named(count: int) -> str:
    """So many axes of any size."""
    return " ".join(f"axis{index}" for index in range(count))


def from_the_end(size: Dim, count: int) -> str:
    """A size of the axis that is so many from the end."""
    return f"... {size} {named(count - 1)}".strip()


def differ(left: Dim, right: Dim) -> bool:
    """Whether two sizes are certainly not equal."""
    return isinstance(left, int) and isinstance(right, int) and left != right


def broadcast(axes: Axes, other: Axes) -> Iterator[Refusal]:
    """Two operands whose sizes differ where neither is 1; it is the other one that does not fit."""
    for count in range(1, min(len(axes), len(other)) + 1):
        one, two = axes[-count].size, other[-count].size
        if differ(one, two) and 1 not in (one, two):
            yield Refusal(1, from_the_end(one, count))
            return


def matmul(axes: Axes, other: Axes) -> Iterator[Refusal]:
    """The last axis of the left operand and the first of the right matrix."""
    if axes and other:
        inner = other[-1] if len(other) == 1 else other[-2]
        if differ(axes[-1].size, inner.size):
            yield Refusal(0, f"... {inner.size}")


def permute(axes: Axes, order: Sequence[Dim]) -> Iterator[Refusal]:
    """An order of fewer or more axes than there are."""
    if order and all(isinstance(place, int) for place in order) and len(order) != len(axes):
        yield Refusal(0, named(len(order)))


def expand(axes: Axes, sizes: Sequence[Dim]) -> Iterator[Refusal]:
    """Axes of 1 can be expanded, and those that stay as they are."""
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
    """Every axis needs the number of times that it is repeated."""
    if times and len(times) < len(axes):
        yield Refusal(0, named(len(times)))


def reshape(axes: Axes, sizes: Sequence[Dim]) -> Iterator[Refusal]:
    """Literal sizes that make another number of elements, said by the last axis."""
    if not sizes or -1 in sizes or len(axes) < 2 or dims.equal(axes[0].size, sizes[0]) is not True:
        return
    have, want = ax.product(axes[1:]), ax.product(ax.sized(sizes[1:]))
    before = ax.product(axes[1:-1])
    if not (differ(have, want) and isinstance(before, int) and isinstance(want, int)) or before == 0:
        return
    if want % before == 0:
        yield Refusal(0, f"... {want // before}")


def alike(first: Axes, other: Axes, place: int | None) -> str:
    """What a piece has to be next to the first one, but for the axis along which they are joined; empty where it is."""
    if len(other) != len(first):
        return named(len(first))
    for index, (one, two) in enumerate(zip(first, other)):
        if index != place and differ(one.size, two.size) and two.size != 0:
            return from_the_end(one.size, len(first) - index)
    return ""
