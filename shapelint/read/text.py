"""A file as text: decoding, and the way from an offset in it to a line and a column."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from pathlib import Path

from shapelint.findings import Location
from shapelint.frozen import frozen

MAXIMUM_BYTES = 4 * 1024 * 1024
BYTE_ORDER_MARK = "\ufeff"


class UnreadableError(Exception):
    """A file that cannot be linted at all: missing, too large, binary, not UTF-8."""


@frozen
class Span:
    """A range of offsets (code points) in a text, end exclusive."""

    start: int
    end: int


@frozen
class Source:
    """The text of one file; `mark` says whether it began with a byte order mark, which is not part of `text`."""

    path: str
    text: str
    mark: bool = False

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        for index, character in enumerate(self.text):
            if character == "\n" or (character == "\r" and self.text[index + 1 : index + 2] != "\n"):
                starts.append(index + 1)
        return starts

    def location(self, span: Span) -> Location:
        """The lines and columns of a span, counted from 1."""
        line, column = self._position(span.start)
        end_line, end_column = self._position(span.end)
        return Location(self.path, line, column, end_line, end_column)

    def offset(self, line: int, column: int) -> int:
        """The offset of a line and a column, both counted from 1."""
        return self._line_starts[line - 1] + column - 1

    def slice(self, span: Span) -> str:
        """The text of a span."""
        return self.text[span.start : span.end]

    def _position(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._line_starts, offset) - 1
        return line + 1, offset - self._line_starts[line] + 1


def read_source(path: Path) -> Source:
    """Read a file; raises UnreadableError with a reason in plain words."""
    try:
        if path.stat().st_size > MAXIMUM_BYTES:
            raise UnreadableError(f"file is larger than {MAXIMUM_BYTES // 2**20} MiB")
        data = path.read_bytes()
    except FileNotFoundError:
        raise UnreadableError("no such file or folder") from None
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror or error}") from None
    return decode(str(path), data)


def decode(path: str, data: bytes) -> Source:
    """Decode the bytes of a file; raises UnreadableError for binary data and for anything but UTF-8."""
    if len(data) > MAXIMUM_BYTES:
        raise UnreadableError(f"file is larger than {MAXIMUM_BYTES // 2**20} MiB")
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
