"""Shifting of values read from a text to where they are in an edited text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from shapelint.common.frozen import replace
from shapelint.judge.violations import Move
from shapelint.spec.spec import Insertion
from shapelint.text.source import Span


def shifted(value: Any, moves: Sequence[Move]) -> Any:
    """Return a value with every span in it, at any depth, shifted by the edits."""
    if isinstance(value, Span):
        return replace(value, start=_start(value.start, moves), end=_end(value.end, moves))
    if isinstance(value, Insertion):
        return replace(value, offset=_start(value.offset, moves))
    if isinstance(value, tuple):
        return tuple(shifted(item, moves) for item in value)
    if isinstance(value, dict):
        return {key: shifted(item, moves) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: shifted(getattr(value, one.name), moves) for one in fields(value)})
    return value


def _start(offset: int, moves: Sequence[Move]) -> int:
    return offset + sum(_growth(move) for move in moves if move.span.end <= offset)


def _end(offset: int, moves: Sequence[Move]) -> int:
    return offset + sum(_growth(move) for move in moves if move.span.start < offset)


def _growth(move: Move) -> int:
    return len(move.text) - (move.span.end - move.span.start)
