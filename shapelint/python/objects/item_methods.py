"""Objects of user-defined classes as containers: calls of their `__getitem__` and `__setitem__`."""

from __future__ import annotations

from shapelint.python.state import class_lookup
from shapelint.python.state.arguments import Arguments
from shapelint.python.state.forgetting import forget
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import unknown_among
from shapelint.python.state.values import NO_SPAN, Function, Given, Instance, Value


def get_item(run: Run, owner: Instance, index: Value) -> Value:
    """Evaluate `owner[index]`."""
    found = class_lookup.find(owner.cls, "__getitem__") if owner.cls is not None else None
    if not isinstance(found, Function):
        return unknown_among(owner)
    return run.call_function(found, Arguments((Given(index, NO_SPAN),)), owner)


def set_item(run: Run, owner: Instance, index: Value, value: Value) -> None:
    """Perform `owner[index] = value`."""
    found = class_lookup.find(owner.cls, "__setitem__") if owner.cls is not None else None
    if isinstance(found, Function):
        run.call_function(found, Arguments((Given(index, NO_SPAN), Given(value, NO_SPAN))), owner)
    else:
        forget(run, owner)
