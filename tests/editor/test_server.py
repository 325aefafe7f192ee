"""The language server, spoken to over stdio by a real client."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from command_line import CLEAN, ONE_FAULT, clean_environment, write
from lightly.models.modules import BYOLProjectionHead
from lsprotocol import types

pygls_client = pytest.importorskip("pygls.lsp.client")

SCRIPT = """\
import torchvision
from torch import nn


class SimSiam(nn.Module):
    def __init__(self, width=512, hidden=2048):
        super().__init__()
        self.encoder = torchvision.models.resnet50()
        self.encoder.fc = nn.Identity()
        self.projector = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, 256))

    def forward(self, x):
        return self.projector(self.encoder(x))
"""


class Client(pygls_client.LanguageClient):  # type: ignore[misc, name-defined]
    """A client that keeps what is published."""

    def __init__(self) -> None:
        super().__init__("tests", "1")
        self.diagnostics: dict[str, list[types.Diagnostic]] = {}
        self.published = asyncio.Queue[str]()

        @self.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def _(params: types.PublishDiagnosticsParams) -> None:
            self.diagnostics[params.uri] = list(params.diagnostics)
            self.published.put_nowait(params.uri)

    async def until_published(self, path: Path) -> list[types.Diagnostic]:
        """Wait until something new is said of a file, and return that."""
        while await self.published.get() != path.as_uri():
            pass
        return self.diagnostics[path.as_uri()]


def session(folder: Path, talk: Callable[[Client], Awaitable[None]]) -> None:
    """Start a server in a folder, talk to it, and end it."""

    async def run() -> None:
        client = Client()
        await client.start_io(sys.executable, "-m", "shapelint", "server", cwd=folder, env=clean_environment())
        capabilities = types.ClientCapabilities()
        await client.initialize_async(types.InitializeParams(capabilities=capabilities, root_uri=folder.as_uri()))
        client.initialized(types.InitializedParams())
        await talk(client)
        await client.shutdown_async(None)
        client.exit(None)
        await client.stop()

    asyncio.run(asyncio.wait_for(run(), 60))


def document(path: Path, text: str) -> types.TextDocumentItem:
    language = "python" if path.suffix == ".py" else "yaml"
    return types.TextDocumentItem(path.as_uri(), language, 1, text)


async def opened(client: Client, path: Path, text: str) -> list[types.Diagnostic]:
    client.text_document_did_open(types.DidOpenTextDocumentParams(document(path, text)))
    return await client.until_published(path)


async def typed(client: Client, path: Path, text: str) -> list[types.Diagnostic]:
    """Replace the whole text, as unsaved."""
    which = types.VersionedTextDocumentIdentifier(uri=path.as_uri(), version=2)
    change = types.TextDocumentContentChangeWholeDocument(text)
    client.text_document_did_change(types.DidChangeTextDocumentParams(which, [change]))
    return await client.until_published(path)


def marked(text: str, place: types.Range) -> str:
    """The text of a range on one line, whose columns are UTF-16 units."""
    line = text.split("\n")[place.start.line].encode("utf-16-le")
    return line[2 * place.start.character : 2 * place.end.character].decode("utf-16-le")


async def actions(client: Client, path: Path, place: types.Range) -> list[types.CodeAction]:
    identifier = types.TextDocumentIdentifier(path.as_uri())
    context = types.CodeActionContext(diagnostics=[])
    found = await client.text_document_code_action_async(types.CodeActionParams(identifier, place, context))
    return list(found or [])


def test_unsaved_text_is_underlined_and_cleared(tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"

    async def talk(client: Client) -> None:
        (finding,) = await opened(client, path, ONE_FAULT)
        assert (finding.code, finding.severity, finding.source) == (
            "SL101",
            types.DiagnosticSeverity.Error,
            "shapelint",
        )
        assert marked(ONE_FAULT, finding.range) == "512"
        assert finding.message.startswith("projection_head expects 512 features, but backbone produces 256\n")
        assert finding.code_description.href.endswith("SL101-feature-width-mismatch.md")
        assert marked(ONE_FAULT, finding.related_information[0].location.range) == "256"
        assert await typed(client, path, CLEAN) == []
        assert not path.exists()

    session(tmp_path, talk)


def test_the_repair_is_a_quick_fix(tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"

    async def talk(client: Client) -> None:
        (finding,) = await opened(client, path, ONE_FAULT)
        (action,) = await actions(client, path, finding.range)
        assert action.is_preferred
        assert action.title == "SL101: use BYOLProjectionHead(256, 1024, 256) (the chain fits with it)"
        ((uri, (edit,)),) = action.edit.changes.items()
        assert (uri, marked(ONE_FAULT, edit.range), edit.new_text) == (path.as_uri(), "512", "256")
        start = types.Range(types.Position(0, 0), types.Position(0, 1))
        assert await actions(client, path, start) == []

    session(tmp_path, talk)


def test_columns_are_those_of_the_editor(tmp_path: Path) -> None:
    """A character outside of the basic plane is two units in UTF-16, and one column in a report."""
    path = tmp_path / "model.py"
    text = SCRIPT.replace("self, width", 'self, note="𝕪", width')

    async def talk(client: Client) -> None:
        (finding,) = await opened(client, path, text)
        assert marked(text, finding.range) == "512"
        (fix,) = await actions(client, path, finding.range)
        assert [marked(text, edit.range) for edits in fix.edit.changes.values() for edit in edits] == ["512"]

    session(tmp_path, talk)


def test_shapes_are_shown_in_a_script(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    lines = SCRIPT.split("\n")

    async def talk(client: Client) -> None:
        (finding,) = await opened(client, path, SCRIPT)
        assert marked(SCRIPT, finding.range) == "512"
        identifier = types.TextDocumentIdentifier(path.as_uri())
        whole = types.Range(types.Position(0, 0), types.Position(len(lines), 0))
        hints = await client.text_document_inlay_hint_async(types.InlayHintParams(identifier, whole))
        assert [(hint.position.line, hint.label) for hint in hints] == [
            (7, "-> (B, 2048)"),
            (9, "-> (B, 256)"),
            (12, "(B, 256)"),
        ]
        assert hints[0].position.character == len(lines[7])
        assert hints[1].position.character == len(lines[9]) - 1  # behind the last layer
        place = types.Position(7, lines[7].index("resnet50"))
        hover = await client.text_document_hover_async(types.HoverParams(identifier, place))
        assert "**encoder** `torchvision.models.resnet50`" in hover.contents.value
        assert "`(B, 3, H, W)` -> `(B, 2048)`" in hover.contents.value
        nothing = types.HoverParams(identifier, types.Position(0, 0))
        assert await client.text_document_hover_async(nothing) is None
        (lens,) = await client.text_document_code_lens_async(types.CodeLensParams(identifier))
        assert lens.command.title == "SimSiam (simsiam): 2 of 2 links checked"

    session(tmp_path, talk)


def test_a_head_of_a_config_shows_its_layers(tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"
    line = next(number for number, one in enumerate(CLEAN.split("\n")) if one.startswith("projection_head"))

    async def talk(client: Client) -> None:
        await opened(client, path, CLEAN)
        place = types.Position(line, CLEAN.split("\n")[line].index("BYOL"))
        identifier = types.TextDocumentIdentifier(path.as_uri())
        hover = await client.text_document_hover_async(types.HoverParams(identifier, place))
        lines = hover.contents.value.split("\n")
        assert "**projection_head** `lightly.models.modules.BYOLProjectionHead`" in lines
        assert f"{sum(one.numel() for one in BYOLProjectionHead(256, 1024, 256).parameters()):,} parameters" in lines
        assert "| layers.0 Linear | (B, 256) | (B, 1024) |" in lines
        assert "| layers.3 Linear | (B, 1024) | (B, 256) |" in lines

    session(tmp_path, talk)


def test_what_is_not_checked_is_a_hint(tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"
    text = CLEAN.replace("{target: yolov8n.Backbone, out_dim: 256}", "my.Encoder")

    async def talk(client: Client) -> None:
        found = await opened(client, path, text)
        hints = [one for one in found if one.severity == types.DiagnosticSeverity.Hint]
        assert any("my.Encoder is no component that shapelint knows" in one.message for one in hints)
        assert all(one.code == "unchecked" for one in hints)

    session(tmp_path, talk)


def test_a_fault_in_a_part_is_shown_in_its_file(tmp_path: Path) -> None:
    write(tmp_path, {"head/wide.yaml": "# @package _global_\nprojection_head: BYOLProjectionHead(512, 1024, 256)\n"})
    path, part = tmp_path / "config.yaml", tmp_path / "head" / "wide.yaml"
    text = ONE_FAULT.replace(
        "projection_head: BYOLProjectionHead(512, 1024, 256)\n", "defaults: [head: wide, _self_]\n"
    )

    async def talk(client: Client) -> None:
        client.text_document_did_open(types.DidOpenTextDocumentParams(document(path, text)))
        (finding,) = await client.until_published(part)
        assert marked(part.read_text(), finding.range) == "512"
        client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(path.as_uri())))
        assert await client.until_published(part) == []

    session(tmp_path, talk)


def test_saved_settings_apply_to_what_is_open(tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"

    async def talk(client: Client) -> None:
        assert len(await opened(client, path, ONE_FAULT)) == 1
        write(tmp_path, {"shapelint.toml": 'ignore = ["SL101"]\n'})
        settings = types.TextDocumentIdentifier((tmp_path / "shapelint.toml").as_uri())
        client.text_document_did_save(types.DidSaveTextDocumentParams(settings))
        assert await client.until_published(path) == []

    session(tmp_path, talk)


@pytest.mark.parametrize("text", ["services: {web: {image: nginx}}\n", "a: [1\n", "\0\0", ""])
def test_other_text_is_left_alone(text: str, tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"

    async def talk(client: Client) -> None:
        assert await opened(client, path, text) == []

    session(tmp_path, talk)


def cell(path: Path, number: int, text: str, language: str = "python") -> types.TextDocumentItem:
    uri = f"vscode-notebook-cell:{path.as_uri().removeprefix('file:')}#W{number}"
    return types.TextDocumentItem(uri, language, 1, text)


async def until_shown(client: Client, uri: str) -> list[types.Diagnostic]:
    while await client.published.get() != uri:
        pass
    return client.diagnostics[uri]


def test_the_cells_of_a_notebook_are_underlined_and_repaired(tmp_path: Path) -> None:
    path = tmp_path / "model.ipynb"
    head, body = SCRIPT.split("\n\n\n")
    body = body.replace('"""', "").replace("def __init__(self, ", 'def __init__(self, note="𝕪\\t\\"", ')
    texts = [cell(path, 0, "# Title", "markdown"), cell(path, 1, "%matplotlib inline\n" + head), cell(path, 2, body)]
    kinds = [types.NotebookCellKind.Markup, types.NotebookCellKind.Code, types.NotebookCellKind.Code]
    cells = [types.NotebookCell(kind, text.uri) for kind, text in zip(kinds, texts)]
    notebook = types.NotebookDocument(path.as_uri(), "jupyter-notebook", 1, cells)
    model = types.TextDocumentIdentifier(texts[2].uri)

    async def talk(client: Client) -> None:
        client.notebook_document_did_open(types.DidOpenNotebookDocumentParams(notebook, texts))
        (finding,) = await until_shown(client, model.uri)
        assert marked(body, finding.range) == "512"
        assert client.diagnostics[texts[0].uri] == client.diagnostics[texts[1].uri] == []
        places = [one.location for one in finding.related_information]
        assert {place.uri for place in places} == {model.uri}
        assert "torchvision.models.resnet50" in [marked(body, place.range) for place in places]
        params = types.CodeActionParams(model, finding.range, types.CodeActionContext(diagnostics=[]))
        (fix,) = await client.text_document_code_action_async(params)
        ((uri, (edit,)),) = fix.edit.changes.items()
        assert (uri, marked(body, edit.range), edit.new_text) == (model.uri, "512", "2048")
        whole = types.Range(types.Position(0, 0), types.Position(20, 0))
        hints = await client.text_document_inlay_hint_async(types.InlayHintParams(model, whole))
        assert [hint.label for hint in hints] == ["-> (B, 2048)", "-> (B, 256)", "(B, 256)"]
        other = types.TextDocumentIdentifier(texts[1].uri)
        assert not await client.text_document_inlay_hint_async(types.InlayHintParams(other, whole))
        changed = types.NotebookDocumentCellContentChanges(
            types.VersionedTextDocumentIdentifier(uri=model.uri, version=2),
            [types.TextDocumentContentChangeWholeDocument(body.replace("512", "2048"))],
        )
        change = types.NotebookDocumentChangeEvent(cells=types.NotebookDocumentCellChanges(text_content=[changed]))
        which = types.VersionedNotebookDocumentIdentifier(version=2, uri=path.as_uri())
        client.notebook_document_did_change(types.DidChangeNotebookDocumentParams(which, change))
        assert await until_shown(client, model.uri) == []
        closed = types.NotebookDocumentIdentifier(path.as_uri())
        identifiers = [types.TextDocumentIdentifier(text.uri) for text in texts]
        client.notebook_document_did_close(types.DidCloseNotebookDocumentParams(closed, identifiers))
        assert await until_shown(client, model.uri) == []

    session(tmp_path, talk)


def test_a_notebook_without_cells_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "empty.ipynb"

    async def talk(client: Client) -> None:
        notebook = types.NotebookDocument(path.as_uri(), "jupyter-notebook", 1, [])
        client.notebook_document_did_open(types.DidOpenNotebookDocumentParams(notebook, []))
        assert await opened(client, tmp_path / "other.yaml", "a: 1\n") == []

    session(tmp_path, talk)
