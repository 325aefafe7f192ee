"""`shapelint server`: start the language server for editors."""

from __future__ import annotations

import click

from shapelint.settings.settings import Settings


def run(settings: Settings) -> int:
    """Serve an editor on stdin and stdout until it ends; raises click.UsageError if the extra is not installed."""
    try:
        from shapelint.editor.server import create
    except ModuleNotFoundError as error:
        raise click.UsageError(f"the server needs {error.name}: pip install 'shapelint[lsp]'") from None
    create(settings).start_io()
    return 0
