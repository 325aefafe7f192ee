"""The chain of each model as a table: inputs, outputs, how they are known, and where the chain breaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapelint.common.escaping import escape
from shapelint.report.summary import plural, problem
from shapelint.spec.findings import FileReport, Finding, JsonShape, LinkReport, ModelReport, Report

_COLUMNS: tuple[str, ...] = ("component", "signature", "in", "out", "parameters", "source")
BROKEN = "x"

Row = tuple[str, ...]


def render(report: Report, layers: bool = False, width: int | None = None) -> str:
    """A table for each model, with the messages about its breaks below it; in `width` columns if possible."""
    blocks = []
    for file in report.files:
        for model in file.models:
            findings = file.findings_of(model)
            blocks.append("\n".join(map(escape, _model(file, model, findings, layers, width))))
        if problem(file):
            blocks.append(escape(f"{file.path}: {problem(file)}"))
        elif not file.models:
            blocks += [
                escape(f"{file.path}:{f.location.line}:{f.location.column}: {f.code} {f.message}")
                for f in file.findings
            ]
    return "\n\n".join(blocks) + "\n"


def _model(
    file: FileReport, model: ModelReport, findings: Sequence[Finding], layers: bool, width: int | None
) -> Iterator[str]:
    yield f"{file.path}: {model.title}"
    broken = {finding.role for finding in findings if finding.severity != "info"}
    marks, rows = [" "], [_COLUMNS]
    for link in model.chain:
        rows.append(_row(link))
        marks.append(BROKEN if link.role in broken else " ")
        for layer in link.layers if layers else ():
            count = f"{layer.weights:,}" if layer.weights is not None else ""
            rows.append((f"  {layer.name} {layer.component}", "", shape(layer.input), shape(layer.output), count, ""))
            marks.append(" ")
    lines = _table(marks, rows)
    for narrow in (_with_short_names, _without_signatures, _without_sources):
        if width is not None and max(map(len, lines)) > width:
            rows = [narrow(row) for row in rows]
            lines = _table(marks, rows)
    yield from lines
    for link in model.chain:
        if link.source == "unknown":
            yield f"  {link.role} is unknown: {link.note}"
        elif link.note:
            yield f"  {link.role}: {link.note}"
    for finding in findings:
        if finding.severity != "info":
            yield f"{BROKEN} {finding.code} {finding.message}"
    if model.unchecked:
        yield f"  {model.checked} of {plural(model.links, 'link')} checked"


def _table(marks: Sequence[str], rows: Sequence[Row]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for mark, row in zip(marks, rows):
        cells = [
            cell.rjust(width) if heading == "parameters" else cell.ljust(width)
            for cell, width, heading in zip(row, widths, rows[0])
        ]
        lines.append(f"{mark} {'  '.join(cells)}".rstrip())
    return lines


def _with_short_names(row: Row) -> Row:
    """`projection_head: BYOLProjectionHead` for the dotted name."""
    role, colon, name = row[0].partition(": ")
    return (f"{role}{colon}{name.rpartition('.')[2]}", *row[1:])


def _without_signatures(row: Row) -> Row:
    return (row[0], *row[2:])


def _without_sources(row: Row) -> Row:
    return row[:-1]


def _row(link: LinkReport) -> Row:
    count = f"{link.weights:,}" if link.weights is not None else "?"
    name = f"{link.role}: {link.component}"
    return name, link.signature or "?", shape(link.input), shape(link.output), count, link.source


def shape(value: JsonShape) -> str:
    """`(B, 512)`; several tensors are listed one after the other."""
    if value is None:
        return "?"
    if value and isinstance(value[0], list):
        return ", ".join(shape(element) for element in value if isinstance(element, list))
    return f"({', '.join(str(axis) for axis in value)})"
