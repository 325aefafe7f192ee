"""Sets: distinct elements in an unknown order."""

from __future__ import annotations

from shapelint.python.state.joins import all_of
from shapelint.python.state.values import Chained, Component, Const, Function, Items, Loss, UserClass, Value
from shapelint.shapes.dims import Expression

MAXIMUM_SET_SIZE = 128
UNLIKE_OTHERS = (Chained, Component, Function, Loss, UserClass)
"""Kinds of values that are equal to nothing but themselves."""


def distinct(items: Items) -> Items:
    """Return the set of some elements; its length is unknown if some of them may be equal."""
    found: list[Value] = []
    for item in items.items:
        equal = [_equal(item, other) for other in found]
        if True in equal:
            continue
        if None in equal or len(found) >= MAXIMUM_SET_SIZE:
            return Items([], "set", all_of([*items.items, *([] if items.rest is None else [items.rest])]))
        found.append(item)
    return Items(found, "set", items.rest)


def _equal(one: Value, other: Value) -> bool | None:
    if one is other:
        return True
    if isinstance(one, Const) and isinstance(other, Const):
        unknown = isinstance(one.value, Expression) or isinstance(other.value, Expression)
        return None if unknown else bool(one.value == other.value)
    return False if isinstance(one, UNLIKE_OTHERS) and isinstance(other, UNLIKE_OTHERS) else None
