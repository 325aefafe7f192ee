"""The shapes of a chain in the text: hover, inlay hints behind components, and a lens with the checked links."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types
from pygls.workspace import Workspace

from shapelint.common.escaping import escape
from shapelint.editor.positions import overlap, place_of
from shapelint.report.chain_table import shape
from shapelint.report.summary import plural
from shapelint.spec.findings import FileReport, LinkReport

_MOST_LAYERS = 20


def hover(report: FileReport, uri: str, place: types.Position, workspace: Workspace) -> types.Hover | None:
    """Return what the component at a place does to shapes, the innermost one."""
    here = types.Range(place, place)
    found = [(_length(where), link, where) for link, where in _components(report, uri, workspace)]
    for _, link, where in sorted(found, key=lambda one: one[0]):
        if overlap(where, here):
            text = types.MarkupContent(types.MarkupKind.Markdown, "\n".join(_described(link)))
            return types.Hover(text, where)
    return None


def inlay_hints(report: FileReport, uri: str, place: types.Range, workspace: Workspace) -> Iterator[types.InlayHint]:
    """Yield the output of each component, behind it, and the shape of what each line of a forward gives."""
    for link, where in _components(report, uri, workspace):
        if link.output is not None and overlap(where, place):
            tooltip = f"{link.role} gets {shape(link.input)} and gives {shape(link.output)}"
            text = f"-> {shape(link.output)}"
            yield types.InlayHint(where.end, text, types.InlayHintKind.Type, tooltip=tooltip, padding_left=True)
    for line in report.tensors:
        end = place_of(line.location, workspace)
        if end.uri == uri and overlap(end.range, place):
            yield types.InlayHint(end.range.end, shape(line.shape), types.InlayHintKind.Type, padding_left=True)


def code_lenses(report: FileReport, uri: str, workspace: Workspace) -> Iterator[types.CodeLens]:
    """Yield, above each model, its method and how many of its links were checked."""
    for model in report.models:
        where = place_of(model.location, workspace) if model.location is not None else None
        if where is not None and where.uri == uri:
            title = f"{escape(model.title)}: {model.checked} of {plural(model.links, 'link')} checked"
            yield types.CodeLens(where.range, types.Command(title, ""))


def _components(report: FileReport, uri: str, workspace: Workspace) -> Iterator[tuple[LinkReport, types.Range]]:
    """Yield the components that are written in a document, each place once: two models may share it."""
    seen = set()
    for link in (link for model in report.models for link in model.chain):
        location = link.location
        if location is None or location in seen:
            continue
        seen.add(location)
        where = place_of(location, workspace)
        if where.uri == uri:
            yield link, where.range


def _length(place: types.Range) -> tuple[int, int]:
    return place.end.line - place.start.line, place.end.character - place.start.character


def _described(link: LinkReport) -> Iterator[str]:
    yield f"**{link.role}** `{escape(link.component)}`\n"
    yield f"`{shape(link.input)}` -> `{shape(link.output)}` ({link.source})"
    if link.signature:
        yield f"\nsignature: `{escape(link.signature)}`"
    if link.weights is not None:
        yield f"\n{link.weights:,} parameters"
    if link.note:
        yield f"\n{escape(link.note)}"
    if 1 < len(link.layers) <= _MOST_LAYERS:
        yield "\n| layer | in | out |\n|---|---|---|"
        for layer in link.layers:
            name = escape(f"{layer.name} {layer.component}").replace("|", "\\|")
            yield f"| {name} | {shape(layer.input)} | {shape(layer.output)} |"
