"""Map nodes of Python's syntax tree to spans of the text; `ast` counts columns in bytes of UTF-8."""

from __future__ import annotations

import ast
from bisect import bisect_right

from shapelint.text.source import Span, line_starts


class Places:
    """Offsets of the lines of a text. Lines end where the tokenizer ends them, so a form feed does not end a line."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = line_starts(text)

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a line (from 1) and a column in bytes."""
        start = self.starts[min(line, len(self.starts)) - 1]
        head = self.text[start : start + column]
        if head.isascii():
            return min(start + column, len(self.text))
        return start + len(head.encode()[:column].decode(errors="ignore"))

    def span(self, node: ast.AST) -> Span:
        """Return the span of a node that has a position."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        end_line, end_column = getattr(node, "end_lineno", line), getattr(node, "end_col_offset", column)
        return Span(self.offset(line, column), self.offset(end_line, end_column))

    def line(self, offset: int) -> int:
        """Return the line (from 1) of an offset."""
        return bisect_right(self.starts, offset)
