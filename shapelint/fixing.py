"""Applying fixes: text is spliced, so that comments, quotes and layout survive to the byte."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from shapelint.findings import Edit, FileReport, Fix
from shapelint.judge import Move
from shapelint.read.text import Source, Span, encode
from shapelint.repair import splice

MAXIMUM_ROUNDS = 20

Lint = Callable[[Source], FileReport]


def fixed_text(source: Source, lint: Lint, unsafe: bool) -> tuple[str, int]:
    """The text after all applicable fixes, and how many were applied; fixes that overlap go one after another."""
    total = 0
    for _ in range(MAXIMUM_ROUNDS):
        fixes = [finding.fix for finding in lint(source).findings if finding.fix and (finding.fix.safe or unsafe)]
        moves, applied = _compatible(source, fixes)
        if not moves:
            break
        source = replace(source, text=splice(source.text, moves))
        total += applied
    return source.text, total


def _compatible(source: Source, fixes: list[Fix]) -> tuple[list[Move], int]:
    """The edits of as many fixes as do not touch the same text; an edit that two fixes share is made once."""
    chosen: dict[Span, Move] = {}
    applied = 0
    for fix in fixes:
        moves = [move_of(source, edit) for edit in fix.edits]
        if all(chosen.get(move.span, move) == move and not _overlaps(move, chosen) for move in moves):
            chosen.update((move.span, move) for move in moves)
            applied += 1
    return list(chosen.values()), applied


def _overlaps(move: Move, chosen: dict[Span, Move]) -> bool:
    return any(span != move.span and span.start < move.span.end and move.span.start < span.end for span in chosen)


def move_of(source: Source, edit: Edit) -> Move:
    """An edit with lines and columns as a move in offsets."""
    place = edit.location
    span = Span(source.offset(place.line, place.column), source.offset(place.end_line, place.end_column))
    return Move(span, edit.text)


def write(source: Source, text: str) -> None:
    """Write a text back where it came from."""
    Path(source.path).write_bytes(encode(source, text))


def diff(source: Source, text: str) -> str:
    """A unified diff from a source to an edited text, empty where they are equal."""
    lines = difflib.unified_diff(
        source.text.splitlines(keepends=True), text.splitlines(keepends=True), source.path, source.path
    )
    return "".join(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in lines)
