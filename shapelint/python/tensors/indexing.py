"""Indices of tensors: numbers drop an axis, slices shorten it, None adds one, and tensors or lists select from it.

Several that select from axes of their own are broadcast together: `x[rows, columns]` takes one element for each pair.
https://numpy.org/doc/stable/user/basics.indexing.html#advanced-indexing, which torch follows.
"""

from __future__ import annotations

from collections.abc import Sequence

from shapelint.chain.chain import Flow
from shapelint.common.frozen import frozen
from shapelint.python.state.value_facts import integer
from shapelint.python.state.values import Const, Items, Tensor, Unknown, Value
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors import mask_counts, refusals
from shapelint.python.tensors.axes import Axes, Axis
from shapelint.python.tensors.tensor_axes import axes_of
from shapelint.shapes import dims


@frozen
class Selected:
    """What a tensor or a list selects: the axes that it gives, and how many axes of the tensor it takes for them."""

    axes: Axes
    taken: int = 1


def indexed(owner: Tensor, index: Value) -> Tensor:
    """Return what an index takes of a tensor."""
    axes = axes_of(owner)
    parts = index.items if isinstance(index, Items) and index.kind == "tuple" else [index]
    result = None if axes is None else _indexed(axes, parts)
    flow = Flow(None, (), owner.flow.maker) if result is None else ax.flow(result, owner.flow.maker)
    return Tensor(flow, owner.trains, is_mask=owner.is_mask, is_index=owner.is_index)


def _indexed(axes: Axes, parts: Sequence[Value]) -> Axes | None:
    """Return the axes that an index leaves; None if they are not known."""
    result: list[Axis] = []
    selected: list[tuple[int, Selected]] = []
    place, front = 0, 0
    for number, part in enumerate(parts):
        if isinstance(part, Const) and part.value is ...:
            skip = len(axes) - place - sum(map(_takes, parts[number + 1 :]))
            if skip < 0:
                return None
            result += axes[place : place + skip]
            place += skip
        elif isinstance(part, Const) and part.value is None:
            result.append(Axis(1))
        elif place >= len(axes):
            return None
        elif isinstance(part, Items) and part.kind == "slice":
            result.append(Axis(length(axes[place], part), axes[place].origin))
            place += 1
        elif integer(part) is not None or (isinstance(part, Unknown) and part.is_number):
            place += 1
        else:
            found = _selected(part, axes[place:])
            if found is None:
                return None
            front = front if selected else len(result)
            selected.append((number, found))
            place += found.taken
    if selected:
        numbers = [number for number, _ in selected]
        together = ax.broadcast_all(one.axes for _, one in selected)
        if together is None:
            return None
        front = front if _are_adjacent(parts, numbers) else 0
        result[front:front] = together
    return (*result, *axes[place:])


def _are_adjacent(parts: Sequence[Value], numbers: Sequence[int]) -> bool:
    """Return whether nothing but numbers stands between the first and the last selection."""
    between = parts[numbers[0] : numbers[-1] + 1]
    return all(not _is_kept(part) for part in between)


def _is_kept(part: Value) -> bool:
    """Return whether a part of an index is a slice, `...` or None, which select nothing."""
    if isinstance(part, Const):
        return part.value is None or part.value is ...
    return isinstance(part, Items) and part.kind == "slice"


def axes_asked(parts: Sequence[Value]) -> int | None:
    """Return how many axes an index is for at least; None if a part of it may be None, which is for none."""
    known = all(isinstance(part, (Const, Items, Tensor)) for part in parts)
    return sum(map(_takes, parts)) if known else None


def _takes(part: Value) -> int:
    """Return how many axes a part of an index is for."""
    if isinstance(part, Const) and (part.value is None or part.value is ...):
        return 0
    return len(axes_of(part) or (None,)) if isinstance(part, Tensor) and part.is_mask else 1


def _selected(part: Value, axes: Axes) -> Selected | None:
    """Return what a tensor or a list selects of the first of these axes; None if that is not known.

    A mask takes as many axes as it has, and gives one of unknown length; numbers take one axis and give those that they
    have. Whether a tensor is a mask may not be known: one of another size than what it selects from is none.
    """
    if isinstance(part, Items):
        count = _count(part)
        return None if count is None else Selected((Axis(count, axes[0].origin),))
    chosen = axes_of(part) if isinstance(part, Tensor) else None
    if chosen is None or not isinstance(part, Tensor):
        return None
    is_whole = not any(refusals.differ(one.size, two.size) for one, two in zip(chosen, axes))
    some = Axis(mask_counts.selects(part) if is_whole else dims.UNKNOWN_DIM, axes[0].origin)
    if not chosen:
        return None if part.is_mask else Selected(())
    if part.is_index:
        return Selected((Axis(chosen[0].size, axes[0].origin),) if len(chosen) == 1 else chosen)
    if part.is_mask or len(chosen) == 1:
        by_value = not part.is_mask and refusals.differ(chosen[0].size, axes[0].size)
        one = Axis(chosen[0].size, axes[0].origin) if by_value else some
        return Selected((one,), len(chosen)) if len(chosen) <= len(axes) else None
    is_none = len(chosen) > len(axes) or any(refusals.differ(one.size, two.size) for one, two in zip(chosen, axes))
    return Selected(chosen) if is_none else None


def _count(listed: Items) -> int | None:
    """Return how many elements a list of numbers or of truth values selects."""
    values = [item.value if isinstance(item, Const) else None for item in listed.items]
    if listed.rest is not None or any(isinstance(item, (Items, Tensor)) for item in listed.items):
        return None
    if any(isinstance(value, bool) for value in values):
        return sum(map(bool, values)) if all(isinstance(value, bool) for value in values) else None
    return len(values)


def length(axis: Axis, part: Items) -> dims.Dim:
    """Return how much of an axis a slice leaves."""
    start, stop, step = part.items
    values = [None if isinstance(p, Const) and p.value is None else integer(p) for p in (start, stop)]
    unknown = any(v is None and not (isinstance(p, Const) and p.value is None) for v, p in zip(values, (start, stop)))
    stride = integer(step) if not (isinstance(step, Const) and step.value is None) else 1
    if unknown or not isinstance(stride, int):
        return dims.UNKNOWN_DIM
    return ax.sliced(axis.size, values[0], values[1], stride)
