"""Lint without waiting for traces: those that are needed are noted, and what they would tell is not known."""

from __future__ import annotations

from contextlib import AbstractContextManager
from contextvars import ContextVar

from shapelint.common.notices import collected
from shapelint.trace.tracing_request import TracingRequest

BEGUN: ContextVar[list[TracingRequest] | None] = ContextVar("begun", default=None)
"""The traces that are to be begun, None where each is waited for."""
TRACE_READERS = "readers of traces"
"""What the threads are called that read what the process that traces writes."""


def only_begun() -> AbstractContextManager[list[TracingRequest]]:
    """Wait for no trace of a library in the block; yield those of which nothing is known there, to be begun."""
    return collected(BEGUN)
