"""The size of one axis in a file."""

from __future__ import annotations

from typing import Any

MAXIMUM_WIDTH = 2**31 - 1


def is_width(value: Any) -> bool:
    """Whether a value is the size of an axis: a positive integer, not a boolean, float or text."""
    return type(value) is int and 1 <= value <= MAXIMUM_WIDTH
