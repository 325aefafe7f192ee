"""The axes of tensor values."""

from __future__ import annotations

from shapelint.python.state.values import Tensor, Value
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors.axes import Axes


def axes_of(tensor: Tensor) -> Axes | None:
    """Return the axes of a tensor; None if not all of them are known."""
    return None if tensor.loose else ax.of(tensor.flow)


def given_axes(value: Value | None) -> Axes | None:
    """Return the axes of an argument; None unless it is a tensor of known shape."""
    return axes_of(value) if isinstance(value, Tensor) else None
