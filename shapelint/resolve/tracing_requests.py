"""Trace a component, of a known library or of a package that the user trusts."""

from __future__ import annotations

from functools import partial

from shapelint.knowledge.schema.signature_files import ComponentSignature
from shapelint.resolve import tracing_child, trusted
from shapelint.resolve.options import Options
from shapelint.signatures import cache
from shapelint.trace.meta import Untraceable
from shapelint.trace.tracing_request import TracingRequest


def trace(request: TracingRequest, options: Options, is_trusted: bool) -> tuple[ComponentSignature | None, str]:
    """Trace a component; return its signature, or None and the reason."""
    target, arguments, positional, at = request.target, request.arguments, request.positional, request.at
    try:
        if is_trusted:
            return trusted.trace(request, options.root), ""
        key = repr((target, sorted(arguments.items()), positional, at))
        return cache.once(key, partial(tracing_child.ask, request)), ""
    except Untraceable as error:
        return None, str(error)
