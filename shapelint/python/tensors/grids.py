"""Operations on several vectors or matrices, passed as a list or one by one: `torch.meshgrid`, `torch.block_diag`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import mul

from shapelint.python.state import gradients
from shapelint.python.state.values import Const, Given, Items, Tensor, Value
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors import refusals
from shapelint.python.tensors.axes import Axes, Axis
from shapelint.python.tensors.tensor_axes import axes_of
from shapelint.shapes.dims import Dim

GRIDS = {"mesh": (0, 1), "blocks": (0, 1, 2), "pairs_of_all": (1,), "broadcast_all": ()}
"""Primitives, each with the numbers of axes that its tensors may have; empty for any number."""


def refused(primitive: str, tensors: Sequence[Tensor]) -> tuple[Tensor, str] | None:
    """Return the tensor that does not fit, and the shape that it would need."""
    ranks = GRIDS[primitive]
    whole: Axes = ()
    for tensor in tensors:
        axes = axes_of(tensor)
        if axes is None:
            continue
        if ranks and len(axes) not in ranks:
            return tensor, refusals.named(ranks[-1])
        if primitive == "broadcast_all":
            for refusal in refusals.broadcast(whole, axes):
                return tensor, refusal.expected
            whole = ax.broadcast(whole, axes) or whole
    return None


def join(primitive: str, tensors: Sequence[Tensor], indexing: Given | None) -> Value:
    """Return the result for tensors that fit."""
    known = [axes for tensor in tensors if (axes := axes_of(tensor)) is not None]
    whole = len(known) == len(tensors) and refused(primitive, tensors) is None
    if primitive == "mesh":
        order = "ij" if indexing is None else indexing.value.value if isinstance(indexing.value, Const) else None
        axes = _mesh(known, str(order)) if whole and order in ("ij", "xy") else None
    elif primitive == "broadcast_all":
        axes = _broadcast(known) if whole else None
    else:
        axes = (_blocks if primitive == "blocks" else _pairs)(known) if whole else None
    trains = gradients.through(tensors)
    results = [Tensor(ax.flow(axes, tensor.flow.maker), trains) for tensor in tensors]
    return Items(list(results), "tuple") if primitive in ("mesh", "broadcast_all") else results[0]


def _mesh(vectors: Sequence[Axes], order: str) -> Axes:
    axes = [vector[0] if vector else Axis(1) for vector in vectors]
    return tuple([axes[1], axes[0], *axes[2:]] if order == "xy" and len(axes) > 1 else axes)


def _blocks(matrices: Sequence[Axes]) -> Axes:
    both = [(*ax.sized([1] * (2 - len(matrix))), *matrix) for matrix in matrices]
    sizes: list[Dim] = [0, 0]
    for matrix in both:
        sizes = [size + axis.size for size, axis in zip(sizes, matrix)]
    return tuple(Axis(size, axis.origin) for size, axis in zip(sizes, both[0]))


def _pairs(vectors: Sequence[Axes]) -> Axes:
    """Return one row for each choice of an element of every vector."""
    rows = reduce(mul, (vector[0].size for vector in vectors))
    return vectors[0] if len(vectors) == 1 else ax.sized([rows, len(vectors)])


def _broadcast(shapes: Sequence[Axes]) -> Axes | None:
    whole: Axes | None = ()
    for axes in shapes:
        whole = None if whole is None else ax.broadcast(whole, axes)
    return whole
