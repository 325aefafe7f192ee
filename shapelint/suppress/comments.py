"""The comments of a text: real ones, never a `#` inside a string, a block scalar or a multi-line literal.

YAML's parser reports everything except comments: a `#` at the beginning of a line or after white space outside a scalar
begins one. Python has `tokenize`. In a text that does not parse, the comments before the error count.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import PurePath

from shapelint.common import yaml_loader
from shapelint.common.patterns import pattern
from shapelint.text import notebook
from shapelint.text.source import Source, Span

_HASH = pattern(r"(?:^|(?<=[ \t]))#[^\n\r]*", re.MULTILINE)
_PYTHON_SUFFIXES = (".py", ".pyi")


def comments(source: Source) -> list[Span]:
    """The span of every comment, from its `#` to the end of its line, in order, joined files included."""
    if "#" not in source.text:
        return []
    if source.language == "notebook":
        return list(_notebook_comments(source.text))
    python = PurePath(source.path).suffix.lower() in _PYTHON_SUFFIXES
    find = _python_comments if python else _yaml_comments
    return [
        Span(part.span.start + comment.start, part.span.start + comment.end)
        for part in source.parts
        for comment in find(source.slice(part.span))
    ]


def _yaml_comments(text: str) -> Iterator[Span]:
    """Look for a `#` outside scalars; what follows the first one on a line belongs to the same comment."""
    scalars = _scalars(text)
    number, position = 0, 0
    while match := _HASH.search(text, position):
        while number < len(scalars) and scalars[number].end <= match.start():
            number += 1
        if number < len(scalars) and scalars[number].start <= match.start():
            position = max(scalars[number].end, match.start() + 1)
        else:
            yield Span(match.start(), match.end())
            position = match.end()


def _scalars(text: str) -> list[Span]:
    """The spans of all scalars; a block scalar begins after its header, which may be followed by a comment."""
    import yaml

    found: list[Span] = []
    try:
        for event in yaml_loader.events(text):
            if isinstance(event, yaml.ScalarEvent) and event.start_mark and event.end_mark:
                start, end = event.start_mark.index, event.end_mark.index
                if event.style in ("|", ">"):
                    header = text.find("\n", start, end)
                    start = end if header < 0 else header
                found.append(Span(start, end))
    except yaml.YAMLError:
        pass
    return found


def _notebook_comments(text: str) -> Iterator[Span]:
    """The comments of the code cells, as offsets in the notebook's file."""
    try:
        script = notebook.read(text)
    except notebook.NotebookError:
        return
    for comment in _python_comments(script.text):
        yield Span(script.offsets[comment.start], script.offsets[comment.end])


def _python_comments(text: str) -> Iterator[Span]:
    starts = [0]
    for line in io.StringIO(text):
        starts.append(starts[-1] + len(line))
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                start = starts[token.start[0] - 1] + token.start[1]
                yield Span(start, start + len(token.string.rstrip("\r\n")))
    except (tokenize.TokenError, SyntaxError):
        return
