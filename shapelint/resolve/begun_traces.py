"""Lint without waiting for traces: those that are needed are noted, and what they would tell is not known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from shapelint.trace.tracing_request import TracingRequest

BEGUN: ContextVar[list[TracingRequest] | None] = ContextVar("begun", default=None)
"""The traces that are to be begun, None where each is waited for."""
TRACE_READERS = "readers of traces"
"""What the threads are called that read what the process that traces writes."""


@contextmanager
def only_begun() -> Iterator[list[TracingRequest]]:
    """Wait for no trace of a library in the block; yield those of which nothing is known there, to be begun."""
    begun: list[TracingRequest] = []
    token = BEGUN.set(begun)
    try:
        yield begun
    finally:
        BEGUN.reset(token)
