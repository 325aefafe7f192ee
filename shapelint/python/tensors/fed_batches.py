"""Batches whose number of rows is a number: what a loop over a data loader gets in a run that feeds one of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from shapelint.common.frozen import replace
from shapelint.python.state import loader_rows
from shapelint.python.state.loader_rows import LoaderRows
from shapelint.python.state.run import Run
from shapelint.python.state.values import Const, Data, Items, Table, Tensor, Unknown, Value
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim, Expression

LEAVES = (ast.Break, ast.Return, ast.Yield, ast.YieldFrom)
"""Statements by which a loop may end, or wait, before its last batch."""
MAXIMUM_BATCH_DEPTH = 4


@contextmanager
def feeding(run: Run, loader: LoaderRows | None) -> Iterator[None]:
    """Run a block for a batch of a loader, if there is one."""
    before = run.fed, run.fed_level
    if loader is not None:
        run.fed, run.fed_level = loader, -1
    try:
        yield
    finally:
        run.fed, run.fed_level = before


def of_loop(
    run: Run, items: Items, node: ast.For | ast.AsyncFor | ast.comprehension
) -> tuple[Items, LoaderRows | None]:
    """Return what a loop iterates over, and the loader whose batches have become a number of rows."""
    if run.feeds in ("", "epoch") or items.rest is None:
        return items, None
    numbers = set(loaders_in(items.rest))
    if len(numbers) > 1 and run.feeds == "first":
        return _side_by_side(run, items, sorted(numbers))
    if len(numbers) != 1 or (run.feeds != "first" and not _comes_to_the_end(items.rest, node)):
        return items, None
    number = numbers.pop()
    batch = with_rows(run, items.rest, number)
    return (items, None) if batch is None else (Items(items.items, items.kind, batch), run.loaders[number])


def whole_loader(run: Run, items: Items, node: ast.For | ast.AsyncFor | ast.comprehension) -> int | None:
    """Return the loader of which a loop takes every batch, by number, in a run that feeds an epoch; None for others."""
    if run.feeds != "epoch" or items.items or items.rest is None:
        return None
    if items.kind == "iterator" and not isinstance(node.iter, ast.Call):
        return None  # Some of its batches may have been taken before.
    numbers = set(loaders_in(items.rest))
    return numbers.pop() if len(numbers) == 1 and _comes_to_the_end(items.rest, node) else None


def _side_by_side(run: Run, items: Items, numbers: Sequence[int]) -> tuple[Items, LoaderRows | None]:
    """Return the first batches of several loaders that a loop takes at once."""
    batch = items.rest
    for number in numbers:
        batch = with_rows(run, batch, number) if batch is not None else None
    return (items, None) if batch is None else (Items(items.items, items.kind, batch), run.loaders[numbers[0]])


def of_step(run: Run, batch: Value, is_whole: bool) -> Value:
    """Return the batch that a training step gets; the last one only if it `is_whole`: every batch comes to it."""
    numbers = set(loaders_in(batch))
    if len(numbers) != 1 or not (is_whole or run.feeds in ("first", "shorter", "half")):
        return batch
    number = numbers.pop()
    run.fed = run.loaders[number]
    return with_rows(run, batch, number) or batch


def with_rows(run: Run, batch: Value, number: int) -> Value | None:
    """Return a batch of a loader with the number of rows that this run feeds; None if there is no such batch."""
    rows = run.loaders[number].of(run.feeds)
    if rows is None:
        return None
    (name,) = dims.names(loader_rows.symbol(number))
    return substituted(batch, {name: rows})


def _comes_to_the_end(batch: Value, node: ast.For | ast.AsyncFor | ast.comprehension) -> bool:
    """Return whether a loop takes every batch of a loader, which one over `zip` may not."""
    iterator = node.iter.func if isinstance(node.iter, ast.Call) else None
    is_counted = isinstance(iterator, ast.Name) and iterator.id == "enumerate"
    is_left = not isinstance(node, ast.comprehension) and may_leave(node.body)
    return not is_left and (is_counted or not isinstance(batch, Items) or batch.kind != "tuple")


def may_leave(body: Sequence[ast.stmt]) -> bool:
    """Return whether a loop with this body may end, or wait, before its last iteration."""
    return any(isinstance(part, LEAVES) for statement in body for part in ast.walk(statement))


def loaders_in(value: Value, depth: int = 0) -> Iterator[int]:
    """Yield the loaders whose rows are in a value, by number."""
    if depth > MAXIMUM_BATCH_DEPTH:
        return
    sizes: Sequence[Dim] = ()
    if isinstance(value, Data):
        sizes = (value.rows,)
    elif isinstance(value, Tensor):
        sizes = value.shape or ()
    for name in (name for size in sizes for name in dims.names(size)):
        number = loader_rows.number_of(name)
        if number is not None:
            yield number
    for one in _inside(value):
        yield from loaders_in(one, depth + 1)


def size_in(run: Run, batch: Value) -> int | None:
    """Return the size of the batches of the loader that gives one, in a run in which that is a number."""
    numbers = set(loaders_in(batch))
    return run.loaders[numbers.pop()].size or None if len(numbers) == 1 else None


def _inside(value: Value) -> list[Value]:
    if isinstance(value, Items):
        return [*value.items, *([value.rest] if value.rest is not None else [])]
    return list(value.items.values()) if isinstance(value, Table) else []


def substituted(value: Value, rows: Mapping[str, Dim], depth: int = 0) -> Value:
    """Return a value with numbers in the place of symbols."""
    if isinstance(value, Const) and isinstance(value.value, Expression):
        return replace(value, value=dims.substitute(value.value, rows))
    if isinstance(value, Unknown) and value.number is not None and isinstance(dims.substitute(value.number, rows), int):
        return Const(dims.substitute(value.number, rows))
    if isinstance(value, Data):
        return replace(value, rows=dims.substitute(value.rows, rows))
    if isinstance(value, Tensor) and isinstance(value.flow.value, tuple):
        sizes = tuple(dims.substitute(size, rows) for size in value.flow.value if not isinstance(size, str))
        return replace(value, flow=replace(value.flow, value=sizes), ones=None)
    if depth > MAXIMUM_BATCH_DEPTH:
        return value
    if isinstance(value, Items):
        rest = None if value.rest is None else substituted(value.rest, rows, depth + 1)
        return Items([substituted(item, rows, depth + 1) for item in value.items], value.kind, rest)
    if isinstance(value, Table):
        return replace(value, items={key: substituted(item, rows, depth + 1) for key, item in value.items.items()})
    return value
