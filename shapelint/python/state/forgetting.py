"""Forget the contents of a value that was changed in a way that cannot be followed."""

from __future__ import annotations

from typing import Any

from shapelint.python.state.run import Run
from shapelint.python.state.values import (
    CHANGED,
    UNKNOWN,
    Bound,
    Chained,
    CommandLine,
    Component,
    Const,
    Dataset,
    Instance,
    Items,
    Scope,
    Table,
    Tensor,
    Unknown,
    UserClass,
    Value,
)
from shapelint.spec.spec import Cause


def forget(run: Run, value: Value | Scope | None, cause: Cause | None = None) -> None:
    """Forget the contents of a value or scope; `cause` is why they are not known, if there is a better one."""
    if isinstance(value, Unknown):
        run.rewritten += 1
        for one in value.inside:
            forget(run, one, cause)
        forget(run, value.choice.changes if value.choice is not None else None, cause)
    elif isinstance(value, Bound):
        forget(run, value.owner, cause)
    elif isinstance(value, UserClass):
        forget(run, value.scope, cause)
    elif isinstance(value, Component):
        _component(run, value)
    elif isinstance(value, Tensor):
        if value.ones is not None:
            value.ones.count = None
    elif isinstance(value, Dataset):
        run.touch(value)
        value.samples, value.labelled = None, False
    elif isinstance(value, (Items, Table, Instance, Chained, CommandLine, Scope)):
        run.touch(value)
        for one in value.one_of if isinstance(value, Items) else ():
            forget(run, one, cause)
        _contents(value, cause)
        if isinstance(value, Table):
            forget(run, value.of, cause)
        for parent in value.shared.values() if isinstance(value, CommandLine) else ():
            forget(run, parent, cause)


MAXIMUM_FORGET_DEPTH = 4


def forget_recursively(run: Run, value: Value, depth: int = 0) -> None:
    """Forget the contents of a value and, recursively, of everything it holds."""
    forget(run, value)
    held: list[Value] = []
    if isinstance(value, Instance):
        held = [*value.attributes.values(), *([] if value.base is None else [value.base])]
    elif isinstance(value, Chained):
        held = list(value.children.values())
    elif isinstance(value, Unknown):
        held = list(value.inside)
    for one in held if depth < MAXIMUM_FORGET_DEPTH else ():
        forget_recursively(run, one, depth + 1)


def forget_all_attributes(run: Run, owner: Instance, cause: Cause | None = None) -> None:
    """Forget everything about an object, including its modules."""
    run.touch(owner)
    owner.opaque, owner.cause = True, owner.cause or cause
    owner.base = UNKNOWN if owner.base is not None else None
    owner.hyperparameters = UNKNOWN if owner.hyperparameters is not None else None
    _forget(owner.attributes, {})


def _contents(value: Items | Table | Instance | Chained | CommandLine | Scope, cause: Cause | None) -> None:
    lost = CHANGED if cause is None else Unknown(cause)
    if isinstance(value, Items):
        value.items, value.rest, value.shape_of = [], UNKNOWN if cause is None else lost, None
        value.collected = None
    elif isinstance(value, Table):
        _forget(value.items, {}, lost)
        value.open, value.maybe_missing, value.cause = True, frozenset(value.items), value.cause or cause
    elif isinstance(value, Chained):
        value.rest = UNKNOWN
    elif isinstance(value, CommandLine):
        _forget(value.defaults, {}, lost)
    elif isinstance(value, Instance):
        value.opaque, value.cause = True, value.cause or cause
        value.hyperparameters = UNKNOWN if value.hyperparameters is not None else None
        _forget(value.attributes, _lasting(value.attributes), lost)
    else:
        _forget(value.names, _lasting(value.names), lost)


def _forget(names: dict[Any, Value], kept: dict[Any, Value], lost: Value = CHANGED) -> None:
    """Set all values of a dict to an unknown one except those to keep; the dict stays the same object."""
    names.update({name: kept.get(name, lost) for name in names})


def _lasting(names: dict[str, Value]) -> dict[str, Value]:
    """Return the values that outlast unknown changes to numbers and containers: modules, functions, classes."""
    return {name: value for name, value in names.items() if not isinstance(value, (Const, Items, Table))}


def _component(run: Run, component: Component) -> None:
    """Forget a component together with the model it is part of, and thereby all other parts of that model."""
    whole = component.part_of if isinstance(component.part_of, Component) else component
    waiting = [whole, component]
    while waiting:
        one = waiting.pop()
        if not one.forgotten:
            run.touch(one)
            one.forgotten = True
            waiting += one.parts.values()
