"""In which order the axes of a tensor lie in memory: `view` merges only those that lie next to each other.

`transpose` and its like move no number. https://docs.pytorch.org/docs/stable/generated/torch.Tensor.view.html
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from shapelint.common.words import words
from shapelint.python.state.values import Tensor, Value
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors.axes import Axes, Axis
from shapelint.python.tensors.overloads import OperationCall
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim

MOVES_AXES = words("transpose swapdims swapaxes permute movedim moveaxis t T mT")
KEEPS_ORDER = words("detach clone to cpu cuda float half double type requires_grad relu abs neg exp log sqrt square")
"""Operations that give the axes the order that they had: of each number by itself, if the numbers fill their memory."""


def after(name: str, call: OperationCall[Value] | None, tensor: Tensor) -> tuple[int, ...]:
    """Return the place in memory of each axis behind an operation; empty if it is the axis' own, or not known."""
    if name.removesuffix("_") in KEEPS_ORDER:
        return tensor.order
    if name not in MOVES_AXES or call is None or tensor.shape is None:
        return ()
    before = tensor.order or tuple(range(len(tensor.shape)))
    moved = call.result(tuple(Axis(place) for place in before))
    places = tuple(axis.size for axis in moved if isinstance(axis.size, int)) if isinstance(moved, tuple) else ()
    return () if places == tuple(range(len(places))) or len(places) != len(before) else places


def takes_view(axes: Axes, order: Sequence[int], sizes: Sequence[Dim]) -> bool | None:
    """Return whether a tensor can be viewed with other sizes without moving a number; None if that is not known."""
    left = list(sizes)
    for run in reversed(_runs(axes, order)):
        whole = ax.product(run)
        product: Dim = 1
        while dims.equal(product, whole) is not True:
            if not left:
                return False
            product = product * left.pop()
            if not dims.is_known(product) or not dims.is_known(whole):
                return None
            if ax.divided(whole, product) is None:
                return False if isinstance(whole, int) and isinstance(product, int) else None
    return True


def _runs(axes: Axes, order: Sequence[int]) -> list[list[Axis]]:
    """Return the axes in groups of which each lies in one piece; those of size 1 lie anywhere."""
    kept = [(axis, place) for axis, place in zip(axes, order) if axis.size != 1]
    ranks = {place: rank for rank, place in enumerate(sorted(place for _, place in kept))}
    runs = [[axis] for axis, _ in kept[:1]]
    for (_, before), (axis, place) in pairwise(kept):
        if ranks[place] == ranks[before] + 1:
            runs[-1].append(axis)
        else:
            runs.append([axis])
    return runs
