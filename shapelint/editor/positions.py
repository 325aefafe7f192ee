"""Places of a report as an editor counts them: lines and columns from 0, columns in the units that it asked for."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types
from pygls.uris import from_fs_path
from pygls.workspace import Workspace

from shapelint.editor.open_files import cell_range
from shapelint.text.location import Location


def uri_of(path: str) -> str:
    """The address of a file."""
    return from_fs_path(str(Path(path).absolute())) or path


def place_of(location: Location, workspace: Workspace) -> types.Location:
    """A place as a range of a document: of a cell, in a notebook that is open, else of the file, read if need be."""
    start = types.Position(location.line - 1, location.column - 1)
    place = types.Location(
        uri_of(location.path), types.Range(start, types.Position(location.end_line - 1, location.end_column - 1))
    )
    notebook = workspace.get_notebook_document(notebook_uri=place.uri)
    if notebook is not None and notebook.cells:
        place = cell_range(notebook, place.range, workspace)
    document = workspace.get_text_document(place.uri)
    try:
        return types.Location(place.uri, document.position_codec.range_to_client_units(document.lines, place.range))
    except OSError:  # a file that is gone
        return place


def overlap(one: types.Range, other: types.Range) -> bool:
    """Whether two ranges have a place in common, their ends included."""
    return _key(one.start) <= _key(other.end) and _key(other.start) <= _key(one.end)


def _key(position: types.Position) -> tuple[int, int]:
    return position.line, position.character
