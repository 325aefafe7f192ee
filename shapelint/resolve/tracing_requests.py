"""Trace a component, of a known library or of a package that the user trusts."""

from __future__ import annotations

from functools import partial

from shapelint.knowledge.schema.signature_files import ComponentSignature
from shapelint.resolve import tracing_child, trusted
from shapelint.resolve.begun_traces import BEGUN
from shapelint.resolve.options import Options
from shapelint.signatures import cache
from shapelint.trace.meta import Untraceable
from shapelint.trace.tracing_request import TracingRequest

_FAILED: dict[str, str] = {}
"""Why calls could not be traced in this run: each is tried once."""


def trace(request: TracingRequest, options: Options, is_trusted: bool) -> tuple[ComponentSignature | None, str]:
    """Trace a component; return its signature, or None and the reason, "" if the trace is only to be begun."""
    target, arguments, positional, at = request.target, request.arguments, request.positional, request.at
    try:
        if is_trusted:
            return trusted.trace(request, options.root), ""
        return _library(request, repr((target, sorted(arguments.items()), positional, at)))
    except Untraceable as error:
        return None, str(error)


def begin(request: TracingRequest) -> None:
    """Begin to trace a call of a known library in another process."""
    tracing_child.begin(request)


def _library(request: TracingRequest, key: str) -> tuple[ComponentSignature | None, str]:
    """Trace a call of a known library, or note it, unless it was traced in this run. Raises Untraceable."""
    if key in _FAILED:
        return None, _FAILED[key]
    begun = BEGUN.get()
    if begun is not None and key not in cache.TRACED:
        request.to_json(None)
        begun.append(request)
        return None, ""
    try:
        return cache.once(key, partial(tracing_child.ask, request)), ""
    except Untraceable as error:
        _FAILED[key] = str(error)
        raise
