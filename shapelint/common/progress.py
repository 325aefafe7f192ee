"""A progress bar on stderr for runs that take longer than a second, if stderr is a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import click

PATIENCE = 1.0
"""Seconds before the bar appears."""

Item = TypeVar("Item")


def watched(items: Sequence[Item], clock: Callable[[], float] = time.monotonic) -> Iterator[Item]:
    """Yield the items, with a bar on stderr if it is a terminal and the run takes long enough."""
    if not sys.stderr.isatty():
        yield from items
        return
    started = clock()
    shown = None
    try:
        for done, item in enumerate(items):
            if shown is None and clock() - started > PATIENCE:
                shown = click.progressbar(length=len(items), label="linting", file=sys.stderr, show_pos=True)
                shown.update(done)
            yield item
            if shown is not None:
                shown.update(1)
    finally:
        if shown is not None:
            shown.render_finish()
            click.echo("\r\033[K", nl=False, err=True)  # remove the bar above the report
