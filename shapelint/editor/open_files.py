"""The files that are open in an editor: documents, and notebooks, whose cells are documents of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate

from lsprotocol import types
from pygls.uris import to_fs_path
from pygls.workspace import Workspace

from shapelint.common.frozen import frozen

_BEFORE_A_CELL = '{"cell_type": "%s", "source": '
_ESCAPED = dict.fromkeys('"\\\b\f\n\r\t', 2)
"""The characters that JSON writes as two."""


@frozen
class OpenFile:
    """A file as it is in the editor: its address and path, and its text, of a notebook as JSON with a line a cell.

    `documents` are the addresses under which the editor shows it.
    """

    uri: str
    path: str
    text: str
    documents: tuple[str, ...]


def open_file(uri: str, workspace: Workspace) -> OpenFile:
    """The file that a document, a notebook or a cell is of."""
    notebook = workspace.get_notebook_document(notebook_uri=uri) or workspace.get_notebook_document(cell_uri=uri)
    if notebook is None:
        document = workspace.get_text_document(uri)
        return OpenFile(uri, document.path, document.source, (uri,))
    cells = tuple(cell.document for cell in notebook.cells)
    return OpenFile(notebook.uri, to_fs_path(notebook.uri) or notebook.uri, _text(notebook, workspace), cells)


def open_files(workspace: Workspace) -> Iterator[OpenFile]:
    """Yield every file that is open."""
    for uri in workspace.notebook_documents:
        yield open_file(uri, workspace)
    for uri in workspace.text_documents:
        if workspace.get_notebook_document(cell_uri=uri) is None:
            yield open_file(uri, workspace)


def cell_range(notebook: types.NotebookDocument, place: types.Range, workspace: Workspace) -> types.Location:
    """A place in the text of a notebook as one in its cell, in code points."""
    cell = notebook.cells[min(max(place.start.line - 1, 0), len(notebook.cells) - 1)]
    document = workspace.get_text_document(cell.document)
    before = len(_opening(cell, workspace)) + 1
    widths = _widths(document.source)
    last = place.end.character - before if place.end.line == place.start.line else widths[-1]
    start = _position(document.source, widths, place.start.character - before)
    return types.Location(cell.document, types.Range(start, _position(document.source, widths, last)))


def _text(notebook: types.NotebookDocument, workspace: Workspace) -> str:
    sources = ((cell, workspace.get_text_document(cell.document).source) for cell in notebook.cells)
    cells = [f"{_opening(cell, workspace)}{json.dumps(text, ensure_ascii=False)}}}" for cell, text in sources]
    return '{"cells": [\n' + ",\n".join(cells) + "\n]}\n"


def _opening(cell: types.NotebookCell, workspace: Workspace) -> str:
    """What stands before the text of a cell; one in another language than Python is no code."""
    language = workspace.get_text_document(cell.document).language_id
    is_code = cell.kind == types.NotebookCellKind.Code and language in (None, "python")
    return _BEFORE_A_CELL % ("code" if is_code else "markdown")


@lru_cache(maxsize=64)
def _widths(text: str) -> tuple[int, ...]:
    """How many characters of JSON stand before each character of a text, and before its end."""
    return tuple(accumulate((_ESCAPED.get(one, 1 if one >= " " else 6) for one in text), initial=0))


def _position(text: str, widths: tuple[int, ...], at: int) -> types.Position:
    index = next((index for index, width in enumerate(widths) if width >= at), len(text))
    line = text.rfind("\n", 0, index) + 1
    return types.Position(text.count("\n", 0, index), index - line)
