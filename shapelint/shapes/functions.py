"""The functions of the expression language, over dimensions that may be symbolic or unknown.

`max(a, b, ...)`, `min(a, b, ...)`, `len(sizes)`, `prod(sizes)`, `window(size, kernel, stride, padding, dilation)`,
`ceil_window(...)`. A function raises TypeError for a value that it is not defined for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shapelint.shapes.dims import UNKNOWN_DIM, Dim, Expression, extreme, is_known


def maximum(*values: Any) -> Dim:
    """The largest of some dimensions."""
    found = _dimensions(values)
    return UNKNOWN_DIM if found is None else extreme(max, found)


def minimum(*values: Any) -> Dim:
    """The smallest of some dimensions."""
    found = _dimensions(values)
    return UNKNOWN_DIM if found is None else extreme(min, found)


def length(value: Any) -> Dim:
    """The number of elements of a list argument; 0 for a plain integer, which stands for every axis."""
    if value is None or (isinstance(value, Expression) and not is_known(value)):
        return UNKNOWN_DIM
    if isinstance(value, (int, float, Expression)):
        return 0
    if not isinstance(value, (tuple, list, str)):
        raise TypeError(f"{value!r} has no length")
    return len(value)


def product(value: Any) -> Dim:
    """The product of a list argument; an integer is a list of itself."""
    result: Dim = 1
    for element in value if isinstance(value, (tuple, list)) else (value,):
        if not isinstance(element, (int, Expression)):
            return UNKNOWN_DIM
        result = result * element
    return result


def window(*values: Any) -> Dim:
    """How many times a kernel fits along an axis, below 1 if never: torch's formula for convolutions and poolings.

    >>> window(224, 7, 2, 3, 1)
    112
    """
    found = _dimensions(values)
    if found is None or found[2] == 0:
        return UNKNOWN_DIM
    size, kernel, stride, padding, dilation = found
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def ceil_window(*values: Any) -> Dim:
    """The same for poolings with `ceil_mode=True`: a last window may extend past the end.

    It has to start within the input or its left padding, otherwise torch drops it.
    """
    found = _dimensions(values)
    if found is None or found[2] == 0:
        return UNKNOWN_DIM
    size, kernel, stride, padding, dilation = found
    return minimum(window(size + stride - 1, kernel, stride, padding, dilation), (size + padding - 1) // stride + 1)


FUNCTIONS: dict[str, tuple[Callable[..., Dim], int | None]] = {
    "max": (maximum, None),
    "min": (minimum, None),
    "len": (length, 1),
    "prod": (product, 1),
    "window": (window, 5),
    "ceil_window": (ceil_window, 5),
}
"""Each function by name, with its number of arguments; None for any number above 0."""


def _dimensions(values: tuple[Any, ...]) -> tuple[Dim, ...] | None:
    """The values as dimensions, None if one is missing. Raises TypeError for any other value."""
    if any(value is None for value in values):
        return None
    if not all(isinstance(value, (int, Expression)) for value in values):
        raise TypeError("not integers")
    return values
