"""How much a list collects in a loop over all batches of a loader: what `torch.cat` and `np.array` make of it.

Only a run that feeds an epoch counts. The list is empty before the loop, and each iteration does the same to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shapelint.common.frozen import replace
from shapelint.python.state import loader_rows
from shapelint.python.state.journal import State
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import is_number
from shapelint.python.state.values import Const, Data, Gathered, Items, NumpyArray, Tensor, Value
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors.tensor_axes import axes_of
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim, Expression

NO_ELEMENTS = Gathered(0, 0)
Tensors = dict[str, Tensor]
Lists = dict[int, tuple[Items, Gathered]]
"""Lists that a loop fills, by identity, each with what one iteration adds to it."""


def rows_of(value: Value | None) -> Dim | None:
    """Return the rows of a tensor, an array or a batch; None if they are not known."""
    if isinstance(value, Data):
        return value.rows
    tensor = value.tensor if isinstance(value, NumpyArray) else value
    axes = axes_of(tensor) if isinstance(tensor, Tensor) else None
    return axes[0].size if axes else None


def of(items: Items) -> Gathered | None:
    """Return how much there is in a list; None if that is not known."""
    if items.rest is not None:
        return None if items.items else items.collected
    return Gathered(len(items.items), _sum(map(rows_of, items.items)))


def numbers_in(items: Items) -> Dim | None:
    """Return how many plain numbers there are in a list of them; None for any other list."""
    whole = [*items.items, *([] if items.rest is None else [items.rest])]
    found = of(items) if items.kind in ("list", "tuple") else None
    return found.count if found is not None and whole and all(map(is_number, whole)) else None


def sizes_in(items: Items) -> list[Dim] | None:
    """Return the sizes of a list of plain numbers, or of lists of them; None for any other list."""
    size = numbers_in(items)
    if size is not None:
        return [size]
    rows = [sizes_in(row) if isinstance(row, Items) else None for row in items.items]
    if items.kind not in ("list", "tuple") or items.rest is not None or not rows or any(row != rows[0] for row in rows):
        return None
    return None if rows[0] is None else [len(rows), *rows[0]]


def are_whole(items: Items) -> bool:
    """Return whether a list, or those in it, hold whole numbers alone."""
    return items.rest is None and all(
        are_whole(one) if isinstance(one, Items) else isinstance(one, Const) and type(one.value) is int
        for one in items.items
    )


def with_one(owner: Items, value: Value) -> Gathered | None:
    """Return how much there is in a list behind one more element."""
    return _added(of(owner), Gathered(1, rows_of(value)))


def with_all(owner: Items, more: Value) -> Gathered | None:
    """Return how much there is in a list behind the elements of another value."""
    if isinstance(more, (Tensor, NumpyArray)):
        return _added(of(owner), Gathered(rows_of(more), None))
    return _added(of(owner), of(more) if isinstance(more, Items) else None)


def part(whole: Gathered | None, start: int | None, stop: int | None) -> Gathered | None:
    """Return how much there is in a slice of a list; the rows of some elements are not known."""
    if whole is None or (not start and stop is None):
        return whole
    return None if whole.count is None else Gathered(ax.sliced(whole.count, start, stop), None)


def repeated(items: Items, times: int) -> Items | None:
    """Return a list several times over; None if it is not known how much there is in it."""
    found = items.collected
    if found is None or items.items:
        return None
    several = [None if size is None else size * times for size in (found.count, found.rows)]
    return Items([], items.kind, items.rest, collected=Gathered(*several))


def filled(after: State, before: Lists | None) -> Lists:
    """Return the empty lists that an iteration has filled, as those `before` it did; none of it may be in effect."""
    if before is not None:
        return {key: (holder, more) for key, (holder, more) in before.items() if _content(after, key) == more}
    empty = {
        key: holder for key, (holder, _) in after.items() if isinstance(holder, Items) and of(holder) == NO_ELEMENTS
    }
    found = {key: (holder, _content(after, key)) for key, holder in empty.items()}
    return {key: (holder, more) for key, (holder, more) in found.items() if more is not None and more != NO_ELEMENTS}


def grown(before: Mapping[str, Value], after: Mapping[str, Value], once: Tensors | None) -> Tensors:
    """Return the tensors of names to which an iteration has added rows, as many as the one before, which made them.

    `once` are those that the first iteration made of nothing: all of those that it made, if this is the first.
    """
    tensors = {name: value for name, value in after.items() if isinstance(value, Tensor) and rows_of(value) is not None}
    if once is None:
        return {name: value for name, value in tensors.items() if is_nothing(before.get(name))}
    return {name: value for name, value in once.items() if name in tensors and _is_twice(tensors[name], value)}


def _is_twice(grown_: Tensor, one: Tensor) -> bool:
    """Return whether a tensor has twice the rows of another, and is like it otherwise."""
    have, want = axes_of(grown_), axes_of(one)
    if have is None or want is None:
        return False
    return [axis.size for axis in have] == [2 * want[0].size, *(axis.size for axis in want[1:])]


def is_nothing(value: Value | None) -> bool:
    """Return whether a tensor can be accumulated from a value: None, 0, or a tensor without elements."""
    if isinstance(value, Tensor):
        return value.shape == (0,)
    return isinstance(value, Const) and not isinstance(value.value, Expression) and value.value in (None, 0)


def of_any_length(one: Tensor) -> Tensor:
    """Return a tensor that a loop accumulates: how many rows it has at the end is not known if they are a number."""
    axes = axes_of(one)
    if axes is None or len(axes) < 2 or not isinstance(axes[0].size, int):
        return one
    return replace(one, flow=ax.flow((replace(axes[0], size=dims.UNKNOWN_DIM), *axes[1:]), one.flow.maker))


def over_an_epoch(run: Run, number: int, one: Tensor) -> Tensor | None:
    """Return a tensor that grows by this one for each batch of a loader; None if its rows are not known."""
    axes, rows = axes_of(one), _times(run, number, rows_of(one))
    if axes is None or rows is None:
        return None
    return replace(one, flow=ax.flow((replace(axes[0], size=rows), *axes[1:]), one.flow.maker))


def set_to(run: Run, lists: Iterable[tuple[Items, Gathered | None]]) -> None:
    """Say how much there is in some lists."""
    for holder, collected in lists:
        run.touch(holder)
        holder.collected = collected


def in_an_epoch(run: Run, number: int, one: Gathered) -> Gathered:
    """Return what all iterations over a loader collect if each adds this much."""
    return Gathered(_times(run, number, one.count), _times(run, number, one.rows))


def _times(run: Run, number: int, size: Dim | None) -> Dim | None:
    """Return what a size is in all batches together: some of each, or a multiple of their rows."""
    loader = run.loaders[number]
    if size is None or isinstance(size, int):
        return None if size is None or loader.batches is None else size * loader.batches
    multiple, rows = ax.divided(size, loader_rows.symbol(number)), loader.rows_of_an_epoch
    if not isinstance(multiple, int):
        return None
    return multiple * (loader_rows.in_an_epoch(number) if rows is None else rows)


def _content(state: State, key: int) -> Gathered | None:
    if key not in state:
        return None
    _, (items, rest, collected) = state[key]
    return of(Items(items, rest=rest, collected=collected))


def _added(one: Gathered | None, two: Gathered | None) -> Gathered | None:
    if one is None or two is None:
        return None
    return Gathered(_sum((one.count, two.count)), _sum((one.rows, two.rows)))


def _sum(sizes: Iterable[Dim | None]) -> Dim | None:
    total: Dim = 0
    for size in sizes:
        if size is None:
            return None
        total = total + size
    return total
