"""Map nodes of Python's syntax tree to spans of the text; `ast` counts columns in bytes of UTF-8."""

from __future__ import annotations

import ast
from bisect import bisect_right
from dataclasses import dataclass, field

from shapelint.text.source import Span


@dataclass
class Places:
    """Offsets of the lines of a text. Lines end where the tokenizer ends them, so a form feed does not end a line."""

    text: str
    starts: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.starts = [0]
        for index, character in enumerate(self.text):
            if character == "\n" or (character == "\r" and self.text[index + 1 : index + 2] != "\n"):
                self.starts.append(index + 1)

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
