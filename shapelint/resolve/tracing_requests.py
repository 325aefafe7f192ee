"""Trace a component: in this process if its library is known, in a child process if the user trusts its package.

This module loads the tracer, and is itself loaded only for a component with neither a stored nor a cached signature.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from shapelint.common.frozen import frozen
from shapelint.knowledge.schema.signature_files import ComponentSignature
from shapelint.resolve import trusted
from shapelint.resolve.options import Options
from shapelint.signatures import cache
from shapelint.trace import traced


@frozen
class TracingRequest:
    """The call to trace: `target(*positional, **arguments)` in a role; `at` is the one image size, None for any."""

    target: str
    arguments: Mapping[str, Any]
    positional: Sequence[Any]
    role: str
    at: tuple[int, int] | None


def trace(request: TracingRequest, options: Options, is_trusted: bool) -> tuple[ComponentSignature | None, str]:
    """Trace a component; return its signature, or None and the reason."""
    target, arguments, positional, at = request.target, request.arguments, request.positional, request.at
    try:
        if is_trusted:
            return trusted.trace(target, arguments, positional, request.role, options.root, at), ""
        key = repr((target, sorted(arguments.items()), positional, at))
        return cache.once(key, partial(traced.trace, target, arguments, positional, at)), ""
    except traced.Untraceable as error:
        return None, str(error)
