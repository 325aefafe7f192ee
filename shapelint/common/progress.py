"""What is said on stderr of work that takes longer than a second, if stderr is a terminal: a bar, or a line."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO, TypeVar

import click

PATIENCE = 1.0
"""Seconds before anything appears."""
ERASE = "\r\033[K"
"""What removes the last line of a terminal."""

Item = TypeVar("Item")


def watched(items: Sequence[Item], clock: Callable[[], float] = time.monotonic) -> Iterator[Item]:
    """Yield the items, with a bar on stderr if it is a terminal and the run takes long enough."""
    if not _is_shown():
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
            click.echo(ERASE, nl=False, err=True)  # remove the bar above the report


def _is_shown() -> bool:
    """Whether stderr is a terminal; it may be closed."""
    stream: TextIO | None = sys.stderr
    return stream is not None and stream.isatty()


@contextmanager
def said_to_take_long(work: str) -> Iterator[None]:
    """Name the work on stderr, while it goes on, if it is a terminal and the work takes long enough."""
    if not _is_shown():
        yield
        return
    later = threading.Timer(PATIENCE, lambda: click.echo(f"{ERASE}{work} ...", nl=False, err=True))
    later.daemon = True
    later.start()
    try:
        yield
    finally:
        later.cancel()
        click.echo(ERASE, nl=False, err=True)
