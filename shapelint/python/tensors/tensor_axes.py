"""The axes of values that are tensors."""

from __future__ import annotations

from shapelint.python.state.values import Tensor, Value
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors.axes import Axes


def axes_of(tensor: Tensor) -> Axes | None:
    """The axes of a tensor, None where not all of them are known."""
    return None if tensor.loose else ax.of(tensor.flow)


def given_axes(value: Value | None) -> Axes | None:
    """The axes of an argument that is a tensor."""
    return axes_of(value) if isinstance(value, Tensor) else None
