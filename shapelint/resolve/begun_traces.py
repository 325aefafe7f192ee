"""A run in which traces are only begun: nothing waits for them, and what they would tell is not known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

BEGUN: ContextVar[list[str] | None] = ContextVar("begun", default=None)
"""The targets of the traces that were begun, None where each is waited for."""


@contextmanager
def only_begun() -> Iterator[list[str]]:
    """Only begin the traces of libraries in the block; yield the targets of which nothing is known there."""
    begun: list[str] = []
    token = BEGUN.set(begun)
    try:
        yield begun
    finally:
        BEGUN.reset(token)
