"""What can be asked of any value: its number, its truth, its elements."""

from __future__ import annotations

from dataclasses import replace

from shapelint.python.state.values import (
    UNKNOWN,
    Bound,
    Chained,
    CommandLine,
    Const,
    Data,
    Function,
    Items,
    Library,
    Method,
    Node,
    Partial,
    Table,
    Tensor,
    Unknown,
    UserClass,
    Value,
)
from shapelint.shapes.dims import Dim, Expression

MAXIMUM_AMONG = 24


def among(*values: Value | None) -> Unknown:
    """Something that is one of these values, or inside one: whatever is done to it may be done to any of them."""
    found: dict[int, Value] = {}
    for value in values:
        for one in value.inside if isinstance(value, Unknown) else (value,):
            if isinstance(one, (Items, Table, Node, CommandLine, UserClass, Function, Method, Partial)):
                found[id(one)] = one
    return Unknown(inside=tuple(found.values())[:MAXIMUM_AMONG]) if found else UNKNOWN


def integer(value: Value | None) -> Dim | None:
    """The dimension that a value is, or None."""
    if isinstance(value, Const) and isinstance(value.value, (int, Expression)) and not isinstance(value.value, bool):
        return value.value
    return None


def truth(value: Value) -> bool | None:
    """Whether a value counts as true; None where that is not known."""
    if isinstance(value, Const):
        return None if isinstance(value.value, Expression) else bool(value.value)
    if isinstance(value, Items):
        return True if value.items else None if value.rest is not None else False
    if isinstance(value, Table):
        return True if value.items.keys() - value.perhaps else None if value.open or value.items else False
    if isinstance(value, Library):
        return True if value.name.rpartition(".")[2][:1].isupper() and not value.name.isupper() else None
    return None if isinstance(value, (Unknown, Tensor, Data, Chained, Bound)) else True


def _views(data: Data) -> Items:
    """What is in data: the views one by one where they differ in size."""
    if data.size is not None or not data.sizes:
        return Items([], rest=data)
    if data.labelled:
        return Items([replace(data, labelled=False)], rest=replace(data, sizes=()))
    return Items([replace(data, sizes=(size,)) for size in data.sizes])


def elements(value: Value) -> Items | None:
    """What is in a value, in whatever order, or None where that is not known."""
    return value if isinstance(value, Items) else sequence(value)


def sequence(value: Value) -> Items | None:
    """A value as the elements that iterating over it gives, or None where they are not known; a set has no order."""
    if isinstance(value, Items):
        return Items([], rest=UNKNOWN) if value.kind == "set" and len(value.items) > 1 else value
    if isinstance(value, Table) and not value.open and not value.perhaps:
        return Items([Const(key) for key in value.items])
    if isinstance(value, Chained):
        names = [Const(key) for key in value.children]
        return Items(list(names) if value.kind == "ModuleDict" else list(value.children.values()), rest=value.rest)
    if isinstance(value, Data):
        return _views(value)
    if isinstance(value, Const) and isinstance(value.value, str) and len(value.value) < 100:
        return Items([Const(character) for character in value.value])
    return None
