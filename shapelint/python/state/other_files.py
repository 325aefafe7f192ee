"""The local modules that an interpreted file imports: an edit of a number there is an edit of one joined text."""

from __future__ import annotations

import ast
import os
from functools import lru_cache
from pathlib import Path

from shapelint.common import disk
from shapelint.python.state.places import Places
from shapelint.text.source import Part, Source, Span, UnreadableError, joined, read_source


class OtherFiles:
    """A file, and the texts of the local modules that are joined to it as soon as a place in them is needed.

    A module that is joined from the start is interpreted as it is there, not as it is on disk: it may be edited.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.parts = {Path(disk.real(part.path)): part for part in source.parts[1:]}

    def edited(self, path: Path) -> str | None:
        """Return the joined text of a module; None if it is not joined."""
        part = self.parts.get(path)
        return None if part is None else self.source.slice(part.span)

    def span(self, path: Path, node: ast.AST) -> Span | None:
        """Return the span in the joined text of a node of a module; None if the module cannot be read any more."""
        part = self.parts.get(path) or self._join(path)
        if part is None:
            return None
        inner = _places(self.source.slice(part.span)).span(node)
        return Span(part.span.start + inner.start, part.span.start + inner.end)

    def _join(self, path: Path) -> Part | None:
        folder = os.path.dirname(self.source.path)
        shown = os.path.normpath(os.path.join(folder, os.path.relpath(path, disk.real(folder))))
        try:
            text = read_source(path).text
        except UnreadableError:
            return None
        self.source = joined(self.source, [(shown, text)])
        self.parts[path] = self.source.parts[-1]
        return self.parts[path]


@lru_cache(maxsize=64)
def _places(text: str) -> Places:
    return Places(text)
