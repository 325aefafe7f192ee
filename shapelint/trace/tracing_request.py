"""A call to be traced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shapelint.common.frozen import frozen


@frozen
class TracingRequest:
    """The call to trace: `target(*positional, **arguments)` in a role; `at` is the only image size, None for any."""

    target: str
    arguments: Mapping[str, Any]
    positional: Sequence[Any]
    role: str
    at: tuple[int, int] | None = None
