"""`shapelint clean`: remove what is kept from earlier runs."""

from __future__ import annotations

import click

from shapelint.cli.streams import write_out
from shapelint.common.bounded_files import in_bytes
from shapelint.common.cache_folder import cache_folder, clean
from shapelint.common.escaping import escape
from shapelint.report.summary import plural


def run(folder: str | None) -> int:
    """Remove what is kept in a folder, or in that of the user; return the exit code. Raises click.ClickException."""
    place = folder or cache_folder()
    if place is None:
        write_out("There is no cache.\n")
        return 0
    try:
        count, total = clean(place)
    except OSError as error:
        raise click.ClickException(f"cannot remove {error.filename}: {error.strerror}") from None
    write_out(f"Removed {plural(count, 'file')} ({in_bytes(total)}) from {escape(place)}.\n")
    return 0
