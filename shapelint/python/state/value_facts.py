"""Facts about any value: its integer, its truth value, its elements."""

from __future__ import annotations

from shapelint.common.frozen import replace
from shapelint.python.state import class_lookup
from shapelint.python.state.values import (
    UNKNOWN,
    Bound,
    Chained,
    Choice,
    CommandLine,
    Component,
    Const,
    Data,
    Function,
    Instance,
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
    birth,
)
from shapelint.shapes.dims import Dim, Expression
from shapelint.spec.spec import Cause

MAXIMUM_AMONG = 24
LONGEST_LIST = 6
"""Number of candidates up to which each is named."""


def unknown_among(*values: Value | None) -> Unknown:
    """Return an unknown value that is one of these or inside one: whatever is done to it may be done to any of them."""
    found: dict[int, Value] = {}
    for value in values:
        for one in value.inside if isinstance(value, Unknown) else (value,):
            if isinstance(one, (Items, Table, Node, CommandLine, UserClass, Function, Method, Partial)):
                found[id(one)] = one
    cause = cause_among(*values)
    return Unknown(cause, tuple(found.values())[:MAXIMUM_AMONG]) if found or cause else UNKNOWN


def one_of(
    values: tuple[Value, ...], key: str = "", cause: Cause | None = None, changes: Table | None = None
) -> Unknown:
    """Return an unknown value that is one of these as a whole; those that are chosen by one key are chosen together."""
    if len(values) > MAXIMUM_AMONG:
        return unknown_among(*values)
    return Unknown(cause or _which(values), values, choice=Choice(key or f"of{birth()}", changes or Table({})))


def _which(values: tuple[Value, ...]) -> Cause | None:
    names = list(dict.fromkeys(map(_display, values)))
    return Cause(f"which of {' and '.join(names)} it is is not known") if 1 < len(names) <= LONGEST_LIST else None


def _display(value: Value) -> str:
    """Return the name of a network, or of what builds one."""
    if isinstance(value, Instance) and value.cls is not None:
        return value.cls.name
    if isinstance(value, Component):
        return value.spec.target.rpartition(".")[2]
    return str(getattr(value, "name", "")).rpartition(".")[2] or "a network"


def cause_among(*values: Value | None) -> Cause | None:
    """Return the first cause for which one of these values is unknown, or a tensor that no component made."""
    for value in values:
        cause = value.cause if isinstance(value, Unknown) else None
        if isinstance(value, Tensor) and value.flow.value is None:
            cause = value.flow.maker.cause
        if cause is not None:
            return cause
    return None


def cause_of(value: Value | None) -> Cause | None:
    """Return the cause for which a value is unknown, or the keys of a dict."""
    return value.cause if isinstance(value, Table) else cause_among(value)


def blamed(value: Value, *sources: Value | None) -> Value:
    """Return a value that is unknown with the cause for which one of its sources is, unless it has one of its own."""
    if not isinstance(value, Unknown) or value.cause is not None:
        return value
    cause = cause_among(*sources)
    return value if cause is None else replace(value, cause=cause)


def integer(value: Value | None) -> Dim | None:
    """Return a value as a dimension; None if it is not one."""
    if isinstance(value, Const) and isinstance(value.value, (int, Expression)) and not isinstance(value.value, bool):
        return value.value
    return None


def is_number(value: Value) -> bool:
    """Return whether a value is a plain number for certain."""
    if isinstance(value, Const):
        return isinstance(value.value, (int, float, Expression))
    return isinstance(value, Unknown) and value.is_number


def truth(value: Value) -> bool | None:
    """Return the truth value of a value; None if it is unknown."""
    if isinstance(value, Const):
        return None if isinstance(value.value, Expression) else bool(value.value)
    if isinstance(value, Items):
        return True if value.items else None if value.rest is not None else False
    if isinstance(value, Table):
        return True if value.items.keys() - value.maybe_missing else None if value.open or value.items else False
    if isinstance(value, Library):
        last = value.name.rpartition(".")[2]
        return True if last[:1].isupper() and not last.isupper() else None
    if isinstance(value, Instance) and value.cls is not None:
        own = (class_lookup.find(value.cls, name) for name in ("__bool__", "__len__"))
        return None if isinstance(value.base, Chained) or any(one is not None for one in own) else True
    return None if isinstance(value, (Unknown, Tensor, Data, Chained, Bound)) else True


def _views(data: Data) -> Items:
    """Return the elements of data: one for each view if the views differ in size."""
    if data.size is not None or not data.sizes:
        return Items([], rest=data)
    if data.labelled:
        return Items([replace(data, labelled=False)], rest=replace(data, sizes=()))
    return Items([replace(data, sizes=(size,)) for size in data.sizes])


def _of_named_tuple(value: Instance) -> Items | None:
    """Return the elements of a named tuple; None for any other object."""
    line = class_lookup.resolution_order(value.cls) if value.cls is not None else []
    made = [one for one in line if isinstance(one, UserClass) and Library("typing.NamedTuple") in one.bases]
    if not made or not made[0].fields:
        return None
    return Items([value.attributes.get(field.name, UNKNOWN) for field in made[0].fields], "tuple")


def elements(value: Value) -> Items | None:
    """Return the elements of a value in any order; None if they are unknown."""
    return value if isinstance(value, Items) else sequence(value)


def sequence(value: Value) -> Items | None:
    """Return the elements of a value in iteration order, which a set does not have; None if they are unknown."""
    if isinstance(value, Items):
        return Items([], rest=UNKNOWN) if value.kind == "set" and len(value.items) > 1 else value
    if isinstance(value, Table) and not value.open and not value.maybe_missing:
        return Items([Const(key) for key in value.items])
    if isinstance(value, Instance):
        return _of_named_tuple(value)
    if isinstance(value, Chained):
        names = [Const(key) for key in value.children]
        return Items(list(names) if value.kind == "ModuleDict" else list(value.children.values()), rest=value.rest)
    if isinstance(value, Data):
        return _views(value)
    if isinstance(value, Const) and isinstance(value.value, str) and len(value.value) < 100:
        return Items([Const(character) for character in value.value])
    return None
