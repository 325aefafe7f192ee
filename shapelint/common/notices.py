"""What is said on stderr, a line each; and what was written, to be written again by another run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TypeVar

from shapelint.common.escaping import escape

Collected = TypeVar("Collected")

_HELD: ContextVar[list[str] | None] = ContextVar("held", default=None)
_WRITTEN: ContextVar[list[Written] | None] = ContextVar("written", default=None)

Written = tuple[str, str]
"""The name of a stream, and what was written to it."""


def say(text: str) -> None:
    """Write a line to stderr."""
    import click  # a run that prints what is kept may have nothing to say

    click.echo(escape(text), err=True)
    note_written("stderr", text)


def note_written(stream: str, text: str) -> None:
    """Note what is written, for `noted`."""
    written = _WRITTEN.get()
    if written is not None:
        written.append((stream, text))


def noted() -> AbstractContextManager[list[Written]]:
    """Yield what is written in the block, in order."""
    return collected(_WRITTEN)


@cache
def say_once(text: str) -> None:
    """Write a line to stderr that this process has not written yet."""
    kept = _HELD.get()
    if kept is None:
        say(text)
    else:
        kept.append(text)


def has_said() -> bool:
    """Whether this process has said something once: it will not say it again."""
    return say_once.cache_info().currsize > 0


def held() -> AbstractContextManager[list[str]]:
    """Keep the lines of `say_once` in the block instead of writing them; yield them, for another process to write."""
    return collected(_HELD)


@contextmanager
def collected(collector: ContextVar[list[Collected] | None]) -> Iterator[list[Collected]]:
    """Yield a new list, to which the block adds by way of `collector`; afterwards that is as it was before."""
    found: list[Collected] = []
    token = collector.set(found)
    try:
        yield found
    finally:
        collector.reset(token)
