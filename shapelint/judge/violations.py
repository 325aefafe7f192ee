"""Violations of rules: the place, both numbers, and the edits that could fix them."""

from __future__ import annotations

from typing import Any

from shapelint.common.frozen import frozen
from shapelint.knowledge.rule_pages import Rule
from shapelint.text.source import Span


@frozen
class Move:
    """An edit of a number in the text: replace a span (insert if it is empty). `whole` is the component around it.

    An edit with a higher `fallback` is made only if none with a lower one is a repair: a literal that `overwrites` an
    expression (1), or that replaces a name with other uses (2). It is `doubtful` if it fits a component to what may
    be wrong itself: an operation of the code (`z @ z` for `z @ z.t()`), or a tensor that has lost its batch.
    """

    span: Span
    text: str
    whole: Span | None = None
    fallback: int = 0
    overwrites: bool = False
    doubtful: bool = False


@frozen
class Mark:
    """A span with a message about it."""

    span: Span
    message: str


@frozen
class Violation:
    """A violated requirement. `key` does not change if the numbers of the file are edited."""

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
