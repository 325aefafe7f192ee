"""The chains as one self-contained HTML page: pictures, tables of layers, findings, and what was not checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape as html_escape

from shapelint.common.escaping import escape
from shapelint.report import RenderOptions
from shapelint.report.chain_table import shape
from shapelint.report.summary import closing_lines, problem, unchecked_lines
from shapelint.report.svg import picture
from shapelint.spec.findings import FileReport, Finding, LinkReport, ModelReport, Report

_PAGE = "body { margin: 2rem auto; max-width: 1200px; padding: 0 1rem; } h1 { font: 1.4rem sans-serif; }"
_STYLE = """
.shapelint { font: 14px/1.5 ui-sans-serif, system-ui, sans-serif; color: #1f2328; background: #ffffff; }
.shapelint h2 { font-size: 1.15rem; margin-top: 2.5rem; }
.shapelint .chain { border: 1px solid #d0d7de; border-radius: 6px; padding: 2px; }
.shapelint .chain svg { max-width: 100%; height: auto; }
.shapelint table { border-collapse: collapse; margin: 1rem 0; }
.shapelint th, .shapelint td { border: 1px solid #d0d7de; padding: .25rem .6rem; text-align: left; }
.shapelint code { font-family: ui-monospace, monospace; font-size: 12px; }
.shapelint .error { color: #d1242f; } .shapelint .warning { color: #9a6700; } .shapelint .info { color: #0969da; }
.shapelint .part td:first-child { padding-left: 1.8rem; }
"""


def render(report: Report, options: RenderOptions) -> str:
    """A page that needs no other file; all text of the user's is escaped."""
    head = f'<meta charset="utf-8">\n<title>shapelint</title>\n<style>{_PAGE}</style>'
    body = f"<h1>shapelint</h1>\n{fragment(report, options)}"
    return f'<!doctype html>\n<html lang="en">\n<head>\n{head}\n</head>\n<body>\n{body}\n</body>\n</html>\n'


def fragment(report: Report, options: RenderOptions) -> str:
    """The same as a part of another page, with a style that is for this part alone."""
    return "\n".join(_lines(report, options))


def _lines(report: Report, options: RenderOptions) -> Iterator[str]:
    yield f'<div class="shapelint">\n<style>{_STYLE}</style>'
    yield "".join(f"<p>{_text(line.strip())}</p>" for line in closing_lines(report, options))
    for file in report.files:
        for model in file.models:
            yield from _model(file, model)
        if problem(file):
            yield f'<p class="error">{_text(file.path)}: {_text(problem(file))}</p>'
    yield "</div>"


def _model(file: FileReport, model: ModelReport) -> Iterator[str]:
    findings = file.findings_of(model)
    yield f"<h2>{_text(file.path)}: {_text(model.title)}</h2>"
    yield f'<div class="chain">{picture(model, findings)}</div>'
    for finding in findings:
        yield from _finding(finding)
    yield from _table(model.chain)
    if model.unchecked:
        yield f"<p>{model.checked} of {model.links} links checked; not checked:</p><ul>"
        yield "".join(f"<li>{_text(line.strip())}</li>" for line in unchecked_lines(model.unchecked)) + "</ul>"


def _finding(finding: Finding) -> Iterator[str]:
    code = f'<a href="{html_escape(finding.url)}">{_text(finding.code)}</a>' if finding.url else _text(finding.code)
    place = f"{finding.location.path}:{finding.location.line}:{finding.location.column}"
    yield f'<p><strong class="{finding.severity}">{finding.severity}</strong> {code} {_text(finding.message)}<br>'
    yield f"<code>{_text(place)}</code>"
    yield "".join(f"<br>{kind}: {_text(text)}" for kind, text in finding.remarks) + "</p>"


def _table(chain: Sequence[LinkReport]) -> Iterator[str]:
    yield "<table><tr><th>component</th><th>in</th><th>out</th><th>parameters</th><th>source</th></tr>"
    for link in chain:
        name = f"{link.role}: {link.component}"
        yield _row("", name, shape(link.input), shape(link.output), _count(link.weights), link.source)
        for layer in link.layers:
            ends = shape(layer.input), shape(layer.output)
            yield _row("part", f"{layer.name} {layer.component}", *ends, _count(layer.weights), "")
    yield "</table>"


def _row(kind: str, *cells: str) -> str:
    return f'<tr class="{kind}">' + "".join(f"<td>{_text(cell)}</td>" for cell in cells) + "</tr>"


def _count(weights: int | None) -> str:
    return "" if weights is None else f"{weights:,}"


def _text(text: str) -> str:
    return html_escape(escape(text))
