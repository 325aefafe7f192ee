"""A chain as a Mermaid diagram, its broken links and components marked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from shapelint.common.escaping import escape
from shapelint.report.chain_graph import Box, ChainGraph, graph
from shapelint.spec.findings import Finding, ModelReport

COLOURS = {"error": "#d1242f", "warning": "#bf8700"}
_STYLES = {
    "error": f"stroke:{COLOURS['error']},stroke-width:3px",
    "warning": f"stroke:{COLOURS['warning']},stroke-width:3px",
    "unknown": "stroke-dasharray:4 4",
}
_ARROWS = {"checked": "-->", "unchecked": "-.->"}


def flowchart(model: ModelReport, findings: Sequence[Finding]) -> str:
    """The chain from left to right: a box per component, an arrow per tensor with its shape, a cross where it breaks.

    A link that could not be checked is dotted. `findings` are those of the model.
    """
    return "\n".join(_lines(graph(model, findings)))


def _lines(chain: ChainGraph) -> Iterator[str]:
    yield "flowchart LR"
    yield from (f"  {node.name}{_box(node)}" + (f":::{node.mark}" if node.mark else "") for node in chain.nodes)
    for arrow in chain.arrows:
        yield f'  {arrow.source} {_ARROWS.get(arrow.state, "--x")}|"{_label(arrow.label)}"| {arrow.target}'
    for number, arrow in enumerate(chain.arrows):
        if arrow.state in COLOURS:
            yield f"  linkStyle {number} {_STYLES[arrow.state]}"
    yield from (f"  classDef {name} {style}" for name, style in _STYLES.items())


def _box(node: Box) -> str:
    text = "<br/>".join(_label(line) for line in (node.title, node.subtitle) if line)
    return f'["{text}"]' if node.kind in ("component", "copy") else f'(["{text}"])'


def _label(text: str) -> str:
    """Text inside the quotes of a label: punctuation that Mermaid, Markdown or HTML interprets becomes its code."""
    return re.sub(r"[^\w ,().:/?=+-]", lambda match: f"#{ord(match[0])};", escape(text))
