"""Operations on several tensors: `torch.cat` and `torch.stack`, and grids such as `torch.meshgrid`."""

from __future__ import annotations

from collections.abc import Sequence

from shapelint.chain.chain import Flow
from shapelint.common.frozen import replace
from shapelint.python.state import gradients
from shapelint.python.state.arguments import Arguments
from shapelint.python.state.values import NO_SPAN, UNKNOWN, Const, Given, Items, Tensor, Value
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors import refusals
from shapelint.python.tensors.axes import Axes, Axis
from shapelint.python.tensors.tensor_axes import axes_of
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim

ALONG = {"rows": 0, "columns": 1, "depth": 2, "upright": 1}
"""Primitives that join along an axis, which tensors of fewer axes get first."""
GRIDS = {"mesh": (0, 1), "blocks": (0, 1, 2), "pairs_of_all": (1,), "broadcast_all": ()}
"""Primitives, each with the numbers of axes that its tensors may have; empty for any number."""


def as_concatenation(primitive: str, items: Items, given: Arguments) -> tuple[str, Items, Arguments]:
    """Return `vstack` and what is like it as a concatenation of tensors, with the axis along which they are joined."""
    if primitive not in ALONG:
        return primitive, items, given
    everything = [*items.items, *([items.rest] if items.rest is not None else [])]
    ranks = [len(axes) for one in everything if isinstance(one, Tensor) and (axes := axes_of(one)) is not None]
    along: int | None = ALONG[primitive]
    if primitive == "columns" and min(ranks, default=0) < 2:
        along = 0 if ranks else None
    raised = [_raised(one, primitive) for one in items.items]
    rest = None if items.rest is None else _raised(items.rest, primitive)
    whole = replace(items, items=raised, rest=rest)
    return "concatenate", whole, Arguments((Given(UNKNOWN if along is None else Const(along), NO_SPAN),))


def _raised(value: Value, primitive: str) -> Value:
    """Return a vector as one row or column, or a matrix with a depth of 1, as a primitive needs them."""
    axes = axes_of(value) if isinstance(value, Tensor) else None
    if not isinstance(value, Tensor) or axes is None:
        return value
    one = (Axis(1),)
    if primitive == "columns":
        axes = axes or one
    elif primitive == "upright":
        axes = axes if len(axes) > 1 else (axes or one) + one
    elif len(axes) < 2:
        axes = one + (axes or one)
    if primitive == "depth" and len(axes) == 2:
        axes = axes + one
    return replace(value, flow=ax.flow(axes, value.flow.maker))


def join(primitive: str, items: Items, given: Arguments) -> Value:
    """Return the result of `concatenate` or `stack`."""
    along = given.integer(0, 0, "dim", "axis")
    if along is None:
        return UNKNOWN
    tensors = [item for item in items.items if isinstance(item, Tensor)]
    rest = items.rest if isinstance(items.rest, Tensor) else None
    if len(tensors) < len(items.items) or (items.rest is not None and rest is None) or not (tensors or rest):
        return UNKNOWN
    first = tensors[0] if tensors else rest
    assert first is not None
    axes = [axes_of(tensor) for tensor in [*tensors, *([rest] if rest else [])]]
    if primitive == "concatenate" and not all(_is_blank(piece) for piece in axes):
        # torch ignores tensors of shape (0,): https://docs.pytorch.org/docs/stable/generated/torch.cat.html
        axes = [piece for piece in axes if not _is_blank(piece)]
    whole = [piece for piece in axes if piece is not None]
    trains = gradients.through([*tensors, *([rest] if rest else [])])
    if len(whole) < len(axes):
        return Tensor(Flow(None, (), first.flow.maker), trains)
    if primitive == "stack":
        alike = ax.concatenate([ax.stack(piece, 0, 1) or piece for piece in whole], 0) is not None
        count = items.collected.count if items.collected is not None else None
        several = dims.symbol("V") if count is None else count
        result = ax.stack(whole[0], along, several if rest else len(whole)) if alike else None
    else:
        result = ax.concatenate(whole, along)
        if rest and result is not None:
            rows = items.collected.rows if items.collected is not None and along in (0, -len(result)) else None
            result = ax.resized(result, along, dims.symbol("V") * whole[0][along].size if rows is None else rows)
    return Tensor(ax.flow(result, first.flow.maker), trains)


def refused(primitive: str, items: Items, given: Arguments) -> tuple[Tensor, str] | None:
    """Return the piece that does not fit the first one, and the shape that it would need."""
    tensors = [item for item in items.items if isinstance(item, Tensor)]
    if primitive == "concatenate":
        # For backward compatibility, torch accepts an empty vector next to any tensor.
        tensors = [tensor for tensor in tensors if not _may_be_empty(axes_of(tensor))]
    first = axes_of(tensors[0]) if tensors else None
    if first is None:
        return None
    along = given.integer(0, 0, "dim", "axis")
    rank = len(first)
    if along is not None and (expected := refusals.missing_axis(along, rank + (primitive == "stack"))):
        return tensors[0], expected
    place = None if along is None or primitive == "stack" else ax.position(along, rank)
    for tensor in tensors[1:]:
        other = axes_of(tensor)
        if other is not None and (expected := refusals.alike(first, other, place)):
            return tensor, expected
    return None


def pieces(primitive: str, items: Items, given: Arguments) -> tuple[list[Tensor], int | None]:
    """Return the tensors that are joined, and the axis along which they are; None for a new one."""
    tensors = [item for item in items.items if isinstance(item, Tensor)]
    along = None if primitive == "stack" else given.integer(0, 0, "dim", "axis")
    axes = axes_of(tensors[0]) if tensors else None
    return tensors, None if along is None or axes is None else ax.position(along, len(axes))


def _may_be_empty(axes: Axes | None) -> bool:
    """Return whether a vector may have no elements."""
    return axes is not None and len(axes) == 1 and not (isinstance(axes[0].size, int) and axes[0].size > 0)


def _is_blank(axes: Axes | None) -> bool:
    return axes is not None and len(axes) == 1 and axes[0].size == 0


def refused_of_grid(primitive: str, tensors: Sequence[Tensor]) -> tuple[Tensor, str] | None:
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


def grid(primitive: str, tensors: Sequence[Tensor], indexing: Given | None) -> Value:
    """Return the result for tensors that fit."""
    known = [axes for tensor in tensors if (axes := axes_of(tensor)) is not None]
    whole = len(known) == len(tensors) and refused_of_grid(primitive, tensors) is None
    if primitive == "mesh":
        order = "ij" if indexing is None else indexing.value.value if isinstance(indexing.value, Const) else None
        axes = _mesh(known, str(order)) if whole and order in ("ij", "xy") else None
    elif primitive == "broadcast_all":
        axes = ax.broadcast_all(known) if whole else None
    else:
        axes = (_blocks if primitive == "blocks" else _pairs)(known) if whole else None
    trains = gradients.through(tensors)
    results = [Tensor(ax.flow(axes, tensor.flow.maker), trains, is_index=tensor.is_index) for tensor in tensors]
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
    rows = ax.product(vector[0] for vector in vectors)
    return vectors[0] if len(vectors) == 1 else ax.sized([rows, len(vectors)])
