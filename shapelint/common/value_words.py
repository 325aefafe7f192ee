"""Values of a config in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    pass


def describe(value: Any) -> str:
    """A value in words that distinguish `512` from `"512"`."""
    if isinstance(value, str):
        return f'the text "{value}"'
    return str(value).lower() if isinstance(value, bool) else str(value)
