"""A range of text in a file, in lines and columns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Location:
    """A range of text in a file."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
