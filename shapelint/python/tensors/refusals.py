"""Operands that torch refuses, and what the operation would take in their place.

What it would take is text in the shape notation. Only certain faults count: numbers of axes, and sizes that are plain
numbers on both sides.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Union

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


def number(axes: Axes) -> Iterator[Refusal]:
    """Yield a refusal of a tensor that certainly has more than one element, or none."""
    if any(differ(axis.size, 1) for axis in axes):
        yield Refusal(0, "1")


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


def absorb(axes: Axes, other: Axes, with_ones: bool = False) -> Iterator[Refusal]:
    """Yield a refusal of the second operand if it does not broadcast to the axes of the first, which stay as they are.

    More axes are refused, unless it may have some of size 1 `with_ones` before the others.
    """
    found = list(broadcast(axes, other))
    yield from found
    more = other[: max(len(other) - len(axes), 0)]
    if found:
        return
    if more and not (with_ones and all(not differ(axis.size, 1) for axis in more)):
        yield Refusal(1, named(len(axes)))
        return
    for count in range(1, min(len(axes), len(other)) + 1):
        if axes[-count].size == 1 and differ(other[-count].size, 1):
            yield Refusal(1, from_the_end(1, count), (axes[-count], other[-count]))
            return


def matmul(axes: Axes, other: Axes) -> Iterator[Refusal]:
    """Yield a refusal if the last axis of the left operand differs from the first axis of the right matrix."""
    if axes and other:
        inner = other[-1] if len(other) == 1 else other[-2]
        if differ(axes[-1].size, inner.size):
            yield Refusal(0, f"... {inner.size}", (inner, axes[-1]))
            return
    for refusal in broadcast(axes[:-2], other[:-2]):
        yield Refusal(1, f"{refusal.expected} {named(2)}", refusal.axes)


def permute(axes: Axes, order: Sequence[Dim]) -> Iterator[Refusal]:
    """Yield a refusal if the order has fewer or more axes than the tensor, or names one that is missing."""
    places = [place for place in order if isinstance(place, int)]
    if not places or len(places) < len(order):
        return
    if len(places) != len(axes):
        yield Refusal(0, named(len(places)))
        return
    missing = next(filter(None, (missing_axis(place, len(axes)) for place in places)), "")
    if missing:
        yield Refusal(0, missing)


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
    if -1 not in sizes and dims.OTHER not in sizes and any(axis.size == dims.OTHER for axis in axes):
        yield Refusal(0, named(len(sizes)))
        return
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


def reshape_like(axes: Axes, other: Axes) -> Iterator[Refusal]:
    """Yield a refusal if the other tensor has another number of elements."""
    yield from reshape(axes, [axis.size for axis in other])


def expand_like(axes: Axes, other: Axes) -> Iterator[Refusal]:
    """Yield a refusal if an axis does not expand to that of the other tensor."""
    yield from expand(axes, [axis.size for axis in other])


def exceeds(size: Dim, most: Dim) -> bool:
    """Return whether a size is certainly greater than another one."""
    return isinstance(size, int) and isinstance(most, int) and size > most


def ends(axes: Axes, sizes: Sequence[Dim]) -> Iterator[Refusal]:
    """Yield a refusal of a tensor whose last axes have other sizes."""
    if len(sizes) > len(axes):
        yield Refusal(0, f"... {named(len(sizes))}")
        return
    for count in range(1, len(sizes) + 1):
        if differ(axes[-count].size, sizes[-count]):
            yield Refusal(0, from_the_end(sizes[-count], count))
            return


def of_shape(axes: Axes, tensor: Axes, sizes: Sequence[Dim]) -> Iterator[Refusal]:
    """Yield a refusal of an operand of another shape, such as a weight; a plain number may stand for any."""
    if tensor and len(tensor) != len(sizes):
        yield Refusal(1, named(len(sizes)))
        return
    for count in range(1, len(tensor) + 1):
        if differ(tensor[-count].size, sizes[-count]):
            yield Refusal(1, from_the_end(sizes[-count], count))
            return


def equal(axes: Axes, other: Axes) -> Iterator[Refusal]:
    """Yield a refusal of an operand of another shape than the tensor."""
    if len(other) != len(axes):
        yield Refusal(1, named(len(axes)))
        return
    for count in range(1, len(axes) + 1):
        if differ(axes[-count].size, other[-count].size):
            yield Refusal(1, from_the_end(axes[-count].size, count), (axes[-count], other[-count]))
            return


def variance(axes: Axes, other: Axes) -> Iterator[Refusal]:
    """Yield a refusal of variances that are neither one for each number nor one for each row."""
    if other and len(other) not in (len(axes), len(axes) - 1):
        yield Refusal(1, named(len(axes)))
        return
    for place, (have, want) in enumerate(zip(axes, other)):
        is_one = want.size == 1 and place == len(axes) - 1
        if differ(have.size, want.size) and not is_one:
            yield Refusal(1, from_the_end(have.size, len(other) - place), (have, want))
            return


def labels(axes: Axes, target: Axes, or_alike: bool = False) -> Iterator[Refusal]:
    """Yield a refusal of labels with other axes than the scores have beside their classes.

    A target of classes may be like the scores. How many rows there are is compared by the losses themselves.
    """
    if not axes or (or_alike and len(target) == len(axes)):
        return
    if len(target) != len(axes) - 1:
        yield Refusal(1, named(len(axes) - 1))
        return
    for place in range(1, len(target)):
        have, want = axes[place + 1], target[place]
        if differ(have.size, want.size):
            yield Refusal(1, from_the_end(have.size, len(target) - place), (have, want))
            return


def three(axes: Axes, over: Sequence[int] | None) -> Iterator[Refusal]:
    """Yield a refusal of an axis of another size than 3; without an axis, one of that size must exist."""
    found = [ax.position(axis, len(axes)) for axis in over] if over else range(len(axes))
    places = [place for place in found if place is not None]
    if places and all(differ(axes[place].size, 3) for place in places):
        yield Refusal(0, from_the_end(3, len(axes) - places[-1]))


def part(axes: Axes, axis: int | None, size: Dim, start: Dim = 0) -> Iterator[Refusal]:
    """Yield a refusal of an axis that is shorter than the part that is taken of it."""
    place = None if axis is None else ax.position(axis, len(axes))
    if place is None or not axes or not isinstance(start, int) or not isinstance(size, int):
        return
    if start < 0:
        size, start = -start, 0
    if exceeds(start + size, axes[place].size):
        yield Refusal(0, from_the_end(start + size, len(axes) - place))


def add_product(axes: Axes, left: Axes, right: Axes) -> Iterator[Refusal]:
    """Yield a refusal of matrices that cannot be multiplied, or of a tensor that does not expand to their product."""
    found = list(matmul(left, right))
    if found:
        yield from (Refusal(1, one.expected, one.axes) for one in found)
    elif product := ax.matmul(left, right) if left and right else None:
        yield from expand(axes, [axis.size for axis in product])


def add_outer(axes: Axes, left: Axes, right: Axes) -> Iterator[Refusal]:
    """Yield a refusal of operands that are no vectors, or of a tensor that does not expand to their product."""
    found = [Refusal(index, named(1)) for index, one in enumerate((left, right), start=1) if len(one) != 1]
    yield from found or expand(axes, [axis.size for axis in (*left, *right)])


Pairs = Union[int, Sequence[Sequence[int]], None]


def paired(axes: Axes, other: Axes, pairs: Pairs) -> tuple[list[int], list[int]] | None:
    """Return the places of the axes of two tensors that are multiplied; None if there are no such places."""
    if isinstance(pairs, int):
        if not 0 <= pairs <= min(len(axes), len(other)):
            return None
        return list(range(len(axes) - pairs, len(axes))), list(range(pairs))
    if pairs is None or len(pairs) != 2 or len(pairs[0]) != len(pairs[1]):
        return None
    places = [[ax.position(axis, len(one)) for axis in half] for half, one in zip(pairs, (axes, other))]
    left, right = ([place for place in half if place is not None] for half in places)
    return (left, right) if len(left) == len(pairs[0]) and len(right) == len(pairs[1]) else None


def tensordot(axes: Axes, other: Axes, pairs: Pairs) -> Iterator[Refusal]:
    """Yield a refusal of the second tensor if two axes of a pair differ and neither has size 1."""
    for left, right in zip(*(paired(axes, other, pairs) or ((), ()))):
        one, two = axes[left], other[right]
        if differ(one.size, two.size) and 1 not in (one.size, two.size):
            yield Refusal(1, from_the_end(one.size, len(other) - right), (one, two))
            return


def alike(first: Axes, other: Axes, place: int | None) -> str:
    """Return the shape that a piece needs to be joined to the first one at `place`; empty if it has it."""
    if len(other) != len(first):
        return named(len(first))
    for index, (one, two) in enumerate(zip(first, other)):
        if index != place and differ(one.size, two.size) and two.size != 0:
            return from_the_end(one.size, len(first) - index)
    return ""
