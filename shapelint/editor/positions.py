"""Places of a report as an editor counts them: lines and columns from 0, columns in the units that it asked for."""

from __future__ import annotations

from pathlib import Path

from lsprotocol.types import Position, Range
from pygls.uris import from_fs_path
from pygls.workspace import Workspace

from shapelint.text.location import Location


def uri_of(path: str) -> str:
    """The address of a file."""
    return from_fs_path(str(Path(path).absolute())) or path


def range_of(location: Location, workspace: Workspace) -> Range:
    """A place as a range of its document, which is read from the disk if it is not open."""
    document = workspace.get_text_document(uri_of(location.path))
    start = Position(location.line - 1, location.column - 1)
    end = Position(location.end_line - 1, location.end_column - 1)
    try:
        return document.position_codec.range_to_client_units(document.lines, Range(start, end))
    except OSError:  # a file that is gone
        return Range(start, end)


def overlap(one: Range, other: Range) -> bool:
    """Whether two ranges have a place in common, their ends included."""
    return _key(one.start) <= _key(other.end) and _key(other.start) <= _key(one.end)


def _key(position: Position) -> tuple[int, int]:
    return position.line, position.character
