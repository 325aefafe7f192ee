"""A chain as a Mermaid diagram, its broken links and components marked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from shapelint.common.escaping import escape
from shapelint.spec.findings import Finding, JsonShape, LinkReport, ModelReport

_COLOURS = {"error": "#d1242f", "warning": "#bf8700"}
_STYLES = {
    "error": f"stroke:{_COLOURS['error']},stroke-width:3px",
    "warning": f"stroke:{_COLOURS['warning']},stroke-width:3px",
    "unknown": "stroke-dasharray:4 4",
}


def flowchart(model: ModelReport, findings: Sequence[Finding]) -> str:
    """The chain from left to right: a box per component, an arrow per link with its shape, a cross where it breaks.

    `findings` are those of the model; a component is marked by the severest error or warning that names its role.
    """
    return "\n".join(_lines(model.chain, findings))


def shape(value: JsonShape) -> str:
    """`(B, 512)`, several of them for several tensors, `?` if unknown."""
    if value is None:
        return "?"
    if value and all(isinstance(part, list) for part in value):
        return ", ".join(shape(part) for part in value if isinstance(part, list))
    return f"({', '.join(str(dim) for dim in value)})"


def _lines(chain: Sequence[LinkReport], findings: Sequence[Finding]) -> Iterator[str]:
    yield "flowchart LR"
    yield '  input(["input"])'
    for number, link in enumerate(chain):
        kind = _fault(link, findings) or ("unknown" if link.source == "unknown" else "")
        yield f'  link{number}["{_label(link.role)}<br/>{_label(link.component)}"]' + (f":::{kind}" if kind else "")
    for number, link in enumerate(chain):
        producer = f"link{number - 1}" if number else "input"
        text = _label(_carried(link, findings))
        yield f'  {producer} {"--x" if link.broken else "-->"}|"{text}"| link{number}'
    if chain:
        yield '  output(["output"])'
        yield f'  link{len(chain) - 1} -->|"{_label(shape(chain[-1].output))}"| output'
    for number, link in enumerate(chain):
        if link.broken:
            yield f"  linkStyle {number} {_STYLES[_fault(link, findings) or 'error']}"
    yield from (f"  classDef {name} {style}" for name, style in _STYLES.items())


def _carried(link: LinkReport, findings: Sequence[Finding]) -> str:
    """The input of a component, and, if the link is broken, also what it expects."""
    incoming: Sequence[object] = link.input or ()
    at_fault = (f for f in findings if f.role == link.role and (f.actual in incoming or f.actual == incoming))
    expected = next((finding.expected for finding in at_fault), None)
    if not link.broken or expected is None:
        return shape(link.input)
    return f"{shape(link.input)}, expected {shape(expected) if isinstance(expected, list) else expected}"


def _fault(link: LinkReport, findings: Sequence[Finding]) -> str:
    """The severest of "error" and "warning" that a finding about this component has, or ""."""
    severities = {finding.severity for finding in findings if finding.role == link.role}
    return next((severity for severity in _COLOURS if severity in severities), "")


def _label(text: str) -> str:
    """Text inside the quotes of a label: punctuation that Mermaid, Markdown or HTML interprets becomes its code."""
    return re.sub(r"[^\w ,().:/?=+-]", lambda match: f"#{ord(match[0])};", escape(text))
