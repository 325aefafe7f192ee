"""Conversion of the interpreter's values to the plain arguments that a primitive takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shapelint.python.state.value_facts import integer, truth
from shapelint.python.state.values import Const, Items, Tensor, Unknown, Value
from shapelint.python.tensors.overloads import OTHER_KIND, UNREAD
from shapelint.python.tensors.primitives import PrimitiveKind
from shapelint.python.tensors.tensor_axes import axes_of
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim, Expression

_NUMBERS = (int, float, Expression)


def read(kind: PrimitiveKind, values: Sequence[Value]) -> Any:
    """Return the plain argument of a kind; UNREAD if the value is unknown, OTHER_KIND if it is of another kind."""
    several = _SEVERAL.get(kind)
    if several is not None:
        return several(values)
    if kind == "size or sizes":
        return _sizes(values) if isinstance(values[0], Items) else _size(values[0])
    return _ONE[kind](values[0])


def _axis(value: Value) -> Any:
    if isinstance(value, Const):
        if value.value is None or type(value.value) is int:
            return value.value
        return UNREAD if isinstance(value.value, Expression) else OTHER_KIND
    return OTHER_KIND if isinstance(value, (Tensor, Items)) else UNREAD


def _axes(values: Sequence[Value]) -> Any:
    if len(values) == 1 and not isinstance(values[0], Items):
        one = _axis(values[0])
        return [one] if isinstance(one, int) else one
    elements = values[0].items if len(values) == 1 and isinstance(values[0], Items) else values
    found = [_axis(value) for value in elements]
    return found if all(isinstance(axis, int) for axis in found) else UNREAD


def _size(value: Value) -> Any:
    if isinstance(value, Items) or (isinstance(value, Const) and isinstance(value.value, (bool, str, type(None)))):
        return OTHER_KIND
    return _dim(value)


def _sizes(values: Sequence[Value]) -> Any:
    """Return dimensions passed as one list or as several arguments; an unknown one is `?`."""
    first = values[0] if values else None
    if isinstance(first, Items):
        return UNREAD if first.rest is not None else [_dim(item) for item in first.items]
    if first is None:
        return UNREAD
    certain = len(values) > 1 or (isinstance(first, Unknown) and first.is_number)
    if integer(first) is None and not (isinstance(first, Unknown) and certain):
        return OTHER_KIND if isinstance(first, Const) else UNREAD
    return [_dim(value) for value in values]


def _dim(value: Value) -> Dim:
    size = integer(value)
    return dims.UNKNOWN_DIM if size is None else size


def _flag(value: Value) -> Any:
    known = truth(value)
    return UNREAD if known is None else known


def _tensor(value: Value) -> Any:
    if isinstance(value, Const):
        return None if value.value is None else () if isinstance(value.value, _NUMBERS) else OTHER_KIND
    axes = axes_of(value) if isinstance(value, Tensor) else None
    return OTHER_KIND if isinstance(value, Items) else UNREAD if axes is None else axes


def _pairs(value: Value) -> Any:
    """Return how many axes of two tensors are paired, or the axes of each."""
    if isinstance(value, Items):
        both = [_axes([item]) for item in value.items]
        return both if len(both) == 2 and all(isinstance(one, list) for one in both) else UNREAD
    return _axis(value)


def _text(value: Value) -> Any:
    if isinstance(value, Const):
        return value.value if isinstance(value.value, str) else OTHER_KIND
    return UNREAD


_ONE: Mapping[PrimitiveKind, Callable[[Value], Any]] = {
    "axis": _axis,
    "new axis": _axis,
    "size": _size,
    "flag": _flag,
    "pairs": _pairs,
    "tensor": _tensor,
    "text": _text,
}
_SEVERAL: Mapping[PrimitiveKind, Callable[[Sequence[Value]], Any]] = {"axes": _axes, "sizes": _sizes}
