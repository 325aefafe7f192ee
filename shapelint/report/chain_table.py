"""The chain of each model as a table: what goes in, what comes out, how that is known, and where the chain breaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapelint.findings import FileReport, Finding, JsonShape, LinkReport, ModelReport, Report
from shapelint.report.summary import problem

HEADER = ("component", "signature", "in", "out", "parameters", "source")
BROKEN = "x"


def render(report: Report, layers: bool = False) -> str:
    """A table for each model, with the messages of what breaks it under it."""
    blocks = []
    for file in report.files:
        for model in file.models:
            findings = [finding for finding in file.findings if finding.model == model.name]
            blocks.append("\n".join(_model(file, model, findings, layers)))
        if problem(file):
            blocks.append(f"{file.path}: {problem(file)}")
        elif not file.models:
            blocks += [
                f"{file.path}:{f.location.line}:{f.location.column}: {f.code} {f.message}" for f in file.findings
            ]
    return "\n\n".join(blocks) + "\n"


def _model(file: FileReport, model: ModelReport, findings: Sequence[Finding], layers: bool) -> Iterator[str]:
    yield f"{file.path}: {model.name} ({model.method})"
    rows = [HEADER]
    broken = {finding.role for finding in findings if finding.severity != "info"}
    marks = [" "]
    for link in model.chain:
        rows.append(_row(link))
        marks.append(BROKEN if link.role in broken else " ")
        for layer in link.layers if layers else ():
            count = f"{layer.weights:,}" if layer.weights is not None else ""
            rows.append((f"  {layer.name} {layer.component}", "", shape(layer.input), shape(layer.output), count, ""))
            marks.append(" ")
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    for mark, row in zip(marks, rows):
        cells = [
            cell.rjust(width) if index == 4 else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths))
        ]
        yield f"{mark} {'  '.join(cells)}".rstrip()
    for link in model.chain:
        if link.source == "unknown":
            yield f"  {link.role} is unknown: {link.note}"
    for finding in findings:
        if finding.severity != "info":
            yield f"{BROKEN} {finding.code} {finding.message}"


def _row(link: LinkReport) -> tuple[str, str, str, str, str, str]:
    count = f"{link.weights:,}" if link.weights is not None else "?"
    name = f"{link.role}: {link.component}"
    return name, link.signature or "?", shape(link.input), shape(link.output), count, link.source


def shape(value: JsonShape) -> str:
    """`(B, 512)`; several tensors stand one after the other."""
    if value is None:
        return "?"
    if value and isinstance(value[0], list):
        return ", ".join(shape(element) for element in value if isinstance(element, list))
    return f"({', '.join(str(axis) for axis in value)})"
