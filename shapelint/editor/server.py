"""The language server of shapelint, over stdin and stdout: unsaved text is linted as it is typed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from shapelint.common.frozen import replace
from shapelint.common.version import __version__
from shapelint.editor.diagnostics import diagnostics
from shapelint.editor.open_files import OpenFile, open_file, open_files
from shapelint.editor.quick_fixes import quick_fixes
from shapelint.editor.shapes_shown import code_lenses, hover, inlay_hints
from shapelint.linting.collect import worth_reading
from shapelint.linting.lint_paths import lint_text
from shapelint.linting.run_files import RunFiles
from shapelint.settings import config_files
from shapelint.settings.config import ConfigError
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

PAUSE = 0.05
"""Seconds without a key before the text is linted."""


NOTEBOOKS = types.NotebookDocumentSyncOptions(
    [types.NotebookDocumentFilterWithNotebook(types.NotebookDocumentFilterNotebookType("jupyter-notebook"))], True
)


class ShapelintServer(LanguageServer):
    """A server with the last report of each open file, and what it shows of each in every document."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("shapelint", __version__, notebook_document_sync=NOTEBOOKS)
        self.settings = settings
        self.reports: dict[str, FileReport] = {}
        self.shown: dict[str, dict[str, list[types.Diagnostic]]] = {}
        self.waiting: dict[str, asyncio.Task[None]] = {}

    def report_of(self, uri: str) -> FileReport:
        """The report of a document's file as it is now, linted if its text has changed since."""
        file = open_file(uri, self.workspace)
        known = self.reports.get(file.uri)
        return known if known is not None and known.text == file.text else self.lint(uri)

    def lint(self, uri: str) -> FileReport:
        """Lint a file with the unsaved text of all that are open, and show what is found."""
        config_files.forget()
        file = open_file(uri, self.workspace)
        report = replace(self._linted(file), text=file.text)
        self.reports[file.uri] = report
        self._show(file.uri, diagnostics(file, report, self.workspace))
        return report

    def lint_all(self) -> None:
        """Lint every open file again: any of them may use what has changed."""
        for uri in list(self.reports):
            self.lint(uri)

    def forget(self, uri: str) -> None:
        """Take back what is shown of a file that was closed."""
        self.reports.pop(uri, None)
        self._cancel(uri)
        self._show(uri, {})

    async def lint_soon(self, uri: str) -> None:
        """Lint a file when nothing was typed for a moment."""
        self._cancel(uri)
        self.waiting[uri] = asyncio.create_task(self._lint_later(uri))

    def _cancel(self, uri: str) -> None:
        if (before := self.waiting.pop(uri, None)) is not None:
            before.cancel()

    async def _lint_later(self, uri: str) -> None:
        await asyncio.sleep(PAUSE)
        self.report_of(uri)

    def _linted(self, file: OpenFile) -> FileReport:
        files = RunFiles()
        for one in open_files(self.workspace):
            files.texts.give(os.path.realpath(one.path), Source(one.path, one.text.replace("\0", "")))
        source = files.read(Path(file.path))
        if not worth_reading(Path(source.path), source.text):
            return FileReport(source.path, "no-model")
        try:
            return lint_text(source, self.settings, run_files=files)
        except ConfigError as error:
            return FileReport(source.path, "unreadable", problem=str(error))

    def _show(self, uri: str, found: dict[str, list[types.Diagnostic]]) -> None:
        """Publish the diagnostics of all files that a document says something of, or did before."""
        before = self.shown.pop(uri, {})
        if found:
            self.shown[uri] = found
        for file in dict.fromkeys([*found, *before]):
            every = [one for shown in self.shown.values() for one in shown.get(file, ())]
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(file, every))


def create(settings: Settings) -> ShapelintServer:
    """A server with all that it answers to."""
    server = ShapelintServer(settings)
    _follow(server)
    _answer(server)
    return server


def _follow(server: ShapelintServer) -> None:
    """Let a server lint what is opened, changed and saved: documents and notebooks alike."""

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    @server.feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams | types.DidOpenNotebookDocumentParams) -> None:
        server.lint(_uri(params))

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    async def changed(params: types.DidChangeTextDocumentParams | types.DidChangeNotebookDocumentParams) -> None:
        await server.lint_soon(_uri(params))

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    @server.feature(types.NOTEBOOK_DOCUMENT_DID_SAVE)
    def saved(_: types.DidSaveTextDocumentParams | types.DidSaveNotebookDocumentParams) -> None:
        server.lint_all()

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams | types.DidCloseNotebookDocumentParams) -> None:
        server.forget(_uri(params))


def _answer(server: ShapelintServer) -> None:
    """Let a server answer what is asked of a document, from its report as it is now."""

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix])
    )
    def actions(params: types.CodeActionParams) -> Sequence[types.CodeAction]:
        uri = _uri(params)
        return [*quick_fixes(server.report_of(uri), types.Location(uri, params.range), server.workspace)]

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def pointed(params: types.HoverParams) -> types.Hover | None:
        uri = _uri(params)
        return hover(server.report_of(uri), uri, params.position, server.workspace)

    @server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
    def hints(params: types.InlayHintParams) -> Sequence[types.InlayHint]:
        uri = _uri(params)
        return [*inlay_hints(server.report_of(uri), uri, params.range, server.workspace)]

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    def lenses(params: types.CodeLensParams) -> Sequence[types.CodeLens]:
        uri = _uri(params)
        return [*code_lenses(server.report_of(uri), uri, server.workspace)]


def _uri(params: Any) -> str:
    """The address of the document or notebook that a message is about."""
    about = getattr(params, "notebook_document", None) or params.text_document
    return str(about.uri)
