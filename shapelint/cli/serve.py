"""`shapelint server`: start the language server for editors."""

from __future__ import annotations

from shapelint.editor.server import create
from shapelint.settings.settings import Settings


def run(settings: Settings) -> int:
    """Serve an editor on stdin and stdout until it ends."""
    create(settings).start_io()
    return 0
