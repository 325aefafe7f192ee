"""A file as text: decoding, and the map from an offset to a line and a column."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Literal

from shapelint.common import bounds
from shapelint.common.bounded_files import RefusedFileError, in_bytes
from shapelint.common.disk import read_bounded
from shapelint.common.frozen import frozen, replace
from shapelint.common.patterns import pattern
from shapelint.text.location import Location

MAXIMUM_SOURCE_BYTES = bounds.SOURCE_BYTES
BYTE_ORDER_MARK = "\ufeff"


class UnreadableError(Exception):
    """A file that cannot be linted at all: missing, too large, binary, not UTF-8."""


@frozen
class Span:
    """A range of offsets (code points) in a text, end exclusive."""

    start: int
    end: int


@frozen
class Elsewhere(Span):
    """Something in another file: the place here that led there, and the line there."""

    path: str = ""
    line: int = 0


@frozen
class Part:
    """One file in a source: its path, its range of offsets, and the number of line breaks before it."""

    path: str
    span: Span
    lines: int


_LINE_BREAK = pattern(r"\r\n?|\n")
_JOINT = pattern(r"\n\0([^\n]*)\n")
"""The separator of joined texts. A file with a zero byte is never read, so no text contains it."""


def line_starts(text: str) -> list[int]:
    """Return the offsets at which the lines of a text begin."""
    return [0, *(found.end() for found in _LINE_BREAK.finditer(text))]


@frozen
class Source:
    """The text of one file; `mark` is whether it began with a byte order mark, which is not part of `text`.

    Other files that the first one is composed of may be joined to it: one range of offsets then covers them all, and an
    edit of the text keeps them apart.
    """

    path: str
    text: str
    mark: bool = False

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The file itself, then those that were joined to it."""
        found, path, start = [], self.path, 0
        for joint in _JOINT.finditer(self.text) if "\0" in self.text else ():
            found.append(self._part(path, start, joint.start()))
            path, start = joint[1], joint.end()
        return (*found, self._part(path, start, len(self.text)))

    def _part(self, path: str, start: int, end: int) -> Part:
        return Part(path, Span(start, end), bisect_right(self._line_starts, start) - 1 if start else 0)

    @property
    def language(self) -> Literal["yaml", "python", "notebook"]:
        """The language of the text, by the suffix of its path; anything unknown is read as YAML."""
        if self.path.endswith(".ipynb"):
            return "notebook"
        return "python" if self.path.endswith(".py") else "yaml"

    @property
    def own_text(self) -> str:
        """The text of this file alone, without joined files."""
        return self.slice(self.parts[0].span)

    def part_of(self, offset: int) -> Part:
        """The part that contains an offset."""
        return next((part for part in self.parts[:0:-1] if part.span.start <= offset), self.parts[0])

    @cached_property
    def _line_starts(self) -> list[int]:
        return line_starts(self.text)

    def location(self, span: Span) -> Location:
        """The file of a span, and its lines and columns, counted from 1."""
        part = self.part_of(span.start)
        line, column = self._position(span.start)
        end_line, end_column = self._position(span.end)
        return Location(part.path, line - part.lines, column, end_line - part.lines, end_column)

    def offset(self, path: str, line: int, column: int) -> int:
        """The offset of a line and a column of one of the files, both counted from 1."""
        part = next((part for part in self.parts if part.path == path), self.parts[0])
        return self._line_starts[part.lines + line - 1] + column - 1

    def slice(self, span: Span) -> str:
        """The text of a span."""
        return self.text[span.start : span.end]

    def _position(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._line_starts, offset) - 1
        return line + 1, offset - self._line_starts[line] + 1


def joined(source: Source, others: Iterable[tuple[str, str]]) -> Source:
    """The source with other files, each a path and a text, joined to it."""
    return replace(source, text=source.text + "".join(f"\n\0{path}\n{text}" for path, text in others))


def read_source(path: Path) -> Source:
    """Read a file; raises UnreadableError with a reason in plain words."""
    try:
        data = read_bounded(path, MAXIMUM_SOURCE_BYTES)
    except FileNotFoundError:
        raise UnreadableError("no such file or folder") from None
    except RefusedFileError as error:
        raise UnreadableError(error.strerror or "") from None
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror or error}") from None
    return decode(str(path), data)


def decode(path: str, data: bytes) -> Source:
    """Decode the bytes of a file; raises UnreadableError for binary data and for anything but UTF-8."""
    if len(data) > MAXIMUM_SOURCE_BYTES:
        raise UnreadableError(f"file is larger than {in_bytes(MAXIMUM_SOURCE_BYTES)}")
    if b"\0" in data:
        raise UnreadableError("binary file (it holds a zero byte)")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableError(f"not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}") from None
    return Source(path, text.removeprefix(BYTE_ORDER_MARK), text.startswith(BYTE_ORDER_MARK))


def encode(source: Source, text: str) -> bytes:
    """The bytes to write back for an edited text."""
    return ((BYTE_ORDER_MARK if source.mark else "") + text).encode("utf-8")
