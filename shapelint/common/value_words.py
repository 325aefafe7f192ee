"""Descriptions of config values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    pass


def describe(value: Any) -> str:
    """Describe a value so that `512` and `"512"` differ."""
    if isinstance(value, str):
        return f'the text "{value}"'
    return str(value).lower() if isinstance(value, bool) else str(value)
