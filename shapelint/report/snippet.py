"""The lines of source under a finding: a gutter, carets under the primary span, dashes under the related ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from shapelint.common.escaping import escape
from shapelint.common.frozen import frozen, replace
from shapelint.report import RenderOptions
from shapelint.report.terminal import cells, layout, paint
from shapelint.spec.findings import Finding
from shapelint.text.location import Location

StyledSpan = tuple[Location, str, str]
"""A span, the style it is painted in, and its label."""

_LINES_MARKED = 4
_LEAST_ROOM = 40


@frozen
class Underline:
    """A stretch of one line to underline: code points from 0, the end exclusive; an empty one marks an insertion."""

    line: int
    start: int
    end: int
    style: str
    label: str = ""

    @property
    def sign(self) -> str:
        """The character that underlines it."""
        return "-" if self.style == "related" else "^"


Placed = tuple[int, int, Underline]
"""The terminal columns of an underline, from 0, the end exclusive."""


def split_lines(text: str) -> list[str]:
    """The lines of a file as editors count them."""
    return re.split(r"\r\n|\r|\n", text)


def snippets(finding: Finding, texts: Mapping[str, Sequence[str]], options: RenderOptions) -> Iterator[str]:
    """The block from `-->` to the last line of source; `texts` holds the lines of each known file.

    The file of the primary span comes first, then each other file that holds a related span.
    """
    places: list[StyledSpan] = [(finding.location, finding.severity, finding.label)]
    places += [(related.location, "related", related.message) for related in finding.related]
    gutter = gutter_width(finding)
    paths = list(dict.fromkeys(location.path for location, _, _ in places))
    for path in paths:
        if path != paths[0]:
            yield bar(gutter, options)
        lines = texts.get(path, ())
        own = [place for place in places if place[0].path == path]
        visible = [place for place in own if place[0].line <= len(lines)]
        for location, style, label in own:
            if location.line > len(lines):
                labelled = ": " + paint(escape(label, options.encoding), style, options.colour) if label else ""
                yield _arrow(location, gutter, options) + labelled
        if visible:
            yield _arrow(visible[0][0], gutter, options)
            yield bar(gutter, options)
            yield from _source([mark for place in visible for mark in _marks(*place, lines)], lines, gutter, options)


def gutter_width(finding: Finding) -> int:
    """The width of the largest line number of a finding."""
    locations = [finding.location, *(related.location for related in finding.related)]
    return len(str(max(max(location.line, location.end_line) for location in locations)))


def position(location: Location, options: RenderOptions) -> str:
    """`path:line:column`, which terminals and editors turn into a link."""
    return f"{escape(location.path, options.encoding)}:{location.line}:{location.column}"


def _marks(location: Location, style: str, label: str, lines: Sequence[str]) -> Iterator[Underline]:
    """One underline for each line of a span that is not blank; the last one carries the label.

    Of a span over many lines, the first and the last line are underlined.
    """
    found: list[Underline] = []
    for number in range(location.line, min(location.end_line, len(lines)) + 1):
        text = lines[number - 1]
        start = location.column - 1 if number == location.line else len(text) - len(text.lstrip())
        end = location.end_column - 1 if number == location.end_line else len(text.rstrip())
        if start < min(end, len(text)):
            found.append(Underline(number, start, min(end, len(text)), style))
    if not found:
        start = min(location.column - 1, len(lines[location.line - 1]))
        found.append(Underline(location.line, start, start, style))
    yield from found[:-1] if len(found) <= _LINES_MARKED else found[:1]
    yield replace(found[-1], label=label)


def _source(marks: Iterable[Underline], lines: Sequence[str], gutter: int, options: RenderOptions) -> Iterator[str]:
    """The underlined lines in order; one line between two of them is shown too, more become `...`."""
    by_line: dict[int, list[Underline]] = {}
    for mark in marks:
        by_line.setdefault(mark.line, []).append(mark)
    previous = 0
    for number in sorted(by_line):
        if previous and number == previous + 2:
            yield from _line(number - 1, (), lines, gutter, options)
        elif previous and number > previous + 2:
            yield "..."
        yield from _line(number, by_line[number], lines, gutter, options)
        previous = number


def _line(
    number: int, marks: Sequence[Underline], lines: Sequence[str], gutter: int, options: RenderOptions
) -> Iterator[str]:
    """One line of source and the rows under it."""
    room = max(options.width - gutter - 4, _LEAST_ROOM)
    shown = layout(cells(lines[number - 1], options.encoding), [(mark.start, mark.end) for mark in marks], room)
    yield _row(gutter, str(number), shown.text, options)
    placed = [
        (shown.columns[mark.start], max(shown.columns[mark.end], shown.columns[mark.start] + 1), mark) for mark in marks
    ]
    for row in _annotations(placed, options):
        yield _row(gutter, "", row, options)


def _annotations(placed: Sequence[Placed], options: RenderOptions) -> Iterator[str]:
    """The underlines of a line; the label of the last one is on the same row, the others hang below, as in rustc."""
    if not placed:
        return
    # Related spans first: where two spans overlap, the carets are drawn over the dashes.
    order = sorted(placed, key=lambda item: (item[2].style != "related", item[0], item[1]))
    canvas: dict[int, tuple[str, str]] = {}
    for start, end, mark in order:
        canvas.update(dict.fromkeys(range(start, end), (mark.sign, mark.style)))
    last = max(order, key=lambda item: item[0])
    inline = last if last[2].label and last[1] == max(end for _, end, _ in order) else None
    yield _drawn(canvas, options) + (" " + _label(inline[2], options) if inline else "")
    hanging = sorted((item for item in reversed(order) if item[2].label and item is not inline), key=lambda i: -i[0])
    if hanging:
        yield _drawn({start: ("|", mark.style) for start, _, mark in hanging}, options)
    for index, (start, _, mark) in enumerate(hanging):
        stems = {left: ("|", other.style) for left, _, other in hanging[index + 1 :] if left < start}
        drawn = _drawn(stems, options)
        yield drawn + " " * (start - (max(stems) + 1 if stems else 0)) + _label(mark, options)


def _arrow(location: Location, gutter: int, options: RenderOptions) -> str:
    return paint(" " * (gutter + 1) + "-->", "gutter", options.colour) + f" {position(location, options)}"


def _label(mark: Underline, options: RenderOptions) -> str:
    return paint(escape(mark.label, options.encoding), mark.style, options.colour)


def _drawn(canvas: Mapping[int, tuple[str, str]], options: RenderOptions) -> str:
    """A row of characters by column, equal neighbours painted together."""
    text, column = "", 0
    columns = sorted(canvas)
    while columns:
        start, (sign, style) = columns[0], canvas[columns[0]]
        length = 1
        while canvas.get(start + length) == (sign, style):
            length += 1
        text += " " * (start - column) + paint(sign * length, style, options.colour)
        column = start + length
        columns = columns[length:]
    return text


def bar(gutter: int, options: RenderOptions) -> str:
    """A line with nothing but the gutter."""
    return _row(gutter, "", "", options)


def _row(gutter: int, number: str, content: str, options: RenderOptions) -> str:
    """A line after the gutter, without trailing white space."""
    edge = paint(f" {number:>{gutter}} |", "gutter", options.colour)
    return f"{edge} {content}".rstrip()
