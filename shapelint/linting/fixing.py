"""Application of fixes: edits are spliced into the text, so that comments, quotes and layout are preserved exactly."""

from __future__ import annotations

import difflib
import errno
from collections.abc import Callable, Iterator
from pathlib import Path

from shapelint.common.escaping import escape
from shapelint.common.frozen import replace
from shapelint.common.whole_files import replace_files
from shapelint.judge.repair import splice
from shapelint.judge.violations import Move
from shapelint.spec.findings import AppliedFix, Edit, FileReport, Finding
from shapelint.text.source import Source, Span, UnreadableError, encode, read_source

MAXIMUM_ROUNDS = 20
KEPT_IN_DIFFS = "\t\u00a0\u3000"
"""White space that texts have, and that moves nothing but the next character."""

_Lint = Callable[[Source], FileReport]


def fixed_text(source: Source, lint: _Lint, unsafe: bool) -> tuple[str, tuple[AppliedFix, ...]]:
    """Return the text after all applicable fixes, and the fixes; overlapping fixes are applied one after another."""
    made: list[AppliedFix] = []
    for _ in range(MAXIMUM_ROUNDS):
        fixable = [finding for finding in lint(source).findings if finding.fix and (finding.fix.safe or unsafe)]
        moves, changes = _compatible(source, fixable)
        if not moves:
            break
        source = replace(source, text=splice(source.text, moves))
        made += changes
    return source.text, tuple(made)


def _compatible(source: Source, fixable: list[Finding]) -> tuple[list[Move], list[AppliedFix]]:
    """Return the edits of all fixes that do not overlap; an edit shared by two fixes is made once."""
    chosen: dict[Span, Move] = {}
    changes: list[AppliedFix] = []
    for finding in fixable:
        edits = finding.fix.edits if finding.fix else ()
        moves = [move_of(source, edit) for edit in edits]
        if all(chosen.get(move.span, move) == move and not _overlaps(move, chosen) for move in moves):
            chosen.update((move.span, move) for move in moves)
            texts = tuple((source.slice(move.span), move.text) for move in moves)
            changes.append(AppliedFix(finding.code, edits[0].location, texts))
    return list(chosen.values()), changes


def _overlaps(move: Move, chosen: dict[Span, Move]) -> bool:
    return any(span != move.span and span.start < move.span.end and move.span.start < span.end for span in chosen)


def move_of(source: Source, edit: Edit) -> Move:
    """Convert an edit with lines and columns to a move in offsets."""
    place = edit.location
    span = Span(
        source.offset(place.path, place.line, place.column), source.offset(place.path, place.end_line, place.end_column)
    )
    return Move(span, edit.text)


def write(source: Source, text: str) -> list[str]:
    """Write a text and the files joined to it back to their places, all or none; return the files that changed.

    Raises OSError if one cannot be written, or is not any more what was read.
    """
    contents = {}
    for path, before, after in _changed(source, text):
        try:
            now = read_source(Path(path))
        except UnreadableError as error:
            raise OSError(errno.ENOENT, str(error), path) from None
        if now.text != before:
            raise OSError(errno.EAGAIN, "it has changed since it was read", path)
        contents[path] = encode(now, after)
    replace_files(contents)
    return list(contents)


def diff(source: Source, text: str) -> str:
    """Return a unified diff from a source to an edited text, file by file; empty if they are equal.

    It can be applied, unless a line of it has characters that a terminal or a CI system obeys: they are escaped.
    """
    lines = [
        line
        for path, before, after in _changed(source, text)
        for line in difflib.unified_diff(
            before.splitlines(keepends=True), after.splitlines(keepends=True), escape(path), escape(path)
        )
    ]
    return "".join(map(_harmless, lines))


def _harmless(line: str) -> str:
    """A line of a diff, escaped up to its line break, which stays what it is."""
    text = line.rstrip("\r\n")
    end = line[len(text) :]
    shown = text[:1] + escape(text[1:], keep=KEPT_IN_DIFFS)
    return f"{shown}{end}" if end.endswith("\n") else f"{shown}{end}\n\\ No newline at end of file\n"


def _changed(source: Source, text: str) -> Iterator[tuple[str, str, str]]:
    """Yield the files that changed: their paths, and their texts before and after."""
    edited = replace(source, text=text)
    for old, new in zip(source.parts, edited.parts):
        before, after = source.slice(old.span), edited.slice(new.span)
        if before != after:
            yield old.path, before, after
