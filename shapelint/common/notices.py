"""What is said on stderr, a line each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

import click

from shapelint.common.escaping import escape

_HELD: ContextVar[list[str] | None] = ContextVar("held", default=None)


def say(text: str) -> None:
    """Write a line to stderr."""
    click.echo(escape(text), err=True)


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
