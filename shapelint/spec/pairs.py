"""(size, width) pairs, as memory banks are written."""

from __future__ import annotations

from typing import Any

from shapelint.spec.spec import Argument


def pair_width(size: Argument) -> Argument | None:
    """The width in a `(size, width)` pair."""
    if not isinstance(size.value, tuple) or len(size.value) != 2 or not is_size(size.value[1]):
        return None
    return size.elements[1] if len(size.elements) == 2 else Argument(size.value[1], size.span, None)


def is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
