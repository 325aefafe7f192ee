"""Steps with a tensor of indices: what they do to axes, and which operands torch refuses."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.python.tensors import axes as ax
from shapelint.python.tensors import refusals
from shapelint.python.tensors.axes import Axes, Axis
from shapelint.python.tensors.refusals import Refusal, differ, exceeds, from_the_end, named
from shapelint.shapes import dims


def gather(axes: Axes, axis: int | None, index: Axes) -> Axes:
    """Return the axes of the indices."""
    return index


def refuses_gather(axes: Axes, axis: int | None, index: Axes) -> Iterator[Refusal]:
    """Yield a refusal of indices with more rows than the tensor, along an axis that nothing is gathered from."""
    place = None if axis is None else ax.position(axis, len(axes))
    if place is None or not axes:
        return
    if len(index) != len(axes):
        yield Refusal(1, named(len(axes)))
        return
    for at, (have, want) in enumerate(zip(axes, index)):
        if at != place and exceeds(want.size, have.size):
            yield Refusal(1, from_the_end(have.size, len(axes) - at), (have, want))
            return


def refuses_scatter(axes: Axes, axis: int | None, index: Axes, source: Axes = ()) -> Iterator[Refusal]:
    """Yield a refusal of indices with more rows than the tensor, or than what is scattered; no indices fit any."""
    if not index or not axes or any(one.size == 0 for one in index):
        return
    found = list(refuses_gather(axes, axis, index))
    yield from found
    if found or not source:
        return
    if len(source) != len(index):
        yield Refusal(2, named(len(index)))
        return
    for at, (have, want) in enumerate(zip(source, index)):
        if exceeds(want.size, have.size):
            yield Refusal(1, from_the_end(have.size, len(index) - at), (have, want))
            return


def select(axes: Axes, axis: int | None, index: Axes) -> Axes | None:
    """Apply `index_select` with a vector of indices."""
    return None if axis is None else ax.resized(axes, axis, index[0].size if index else 1)


def refuses_select(axes: Axes, axis: int | None, index: Axes) -> Iterator[Refusal]:
    """Yield a refusal of indices that are no vector."""
    if len(index) > 1:
        yield Refusal(1, named(1))


def refuses_put(axes: Axes, axis: int | None, index: Axes, source: Axes) -> Iterator[Refusal]:
    """Yield a refusal of rows to put at indices, of which there are more or fewer, or which have another shape."""
    place = None if axis is None else ax.position(axis, len(axes))
    if place is None or not axes or not source:
        return
    if len(index) > 1 or len(source) != len(axes):
        yield Refusal(1, named(1)) if len(index) > 1 else Refusal(2, named(len(axes)))
        return
    rows = index[0] if index else Axis(1)
    for at, (have, want) in enumerate(zip(source, axes)):
        needed = rows if at == place else want
        if differ(needed.size, have.size):
            yield Refusal(2, from_the_end(needed.size, len(axes) - at), (needed, have))
            return


def take_along(axes: Axes, index: Axes, axis: int | None) -> Axes | None:
    """Apply `take_along_dim`: along the axis the indices, and all other axes broadcast."""
    if axis is None:
        return (Axis(ax.product(index)),)
    place = ax.position(axis, len(axes))
    if place is None or len(index) != len(axes):
        return None
    both = ax.broadcast(_without(axes, place), _without(index, place))
    return None if both is None else (*both[:place], index[place], *both[place + 1 :])


def refuses_take_along(axes: Axes, index: Axes, axis: int | None) -> Iterator[Refusal]:
    """Yield a refusal of indices that do not broadcast along the other axes."""
    place = None if axis is None else ax.position(axis, len(axes))
    if place is None or not axes:
        return
    if len(index) != len(axes):
        yield Refusal(1, named(len(axes)))
        return
    yield from refusals.broadcast(_without(axes, place), _without(index, place))


def _without(axes: Axes, place: int) -> Axes:
    """Return the axes with a size of 1 at a place."""
    return (*axes[:place], Axis(1), *axes[place + 1 :])


def places(axes: Axes) -> Axes:
    """Return one row for each element that is not 0, with its place along every axis."""
    return ax.sized([dims.UNKNOWN_DIM, len(axes)])
