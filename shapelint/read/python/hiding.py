"""What was done to a value in a way that cannot be followed: from there on what is in it is unknown."""

from __future__ import annotations

from shapelint.read.python.run import Run
from shapelint.read.python.values import (
    UNKNOWN,
    Bound,
    Chained,
    CommandLine,
    Component,
    Const,
    Instance,
    Items,
    Scope,
    Table,
    Unknown,
    UserClass,
    Value,
)

NAMESPACE = "__namespace__"
"""The key that marks a table whose keys are read as attributes."""


def hide(run: Run, value: Value | Scope | None) -> None:
    """Forget what is in an object."""
    if isinstance(value, Unknown) and value.inside is not None:
        hide(run, value.inside)
    elif isinstance(value, Bound):
        hide(run, value.owner)
    elif isinstance(value, UserClass):
        hide(run, value.scope)
    elif isinstance(value, Component):
        _component(run, value)
    elif isinstance(value, (Items, Table, Instance, Chained, CommandLine, Scope)):
        run.touch(value)
        _contents(value)
        if isinstance(value, Table):
            hide(run, value.of)


def _contents(value: Items | Table | Instance | Chained | CommandLine | Scope) -> None:
    if isinstance(value, Items):
        value.items, value.rest, value.shape_of = [], UNKNOWN, None
    elif isinstance(value, Table):
        value.items = {key: item if key == NAMESPACE else UNKNOWN for key, item in value.items.items()}
        value.open = True
    elif isinstance(value, Chained):
        value.rest = UNKNOWN
    elif isinstance(value, CommandLine):
        value.defaults = dict.fromkeys(value.defaults, UNKNOWN)
    elif isinstance(value, Instance):
        value.opaque, value.attributes = True, _without_numbers(value.attributes)
    else:
        value.names = _without_numbers(value.names)


def _without_numbers(names: dict[str, Value]) -> dict[str, Value]:
    """Names whose numbers, texts and containers may have changed; a module stays what it is."""
    return {name: UNKNOWN if isinstance(value, (Const, Items, Table)) else value for name, value in names.items()}


def _component(run: Run, component: Component) -> None:
    """A model whose part is hidden is hidden with it, and its other parts are."""
    whole = component.part_of if isinstance(component.part_of, Component) else component
    waiting = [whole, component]
    while waiting:
        one = waiting.pop()
        if not one.hidden:
            run.touch(one)
            one.hidden = True
            waiting += one.parts.values()
