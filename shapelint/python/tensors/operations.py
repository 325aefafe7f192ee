"""Torch's functions and tensor methods at work: `x.flatten(1)` and `torch.flatten(x, 1)` alike.

An operation takes the tensor and the other arguments; what it cannot tell is a tensor of unknown shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shapelint.chain.chain import Flow
from shapelint.python.state.arguments import Arguments
from shapelint.python.state.value_facts import sequence
from shapelint.python.state.values import UNKNOWN, Items, Tensor, Value
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors.axes import Axes
from shapelint.python.tensors.operation_table import OPERATIONS, SAME, axes_of, given_axes, reduce
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim

PAIRS = frozenset(["max", "min", "median", "mode", "kthvalue", "cummax", "cummin"])

GRADIENT_FREE = frozenset(["detach", "detach_", "data", "argmax", "argmin"])

SEQUENCES = frozenset({"chunk", "tensor_split", "split", "split_with_sizes", "unbind"})


def known(name: str) -> bool:
    """Whether the table has an operation of this name."""
    return name in OPERATIONS or name in SEQUENCES or name in PAIRS or name == "topk"


def apply(name: str, tensor: Tensor, given: Arguments) -> Value:
    """The result of `tensor.name(*given)`."""
    detached = tensor.detached or name in GRADIENT_FREE
    if name in SAME:
        return replace(tensor, detached=detached)
    axes = axes_of(tensor)
    maker = tensor.flow.maker
    if name in SEQUENCES:
        blank = Tensor(Flow(None, (), maker), detached)
        return Items([], "tuple", blank) if axes is None else _pieces(name, axes, given, tensor)
    if name in PAIRS or name == "topk":
        return _pair(name, axes, given, tensor)
    if axes is None:
        return Tensor(Flow(None, (), maker), detached)
    if name == "norm" and given.get(0, "p") is not None and "dim" not in given.keywords:
        result = reduce(axes, given, 1)
    else:
        result = OPERATIONS[name](axes, given)
    return Tensor(ax.flow(result, maker), detached)


def _pair(name: str, axes: Axes | None, given: Arguments, tensor: Tensor) -> Value:
    """`max` and its like: a tensor over all axes or against another tensor, a pair along one axis."""
    other = given_axes(given.get(0, "other"))
    if axes is not None and other is not None:
        return Tensor(ax.flow(ax.broadcast(axes, other), tensor.flow.maker), tensor.detached)
    if name == "topk":
        count, axis = given.size(0, "k"), given.integer(1, -1, "dim")
        result = None if axes is None or axis is None or count is None else ax.resized(axes, axis, count)
    elif not given.positional and not given.keywords:
        return Tensor(ax.flow(() if axes is not None else None, tensor.flow.maker), tensor.detached)
    else:
        result = None if axes is None else reduce(axes, given)
    one = Tensor(ax.flow(result, tensor.flow.maker), tensor.detached)
    return Items([one, replace(one, detached=True)], "tuple")


def _pieces(name: str, axes: Axes, given: Arguments, tensor: Tensor) -> Value:
    """`chunk`, `split`, `unbind`: a tuple of tensors, or an unknown number of them."""
    along = given.integer(0 if name == "unbind" else 1, 0, "dim")
    place = None if along is None else ax.position(along, len(axes))
    if place is None:
        return UNKNOWN

    def piece(size: Dim | None) -> Tensor:
        result = ax.reduce(axes, [place]) if size is None else ax.resized(axes, place, size)
        return Tensor(ax.flow(result, tensor.flow.maker), tensor.detached)

    whole = axes[place].size
    if name == "unbind":
        return Items(_copies(piece(None), whole), "tuple") if _small(whole) else Items([], "tuple", piece(None))
    if name in ("split", "split_with_sizes") and isinstance(
        given.get(0, "split_size", "split_size_or_sections"), Items
    ):
        sizes = given.sizes(0, "split_size", "split_size_or_sections")
        return UNKNOWN if sizes is None else Items([piece(size) for size in sizes], "tuple")
    size = given.size(0, "chunks", "split_size", "split_size_or_sections", "indices_or_sections")
    if size is None:
        return Items([], "tuple", piece(dims.UNKNOWN_DIM))
    if name == "split":
        count = _quotient(whole, size)
        return Items(_copies(piece(size), count), "tuple") if _small(count) else Items([], "tuple", piece(size))
    each = _quotient(whole, size)
    return Items(_copies(piece(each), size), "tuple") if _small(size) else Items([], "tuple", piece(each))


def _copies(piece: Value, count: Dim) -> list[Value]:
    return [piece] * count if isinstance(count, int) else []


def _small(count: Dim) -> bool:
    return isinstance(count, int) and 0 <= count <= 64


def _quotient(whole: Dim, parts: Dim) -> Dim:
    """`whole / parts` where it is exact, else unknown."""
    result = ax.divided(whole, parts)
    return dims.UNKNOWN_DIM if result is None else result


def join(name: str, pieces: Value, given: Arguments) -> Value:
    """`cat` and `stack` of a list of tensors."""
    items = sequence(pieces)
    along = given.integer(0, 0, "dim", "axis")
    if items is None or along is None:
        return UNKNOWN
    tensors = [item for item in items.items if isinstance(item, Tensor)]
    rest = items.rest if isinstance(items.rest, Tensor) else None
    if len(tensors) < len(items.items) or (items.rest is not None and rest is None) or not (tensors or rest):
        return UNKNOWN
    first = tensors[0] if tensors else rest
    assert first is not None
    axes = [axes_of(tensor) for tensor in [*tensors, *([rest] if rest else [])]]
    if name == "cat" and not all(_is_blank(piece) for piece in axes):
        # torch passes over tensors of shape (0,): https://docs.pytorch.org/docs/stable/generated/torch.cat.html
        axes = [piece for piece in axes if not _is_blank(piece)]
    whole = [piece for piece in axes if piece is not None]
    detached = all(tensor.detached for tensor in tensors)
    if len(whole) < len(axes):
        return Tensor(Flow(None, (), first.flow.maker), detached)
    if name == "stack":
        alike = ax.concatenate([ax.stack(piece, 0, 1) or piece for piece in whole], 0) is not None
        result = ax.stack(whole[0], along, dims.symbol("V") if rest else len(whole)) if alike else None
    else:
        result = ax.concatenate(whole, along)
        if rest and result is not None:
            result = ax.resized(result, along, dims.symbol("V") * whole[0][along].size)
    return Tensor(ax.flow(result, first.flow.maker), detached)


def _is_blank(axes: Axes | None) -> bool:
    return axes is not None and len(axes) == 1 and axes[0].size == 0


def concrete(sizes: Sequence[Dim], detached: bool = True) -> Tensor:
    """A new tensor of given sizes."""
    return Tensor(ax.flow(ax.sized(sizes), ax.NOWHERE), detached)
