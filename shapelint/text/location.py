"""A range of text in a file, in lines and columns."""

from __future__ import annotations

from shapelint.common.frozen import frozen


@frozen
class Location:
    """A range of text in a file."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __lt__(self, other: Location) -> bool:
        """Whether it comes first: by path, then by where it begins."""
        return self._order() < other._order()

    def _order(self) -> tuple[str, int, int, int, int]:
        return self.path, self.line, self.column, self.end_line, self.end_column
