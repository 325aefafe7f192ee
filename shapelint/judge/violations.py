"""What a violated rule is: the place, both numbers, and the edits that could fix it."""

from __future__ import annotations

from typing import Any

from shapelint.common.frozen import frozen
from shapelint.knowledge.rule_pages import Rule
from shapelint.text.source import Span


@frozen
class Move:
    """One edit of the user's own numbers: replace a span (empty: insert). `whole` is the component around it.

    An edit of a higher `fallback` is made only where none of a lower one is a repair: a literal that `overwrites` an
    expression (1), or that takes the place of a name which others use too (2).
    """

    span: Span
    text: str
    whole: Span | None = None
    fallback: int = 0
    overwrites: bool = False


@frozen
class Mark:
    """A span with what is said about it."""

    span: Span
    message: str


@frozen
class Violation:
    """One violated requirement. `key` stays the same when the numbers of the file are edited."""

    rule: Rule
    key: tuple[Any, ...]
    severity: str
    message: str
    span: Span
    label: str = ""
    role: str = ""
    expected: Any = None
    actual: Any = None
    related: tuple[Mark, ...] = ()
    notes: tuple[str, ...] = ()
    help: str = ""
    moves: tuple[Move, ...] = ()

    @property
    def blocks(self) -> bool:
        """Whether it fails the run."""
        return self.severity != "info"
