"""Objects of the file's own classes as containers: what their `__getitem__` and `__setitem__` do."""

from __future__ import annotations

from shapelint.read.python import attributes, calling
from shapelint.read.python.hiding import hide
from shapelint.read.python.run import Run
from shapelint.read.python.values import NO_SPAN, Function, Given, Instance, Value, among


def get_item(run: Run, owner: Instance, index: Value) -> Value:
    """`owner[index]`."""
    found = attributes.find(owner.cls, "__getitem__") if owner.cls is not None else None
    if not isinstance(found, Function):
        return among(owner)
    return calling.call_function(run, found, [Given(index, NO_SPAN)], {}, owner)


def set_item(run: Run, owner: Instance, index: Value, value: Value) -> None:
    """`owner[index] = value`."""
    found = attributes.find(owner.cls, "__setitem__") if owner.cls is not None else None
    if isinstance(found, Function):
        calling.call_function(run, found, [Given(index, NO_SPAN), Given(value, NO_SPAN)], {}, owner)
    else:
        hide(run, owner)
