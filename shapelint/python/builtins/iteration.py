"""Built-in functions on containers: `len`, `range`, `zip`, `dict` and the like."""

from __future__ import annotations

from collections.abc import Callable

from shapelint.python.objects import dicts, sets
from shapelint.python.state import class_lookup
from shapelint.python.state.arguments import Arguments, Keywords
from shapelint.python.state.joins import join
from shapelint.python.state.run import MAXIMUM_ELEMENTS, Run
from shapelint.python.state.value_facts import elements, integer, sequence
from shapelint.python.state.values import (
    UNKNOWN,
    Const,
    Data,
    Dataset,
    Function,
    Instance,
    Items,
    NumpyArray,
    Table,
    Tensor,
    Value,
)
from shapelint.python.tensors import fed_batches
from shapelint.python.tensors.tensor_axes import axes_of
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim

BuiltinHandler = Callable[[Run, list[Value], Keywords], Value]


def any_of(items: Items) -> Value:
    """Return one value for all elements: their join."""
    found = items.rest
    for item in items.items:
        found = item if found is None else join(found, item)
    return UNKNOWN if found is None else found


def _len(run: Run, values: list[Value], keywords: Keywords) -> Value:
    value = values[0] if values else UNKNOWN
    if isinstance(value, NumpyArray):
        return _len(run, [value.tensor], keywords)
    if isinstance(value, Tensor):
        axes = axes_of(value)
        return Const(axes[0].size) if axes else UNKNOWN
    if isinstance(value, Data):
        return Const(value.rows if value.joined else dims.symbol("V"))
    if isinstance(value, Dataset):
        return UNKNOWN if value.samples is None else Const(value.samples)
    if isinstance(value, Instance):
        return _own_length(run, value)
    items = elements(value)
    if items is None or (isinstance(value, Table) and (value.open or value.maybe_missing)):
        return UNKNOWN
    return Const(len(items.items)) if items.rest is None else Const(dims.symbol("V")) if not items.items else UNKNOWN


def _own_length(run: Run, value: Instance) -> Value:
    """Return what the `__len__` of a user-defined class says."""
    found = class_lookup.find(value.cls, "__len__") if value.cls is not None else None
    count = integer(run.call_function(found, Arguments(), value)) if isinstance(found, Function) else None
    return UNKNOWN if count is None else Const(count)


def _range(run: Run, values: list[Value], keywords: Keywords) -> Value:
    bounds = [integer(value) for value in values]
    numbers = [bound for bound in bounds if isinstance(bound, int)]
    if not 0 < len(numbers) == len(bounds) <= 3 or (len(numbers) == 3 and numbers[2] == 0):
        return Items([], "range", Const(dims.UNKNOWN_DIM))
    whole = range(*numbers)
    if len(whole) > MAXIMUM_ELEMENTS:
        return Items([], "range", Const(dims.UNKNOWN_DIM))
    return Items([Const(number) for number in whole], "range")


def _collect(kind: str) -> BuiltinHandler:
    def handler(run: Run, values: list[Value], keywords: Keywords) -> Value:
        if not values:
            return Items([], kind)

        found = elements(values[0]) if kind == "set" else sequence(values[0])
        items = found or run.rows(values[0], 0) or Items([], rest=UNKNOWN)
        if kind == "set":
            return sets.distinct(items)
        return Items(list(items.items), kind, items.rest, collected=items.collected)

    return handler


def _dict(run: Run, values: list[Value], keywords: Keywords) -> Value:

    return dicts.made(run, values[0] if values else None, keywords)


def column(run: Run, value: Value) -> Items | None:
    """Return the elements of a container, or the rows of a tensor; None if the value is neither."""
    return sequence(value) or (run.rows(value, 0) if isinstance(value, Tensor) else None)


def _zip(run: Run, values: list[Value], keywords: Keywords) -> Value:
    columns = [column(run, value) for value in values]
    known = [items for items in columns if items is not None]
    if len(known) == len(columns) and all(items.rest is None for items in known):
        return Items([Items(list(row), "tuple") for row in zip(*(items.items for items in known))], "iterator")
    return Items([], "list", Items([UNKNOWN if items is None else any_of(items) for items in columns], "tuple"))


def _enumerate(run: Run, values: list[Value], keywords: Keywords) -> Value:

    items = (sequence(values[0]) or run.rows(values[0], 0)) if values else None
    if items is None:
        return UNKNOWN
    given = values[1] if len(values) > 1 else keywords["start"].value if "start" in keywords else Const(0)
    start = integer(given)
    first: Dim = dims.UNKNOWN_DIM if start is None else start
    pairs: list[Value] = [Items([Const(first + i), item], "tuple") for i, item in enumerate(items.items)]
    rest = Items([Const(dims.UNKNOWN_DIM), items.rest], "tuple") if items.rest is not None else None
    return Items(pairs, "iterator", rest)


def _reversed(run: Run, values: list[Value], keywords: Keywords) -> Value:
    items = column(run, values[0]) if values else None
    if items is None:
        return UNKNOWN
    return Items(list(reversed(items.items)), "iterator") if items.rest is None else Items([], rest=any_of(items))


def _iter(run: Run, values: list[Value], keywords: Keywords) -> Value:

    if len(values) != 1 or isinstance(values[0], Data):
        return values[0] if len(values) == 1 else UNKNOWN
    if isinstance(values[0], Items) and values[0].kind == "iterator":
        return values[0]
    items = sequence(values[0]) or run.rows(values[0], 0)
    return UNKNOWN if items is None else Items(list(items.items), "iterator", items.rest)


def _next(run: Run, values: list[Value], keywords: Keywords) -> Value:
    """Return the first element, and remove it from an iterator."""
    items = values[0] if values else UNKNOWN
    if isinstance(items, Data) or not isinstance(items, Items):
        return items if isinstance(items, Data) else UNKNOWN
    if items.items and items.kind == "iterator":
        run.touch(items)
        return items.items.pop(0)
    if items.rest is None and not items.items:
        return values[1] if len(values) > 1 else UNKNOWN
    if len(values) > 1:
        return UNKNOWN
    first = any_of(Items(items.items[:1], "list", items.rest))
    return fed_batches.of_step(run, first, False) if run.feeds == "first" else first


CONTAINER_FUNCTIONS: dict[str, BuiltinHandler] = {
    "len": _len,
    "range": _range,
    "list": _collect("list"),
    "tuple": _collect("tuple"),
    "set": _collect("set"),
    "iter": _iter,
    "dict": _dict,
    "zip": _zip,
    "enumerate": _enumerate,
    "reversed": _reversed,
    "next": _next,
}
