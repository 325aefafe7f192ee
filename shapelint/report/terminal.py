"""Text on a terminal: how many columns a character takes, where a long line is cut."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from shapelint.common.escaping import coded, commands, shown
from shapelint.common.frozen import frozen

ELLIPSIS = "..."
TAB = "    "
_STYLES = {"error": "1;31", "warning": "1;33", "info": "1;36", "related": "1;34", "gutter": "1;34", "strong": "1"}
_EMOJI_SELECTOR = "\ufe0f"
_LONGEST_UNCUT = 48
_LEAST_CONTEXT = 4


@frozen
class Cell:
    """One code point of the source as it is shown, and the columns that it takes."""

    text: str
    width: int


@frozen
class Line:
    """A source line as it is shown; `columns[i]` is the column of the code point `i`, counted from 0."""

    text: str
    columns: tuple[int, ...]


def paint(text: str, style: str, colour: bool) -> str:
    """The text in a style of the terminal, or unchanged without colour."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if colour and text else text


def cells(text: str, encoding: str = "utf-8") -> list[Cell]:
    """A source line as cells, one for each code point: tabs are 4 spaces, combining marks take no column."""
    found: list[Cell] = []
    parts_of_commands = commands(text)
    for index, character in enumerate(text):
        written = _written(character, encoding) if index not in parts_of_commands else coded(character)
        if written != character:
            found.append(Cell(written, len(written)))
        elif character == _EMOJI_SELECTOR and found and found[-1].width == 1:
            found.append(Cell(character, 1))
        else:
            found.append(Cell(character, _width(character)))
    return found


def _written(character: str, encoding: str) -> str:
    return TAB if character == "\t" else shown(character, encoding)


def layout(line: Sequence[Cell], spans: Sequence[tuple[int, int]], room: int) -> Line:
    """Lay a line out in `room` columns: a longer one keeps what is near the spans (code points from 0, end exclusive).

    A span that is itself too long keeps both its ends.
    """
    kept = _kept(line, spans, room)
    text, columns, column, index = "", [], 0, 0
    while index < len(line):
        end = index
        while end < len(line) and not kept[end]:
            end += 1
        if end > index:
            text += ELLIPSIS
            columns += [column] * (end - index)
            column += len(ELLIPSIS)
            index = end
        else:
            text += line[index].text
            columns.append(column)
            column += line[index].width
            index += 1
    return Line(text, (*columns, column))


def _width(character: str) -> int:
    if character.isascii():
        return 1
    # Vowels and finals of Hangul (U+1160 to U+11FF) join the consonant before them.
    if unicodedata.category(character) in ("Mn", "Me") or "\u1160" <= character <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _kept(line: Sequence[Cell], spans: Sequence[tuple[int, int]], room: int) -> list[bool]:
    """Which cells of a line are shown."""
    if sum(cell.width for cell in line) <= room:
        return [True] * len(line)
    pieces: list[tuple[int, int]] = []
    for start, end in spans or [(0, 0)]:
        if sum(cell.width for cell in line[start:end]) <= _LONGEST_UNCUT:
            pieces.append((start, end))
        else:
            pieces.append((start, _reach(line, start, 1, _LONGEST_UNCUT // 2)))
            pieces.append((_reach(line, end, -1, _LONGEST_UNCUT // 2), end))
    shown = sum(cell.width for start, end in pieces for cell in line[start:end])
    ellipses = len(ELLIPSIS) * (len(pieces) + 1)
    context = max(_LEAST_CONTEXT, (room - shown - ellipses) // (2 * len(pieces)))
    kept = [False] * len(line)
    for start, end in pieces:
        before = _reach(line, start, -1, context)
        spare = context - sum(cell.width for cell in line[before:start])
        after = _reach(line, end, 1, context + spare)
        kept[before:after] = [True] * (after - before)
    return kept


def _reach(line: Sequence[Cell], index: int, step: int, budget: int) -> int:
    """The index that the given number of columns reaches from a place in the line."""
    while 0 <= (neighbour := index if step > 0 else index - 1) < len(line) and line[neighbour].width <= budget:
        budget -= line[neighbour].width
        index += step
    return index
