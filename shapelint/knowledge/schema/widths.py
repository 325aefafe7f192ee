"""The size of one axis in a file."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

MAXIMUM_WIDTH = 2**31 - 1


Width = Annotated[int, Field(strict=True, ge=1, le=MAXIMUM_WIDTH)]
"""The size of one axis: a positive integer, not a boolean, float or text."""


def is_width(value: Any) -> bool:
    """Whether `Width` accepts the value.

    It is for the many numbers of a config, since pydantic takes 50 ms to build the schema of one integer.
    """
    return type(value) is int and 1 <= value <= MAXIMUM_WIDTH
