"""`--output-format text`: a block per finding, as rustc writes them, then the closing lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from shapelint.common.escaping import escape
from shapelint.report import RenderOptions
from shapelint.report.snippet import bar, gutter_width, snippets, split_lines
from shapelint.report.summary import change_lines, closing_lines, problem
from shapelint.report.terminal import paint
from shapelint.spec.findings import Finding, Report


def render(report: Report, options: RenderOptions) -> str:
    """The report for a person at a terminal."""
    texts = source_lines(report)
    blocks = ["\n".join(block(finding, texts, options)) for finding in report.findings]
    blocks += [_problem(file.path, problem(file), options) for file in report.files if problem(file)]
    blocks.append("\n".join(change_lines(options)))
    blocks.append("\n".join(closing_lines(report, options)))
    text = "\n\n".join(filter(None, blocks))
    return f"{text}\n" if text else ""


def source_lines(report: Report) -> dict[str, list[str]]:
    """The lines of the files that findings point into, by path, as far as their text is known."""
    places = [
        place for finding in report.findings for place in (finding.location, *(one.location for one in finding.related))
    ]
    shown = {place.path for place in places}
    known = [pair for file in report.files for pair in ((file.path, file.text), *file.others)]
    return {path: split_lines(text) for path, text in known if text and path in shown}


def block(finding: Finding, texts: Mapping[str, Sequence[str]], options: RenderOptions) -> Iterator[str]:
    """The lines of one finding."""
    head = paint(f"{finding.severity}[{finding.code}]", finding.severity, options.colour)
    yield head + paint(f": {escape(finding.message, options.encoding)}", "strong", options.colour)
    yield from snippets(finding, texts, options)
    gutter = gutter_width(finding)
    for index, (kind, text) in enumerate(finding.remarks):
        if index == 0:
            yield bar(gutter, options)
        first, *rest = [escape(line, options.encoding) for line in text.split("\n")]
        equals = paint(" " * (gutter + 2) + "=", "gutter", options.colour)
        yield f"{equals} {paint(kind, 'strong', options.colour)}: {first}".rstrip()
        yield from (" " * (gutter + len(kind) + 6) + line for line in rest)


def _problem(path: str, text: str, options: RenderOptions) -> str:
    head = paint("error", "error", options.colour)
    message = f": {escape(path, options.encoding)}: {escape(text, options.encoding)}"
    return head + paint(message, "strong", options.colour)
