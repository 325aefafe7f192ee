"""What is said on stderr, a line each; and what was written, to be written again by another run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

from shapelint.common.escaping import escape

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


@contextmanager
def noted() -> Iterator[list[Written]]:
    """Yield what is written in the block, in order."""
    written: list[Written] = []
    token = _WRITTEN.set(written)
    try:
        yield written
    finally:
        _WRITTEN.reset(token)


@cache
def say_once(text: str) -> None:
    """Write a line to stderr that this process has not written yet."""
    kept = _HELD.get()
    if kept is None:
        say(text)
    else:
        kept.append(text)


@contextmanager
def held() -> Iterator[list[str]]:
    """Keep the lines of `say_once` in the block instead of writing them; yield them, for another process to write."""
    kept: list[str] = []
    token = _HELD.set(kept)
    try:
        yield kept
    finally:
        _HELD.reset(token)
