"""The primitives that the steps of `rules/torch_operations.yaml` name: their effect on axes, and their arguments.

All functions are pure and return None if the result is unknown or torch would raise an error. Unknown arguments never
reach them, except as unknown sizes. They serve both the interpreter and modules in memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from shapelint.common.frozen import frozen
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors import index_steps, layer_refusals, pieces, refusals
from shapelint.python.tensors.axes import Axes, Axis
from shapelint.python.tensors.pieces import Result
from shapelint.python.tensors.refusals import Refusal
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim

PrimitiveKind = Literal[
    "axis", "axes", "new axis", "size", "sizes", "size or sizes", "number", "flag", "tensor", "text", "pairs"
]
"""Kind of an argument.

An axis that must exist, several axes (None: all), or the position of a new axis; a size, which may be unknown, several
sizes, or either; a number, a boolean, a text; the axes of a tensor, none for a number that broadcasts; or axes of two
tensors in pairs.
"""


def refuses_nothing(axes: Axes, *given: object) -> Iterator[Refusal]:
    """Yield nothing: a step that takes whatever has the axes that its arguments name."""
    return iter(())


@frozen
class Primitive:
    """The effect of a step on axes; `takes` are the kinds of its arguments, the last of which may repeat.

    `refuses` yields what torch would take in place of an operand. Missing axes are found by the kinds of the arguments.
    `distinct` says that the first argument may name no axis twice.
    """

    apply: Callable[..., Result]
    takes: tuple[PrimitiveKind, ...] = ()
    refuses: Callable[..., Iterator[Refusal]] = refuses_nothing
    distinct: bool = False

    @property
    def broadcasts(self) -> bool:
        """Whether it refuses an operand that does not broadcast, and nothing else."""
        return self.refuses in (refusals.broadcast, refusals.absorb)

    @property
    def has_operand(self) -> bool:
        """Whether it takes another tensor."""
        return "tensor" in self.takes

    def kind(self, index: int) -> PrimitiveKind:
        """Return the kind of an argument."""
        return self.takes[min(index, len(self.takes) - 1)]


def _same(axes: Axes, *given: object) -> Axes:
    return axes


def _unknown(axes: Axes, *given: object) -> None:
    return None


def _flatten(axes: Axes, start: int | None, end: int | None) -> Axes | None:
    return None if start is None or end is None else ax.flatten(axes, start, end)


def _permute(axes: Axes, order: Sequence[Dim]) -> Axes | None:
    return ax.permute(axes, [place for place in order if isinstance(place, int)])


def _transpose(axes: Axes, first: int | None, second: int | None) -> Axes | None:
    return None if first is None or second is None else ax.transpose(axes, first, second)


def _move(axes: Axes, source: int | None, destination: int | None) -> Axes | None:
    """Apply `movedim` to one axis."""
    if source is None or destination is None:
        return None
    taken, put = ax.position(source, len(axes)), ax.position(destination, len(axes))
    if taken is None or put is None:
        return None
    order = [place for place in range(len(axes)) if place != taken]
    return ax.permute(axes, [*order[:put], taken, *order[put:]])


def _reduce(axes: Axes, over: Sequence[int] | None = None, keep: bool | None = False) -> Axes | None:
    return ax.reduce(axes, over or None, bool(keep))


def _score(axes: Axes, reduction: str) -> Axes:
    """Return a single number for a loss, unless it is not reduced."""
    return axes if reduction == "none" else ()


def _unsqueeze(axes: Axes, axis: int | None) -> Axes | None:
    return None if axis is None else ax.unsqueeze(axes, axis)


def _unflatten(axes: Axes, axis: int | None, sizes: Sequence[Dim]) -> Axes | None:
    place = None if axis is None else ax.position(axis, len(axes))
    if place is None:
        return None
    inner = ax.reshape((axes[place],), sizes)
    return None if inner is None else (*axes[:place], *inner, *axes[place + 1 :])


def _padded(axes: Axes, count: int) -> Axes:
    """Prepend axes of size 1 up to a number of axes."""
    return (*ax.sized([1] * (count - len(axes))), *axes)


def _expand(axes: Axes, sizes: Sequence[Dim]) -> Axes | None:
    if len(sizes) < len(axes):
        return None
    padded = _padded(axes, len(sizes))
    return tuple(axis if size == -1 else Axis(size, axis.origin) for axis, size in zip(padded, sizes))


def _repeat(axes: Axes, times: Sequence[Dim]) -> Axes | None:
    if len(times) < len(axes):
        return None
    padded = _padded(axes, len(times))
    return tuple(Axis(axis.size * count, axis.origin) for axis, count in zip(padded, times))


def _tile(axes: Axes, times: Sequence[Dim]) -> Axes | None:
    return _repeat(axes, [*[1] * (len(axes) - len(times)), *times])


def _interleave(axes: Axes, count: Dim, axis: int | None) -> Axes | None:
    if axis is None:
        return (Axis(ax.product(axes) * count, ax.merge(axes).origin),)
    place = ax.position(axis, len(axes))
    return None if place is None else ax.resized(axes, place, axes[place].size * count)


def _broadcast(axes: Axes, other: Axes) -> Axes | None:
    return ax.broadcast(axes, other) if other else axes


def _against(axes: Axes, other: Axes) -> Axes | None:
    """Return the result of a loss for a target; unknown if it has more axes than the scores."""
    result = _broadcast(axes, other)
    return result if result is not None and len(result) == len(axes) else None


def _like(axes: Axes, other: Axes) -> Axes:
    return other


def _labels(axes: Axes, target: Axes, or_alike: bool = False) -> Axes:
    """Return one number for each label: the axes of the scores without that of the classes."""
    return (*axes[:1], *axes[2:]) if len(axes) > 1 else ()


def _part(axes: Axes, axis: int | None, size: Dim, start: Dim = 0) -> Axes | None:
    return _resize(axes, axis, size)


def _add_product(axes: Axes, left: Axes, right: Axes) -> Axes | None:
    return ax.matmul(left, right) if left and right else None


def _add_outer(axes: Axes, left: Axes, right: Axes) -> Axes:
    return (*left, *right)


def _tensordot(axes: Axes, other: Axes, pairs: int | Sequence[Sequence[int]] | None) -> Axes | None:
    """Return the axes of both tensors that are in no pair."""
    found = refusals.paired(axes, other, pairs)
    if found is None:
        return None
    left, right = found
    return (
        *(axis for place, axis in enumerate(axes) if place not in left),
        *(axis for place, axis in enumerate(other) if place not in right),
    )


def _resize(axes: Axes, axis: int | None, size: Dim) -> Axes | None:
    return None if axis is None else ax.resized(axes, axis, size)


def _pool(axes: Axes, count: int, sizes: Sequence[Dim]) -> Axes | None:
    """Apply adaptive pooling over the last axes; over all of them it takes nothing but the number 1, and is a mean."""
    is_mean = len(axes) == count and list(sizes) == [1]
    sizes = list(sizes) * count if len(sizes) == 1 else sizes
    if len(sizes) != count or (len(axes) < count + 1 and not is_mean):
        return None
    last = axes[len(axes) - count :]
    return (*axes[:-count], *(Axis(size, axis.origin) for size, axis in zip(sizes, last)))


def _pad(axes: Axes, sizes: Sequence[Dim], mode: str = "constant") -> Axes | None:
    if len(sizes) % 2 or len(sizes) > 2 * len(axes):
        return None
    result = list(axes)
    for index in range(len(sizes) // 2):
        axis = result[-1 - index]
        result[-1 - index] = Axis(axis.size + sizes[2 * index] + sizes[2 * index + 1], axis.origin)
    return tuple(result)


def _append(axes: Axes, size: Dim) -> Axes:
    """Append an axis; for a size of -1 its size depends on the numbers in the tensor."""
    return (*axes, Axis(dims.UNKNOWN_DIM if size == -1 else size))


def _selected(axes: Axes) -> Axes:
    """Return one axis: how many elements are selected depends on the numbers in a tensor."""
    return (Axis(dims.UNKNOWN_DIM),)


def _divide(axes: Axes, axis: int | None, *counts: Dim) -> Axes | None:
    place = None if axis is None else ax.position(axis, len(axes))
    if place is None:
        return None
    quotient = ax.divided(axes[place].size, math.prod(counts))
    unknown = None if isinstance(axes[place].size, int) else dims.UNKNOWN_DIM
    size = unknown if quotient is None else quotient
    return None if size is None else ax.resized(axes, place, size)


def _scale(axes: Axes, axis: int | None, *counts: Dim) -> Axes | None:
    place = None if axis is None else ax.position(axis, len(axes))
    return None if place is None else ax.resized(axes, place, axes[place].size * math.prod(counts))


def _window(axes: Axes, axis: int | None, size: Dim, step: Dim) -> Axes | None:
    """Return the number of windows along an axis, and their size as a last axis."""
    place = None if axis is None else ax.position(axis, len(axes))
    if place is None or step == 0:
        return None
    return (*(ax.resized(axes, place, (axes[place].size - size) // step + 1) or ()), Axis(size))


def _prepend(axes: Axes, other: Axes) -> Axes:
    return (*other, *axes)


def _kron(axes: Axes, other: Axes) -> Axes:
    rank = max(len(axes), len(other))
    pairs = zip(_padded(axes, rank), _padded(other, rank))
    return tuple(Axis(one.size * two.size, one.origin) for one, two in pairs)


def _embed_diagonal(axes: Axes, offset: Dim, first: int | None, second: int | None) -> Axes | None:
    """Return the matrices, in two new axes, that have the last axis as their diagonal."""
    rank, sign = len(axes) + 1, dims.sign(offset)
    places = [None if axis is None else ax.position(axis, rank) for axis in (first, second)]
    if not axes or sign is None or None in places or places[0] == places[1]:
        return None
    side, others = Axis(axes[-1].size + sign * offset, axes[-1].origin), iter(axes[:-1])
    return tuple(side if place in places else next(others) for place in range(rank))


def _diagonal(axes: Axes, offset: Dim, first: int | None = 0, second: int | None = 1) -> Axes | None:
    """Return the diagonal of two axes as a last one; of a vector, the matrix that has it as its diagonal."""
    sign = dims.sign(offset)
    if len(axes) == 1 and sign is not None:
        return (Axis(axes[0].size + sign * offset, axes[0].origin),) * 2
    places = [None if axis is None else ax.position(axis, len(axes)) for axis in (first, second)]
    if None in places or places[0] == places[1]:
        return None
    left = tuple(axis for place, axis in enumerate(axes) if place not in places)
    if sign is None:
        return (*left, Axis(dims.UNKNOWN_DIM))
    of_rows, of_columns = (axes[place] for place in places if place is not None)
    rows, columns = of_rows.size, of_columns.size
    if sign < 0:
        rows = rows + offset
    else:
        columns = columns - offset
    return (*left, Axis(_smaller(rows, columns), of_rows.origin))


def _smaller(one: Dim, other: Dim) -> Dim:
    """Return the smaller of two sizes, at least 0; unknown where that depends on symbols."""
    if isinstance(one, int) and isinstance(other, int):
        return max(min(one, other), 0)
    difference = dims.sign(one - other)
    size = one if difference in (0, -1) else other
    return size if difference is not None and dims.sign(size) == 1 else dims.UNKNOWN_DIM


def _new(axes: Axes, *sizes: Sequence[Dim]) -> Axes:
    return ax.sized(size for part in sizes for size in part)


def _range(axes: Axes, start: Dim, end: Dim, step: Dim) -> Axes:
    if step == 1:
        return ax.sized([end - start])
    if isinstance(start, int) and isinstance(end, int) and isinstance(step, int) and step:
        return ax.sized([len(range(start, end, step))])
    return ax.sized([dims.UNKNOWN_DIM])


PRIMITIVES: dict[str, Primitive] = {
    "same": Primitive(_same),
    "no_gradient": Primitive(_same),
    "along": Primitive(_same, ("axes",)),
    "along_each": Primitive(_same, ("axes",), distinct=True),
    "broadcast": Primitive(_broadcast, ("tensor",), refusals.broadcast),
    "against": Primitive(_against, ("tensor",), refusals.broadcast),
    "assign": Primitive(_same, ("tensor",), refusals.absorb),
    "like": Primitive(_like, ("tensor",)),
    "reshape_like": Primitive(_like, ("tensor",), refusals.reshape_like),
    "expand_like": Primitive(_like, ("tensor",), refusals.expand_like),
    "gather": Primitive(index_steps.gather, ("axis", "tensor"), index_steps.refuses_gather),
    "scatter": Primitive(_same, ("axis", "tensor", "tensor"), index_steps.refuses_scatter),
    "put": Primitive(_same, ("axis", "tensor", "tensor"), index_steps.refuses_put),
    "take_along": Primitive(index_steps.take_along, ("tensor", "axis"), index_steps.refuses_take_along),
    "places": Primitive(index_steps.places),
    "ends": Primitive(_same, ("sizes",), refusals.ends),
    "of_shape": Primitive(_same, ("tensor", "sizes"), refusals.of_shape),
    "channels": Primitive(_same, ("tensor", "flag"), layer_refusals.channels),
    "equal": Primitive(_same, ("tensor",), refusals.equal),
    "variance": Primitive(_same, ("tensor",), refusals.variance),
    "labels": Primitive(_labels, ("tensor", "flag"), refusals.labels),
    "groups": Primitive(_same, ("size",), layer_refusals.groups),
    "three": Primitive(_same, ("axes",), refusals.three),
    "reduce": Primitive(_reduce, ("axes", "flag"), distinct=True),
    "score": Primitive(_score, ("text",)),
    "flatten": Primitive(_flatten, ("axis", "axis")),
    "unflatten": Primitive(_unflatten, ("axis", "sizes"), refusals.unflatten),
    "reshape": Primitive(ax.reshape, ("sizes",), refusals.reshape),
    "permute": Primitive(_permute, ("sizes",), refusals.permute, distinct=True),
    "transpose": Primitive(_transpose, ("axis", "axis")),
    "move": Primitive(_move, ("axis", "axis")),
    "squeeze": Primitive(ax.squeeze, ("axes",), distinct=True),
    "unsqueeze": Primitive(_unsqueeze, ("new axis",)),
    "expand": Primitive(_expand, ("sizes",), refusals.expand),
    "repeat": Primitive(_repeat, ("sizes",), refusals.repeat),
    "tile": Primitive(_tile, ("sizes",)),
    "interleave": Primitive(_interleave, ("size", "axis")),
    "matmul": Primitive(ax.matmul, ("tensor",), refusals.matmul),
    "add_product": Primitive(_add_product, ("tensor", "tensor"), refusals.add_product),
    "add_outer": Primitive(_add_outer, ("tensor", "tensor"), refusals.add_outer),
    "tensordot": Primitive(_tensordot, ("tensor", "pairs"), refusals.tensordot),
    "part": Primitive(_part, ("axis", "size", "size"), refusals.part),
    "resize": Primitive(_resize, ("axis", "size")),
    "index": Primitive(index_steps.select, ("axis", "tensor"), index_steps.refuses_select),
    "pool": Primitive(_pool, ("number", "sizes")),
    "pad": Primitive(_pad, ("sizes", "text"), layer_refusals.pad),
    "ranks": Primitive(_same, ("number", "number"), layer_refusals.ranks),
    "matches": Primitive(_same, ("axis", "tensor", "number"), layer_refusals.matches),
    "divide": Primitive(_divide, ("axis", "size"), layer_refusals.divide),
    "scale": Primitive(_scale, ("axis", "size")),
    "window": Primitive(_window, ("axis", "size", "size"), layer_refusals.window),
    "prepend": Primitive(_prepend, ("tensor",)),
    "kron": Primitive(_kron, ("tensor",)),
    "selected": Primitive(_selected),
    "diagonal": Primitive(_diagonal, ("size", "axis")),
    "embed_diagonal": Primitive(_embed_diagonal, ("size", "new axis")),
    "append": Primitive(_append, ("size",)),
    "new": Primitive(_new, ("sizes",)),
    "range": Primitive(_range, ("size", "size", "size")),
    "split": Primitive(pieces.split, ("size or sizes", "axis"), refusals.split),
    "chunk": Primitive(pieces.chunk, ("size", "axis")),
    "sections": Primitive(pieces.sections, ("size or sizes", "axis")),
    "unbind": Primitive(pieces.unbind, ("axis",)),
    "pair": Primitive(pieces.pair),
    "both": Primitive(pieces.pair),
    "size": Primitive(_unknown, ("axis",)),
    "convolve": Primitive(_same, ("tensor", "size"), layer_refusals.convolve),
    "biased": Primitive(_same, ("tensor", "tensor", "number", "size"), layer_refusals.biased),
    "number": Primitive(_unknown, (), refusals.number),
    **dict.fromkeys(("rank", "count", "value", "asked", "unknown"), Primitive(_unknown)),
}
"""All primitives except those that take a list of tensors, which are in `shapelint.python.tensors.joining`."""
