"""A chain as an SVG picture: columns from left to right, one lane for each branch, widths on the arrows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import escape as markup
from xml.sax.saxutils import quoteattr

from shapelint.common.escaping import escape
from shapelint.common.frozen import frozen
from shapelint.report.chain_graph import SOURCE_BOX, Arrow, Box, ChainGraph, graph
from shapelint.report.mermaid import COLOURS
from shapelint.spec.findings import Finding, ModelReport

_BOX = (210, 52)
_GAP = (130, 56)
_MARGIN = 16
_CHARACTER = 7.0
"""The width of a character of the font, as a generous mean."""
_INK = "#57606a"
_FILLS = {"input": "#eef1f4", "component": "#ffffff", "copy": "#f6f8fa", "loss": "#ddf4ff", "output": "#eef1f4"}


@frozen
class GridPlace:
    """Where a node is: its column and lane, from 0."""

    column: int
    lane: int

    @property
    def corner(self) -> tuple[int, int]:
        """The upper left corner of its box."""
        return _MARGIN + self.column * (_BOX[0] + _GAP[0]), _MARGIN + self.lane * (_BOX[1] + _GAP[1])


def picture(model: ModelReport, findings: Sequence[Finding]) -> str:
    """The picture of a model's chain, a whole SVG document; `findings` are those of the model."""
    return "\n".join(_lines(graph(model, findings), model.title)) + "\n"


def places(chain: ChainGraph) -> dict[str, GridPlace]:
    """Lay a graph out: a node stands behind all that lead to it, in the lane of the first of them if that is free."""
    found = {SOURCE_BOX: GridPlace(0, 0)}
    lanes = 1
    for node in chain.nodes:
        sources = [found[arrow.source] for arrow in chain.arrows if arrow.target == node.name]
        if node.name in found:
            continue
        column = 1 + max((place.column for place in sources), default=0)
        if node.kind == "loss":
            column = 1 + max(place.column for place in found.values())
        wanted = sources[0].lane if sources else lanes
        if any(place.lane == wanted and place.column >= column for place in found.values()):
            wanted, lanes = lanes, lanes + 1
        lanes = max(lanes, wanted + 1)
        found[node.name] = GridPlace(column, wanted)
    return found


def _lines(chain: ChainGraph, title: str) -> Iterator[str]:
    where = places(chain)
    right = max(place.corner[0] for place in where.values()) + _BOX[0] + _MARGIN
    bottom = max(place.corner[1] for place in where.values()) + _BOX[1] + _MARGIN
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right} {bottom}" width="{right}" height="{bottom}" '
        f'role="img" aria-label={quoteattr(escape(title))} font-family="ui-sans-serif, system-ui, sans-serif" '
        'font-size="12">'
    )
    heads = {"plain": _INK, **COLOURS}.items()
    yield f"<defs>{''.join(_head(name, colour) for name, colour in heads)}</defs>"
    yield f'<rect width="{right}" height="{bottom}" fill="#ffffff"/>'
    for arrow in chain.arrows:
        yield from _arrow(arrow, where)
    for node in chain.nodes:
        yield from _box(node, where[node.name])
    yield "</svg>"


def _head(name: str, colour: str) -> str:
    """The head of an arrow, which an arrow refers to."""
    size = 'viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse"'
    return f'<marker id="to-{name}" {size} orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="{colour}"/></marker>'


def _arrow(arrow: Arrow, where: Mapping[str, GridPlace]) -> Iterator[str]:
    (left, top), (right, below) = where[arrow.source].corner, where[arrow.target].corner
    start, end = (left + _BOX[0], top + _BOX[1] // 2), (right, below + _BOX[1] // 2)
    colour = COLOURS.get(arrow.state, _INK)
    dashes = ' stroke-dasharray="5 4"' if arrow.state == "unchecked" else ""
    width = 3 if arrow.state in COLOURS else 1.5
    bend = end[0] - _GAP[0] // 2
    path = f"M{start[0]} {start[1]} H{bend} V{end[1]} H{end[0] - 2}"
    marker = f"to-{arrow.state if arrow.state in COLOURS else 'plain'}"
    yield f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dashes} marker-end="url(#{marker})"/>'
    lines = arrow.label.split(", expected ")
    texts = [lines[0], *(f"expected {line}" for line in lines[1:])]
    for number, text in enumerate(texts):
        height = start[1] - 8 + number * 24
        yield _text(text, (start[0] + 6, height), _GAP[0] - 10, f'fill="{colour}"')


def _box(node: Box, place: GridPlace) -> Iterator[str]:
    left, top = place.corner
    stroke = COLOURS.get(node.mark, _INK)
    width = 3 if node.mark in COLOURS else 1.2
    dashes = ' stroke-dasharray="5 4"' if node.mark == "unknown" or node.kind == "copy" else ""
    corner = 6 if node.kind in ("component", "copy") else _BOX[1] // 2
    yield (
        f'<rect x="{left}" y="{top}" width="{_BOX[0]}" height="{_BOX[1]}" rx="{corner}" fill="{_FILLS[node.kind]}" '
        f'stroke="{stroke}" stroke-width="{width}"{dashes}/>'
    )
    middle = left + _BOX[0] // 2
    title = top + (_BOX[1] // 2 - 4 if node.subtitle else _BOX[1] // 2 + 4)
    yield _text(node.title, (middle, title), _BOX[0] - 12, 'text-anchor="middle" font-weight="600"')
    if node.subtitle:
        yield _text(node.subtitle, (middle, title + 18), _BOX[0] - 12, f'text-anchor="middle" fill="{_INK}"')


def _text(text: str, place: tuple[int, int], room: int, style: str) -> str:
    """A text; of a dotted name that is too long its last part, cut to the room. Pointing at it shows the whole."""
    whole, most = escape(text), int(room / _CHARACTER)
    short = whole if len(whole) <= most else whole.rpartition(".")[2]
    shown = short if len(short) <= most else f"{short[: most - 3]}..."
    tip = f"<title>{markup(whole)}</title>" if shown != whole else ""
    return f'<text x="{place[0]}" y="{place[1]}" {style}>{tip}{markup(shown)}</text>'
