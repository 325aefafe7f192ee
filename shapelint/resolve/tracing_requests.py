"""Trace a component: in this process if its library is known, in a child process if the user trusts its package.

This module loads the tracer, and is itself loaded only for a component with neither a stored nor a cached signature.
"""

from __future__ import annotations

from functools import partial

from shapelint.knowledge.schema.signature_files import ComponentSignature
from shapelint.resolve import trusted
from shapelint.resolve.options import Options
from shapelint.signatures import cache
from shapelint.trace import traced
from shapelint.trace.tracing_request import TracingRequest


def trace(request: TracingRequest, options: Options, is_trusted: bool) -> tuple[ComponentSignature | None, str]:
    """Trace a component; return its signature, or None and the reason."""
    target, arguments, positional, at = request.target, request.arguments, request.positional, request.at
    try:
        if is_trusted:
            return trusted.trace(request, options.root), ""
        key = repr((target, sorted(arguments.items()), positional, at))
        return cache.once(key, partial(traced.trace, target, arguments, positional, at)), ""
    except traced.Untraceable as error:
        return None, str(error)
