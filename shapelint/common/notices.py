"""What is said on stderr, a line each."""

from __future__ import annotations

from functools import cache

import click

from shapelint.common.escaping import escape


def say(text: str) -> None:
    """Write a line to stderr."""
    click.echo(escape(text), err=True)


@cache
def say_once(text: str) -> None:
    """Write a line to stderr that this process has not written yet."""
    say(text)
