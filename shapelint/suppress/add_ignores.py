"""`--add-ignores`: silence the present findings with comments, each proved by linting the text with it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from shapelint.common.frozen import replace
from shapelint.common.patterns import pattern
from shapelint.spec.findings import FileReport, Finding, LinkReport
from shapelint.suppress.ignores import FILE, LINE, UNUSED, lines_in, lines_of, read_ignores
from shapelint.text import notebook
from shapelint.text.source import Source

_Lint = Callable[[Source], FileReport]

_PREAMBLE = pattern(r"(#!.*|#.*coding[:=].*)(\r\n|\n|\r)")
"""What must stay on the first lines of a file."""


def add_ignores(source: Source, lint: _Lint) -> tuple[str, int]:
    """The text with a comment for every finding that fails a run, and how many findings that silences.

    The comment goes to the end of the finding's own line, else of a line of a related span; if no line can hold it
    (inside a block scalar, for example), it is an `ignore-file` at the top. No other finding appears or disappears.
    """
    report = lint(source)
    before = Counter(_identity(finding) for finding in report.findings)
    silenced = 0
    for finding in report.findings:
        if finding.severity == "info" or finding.code == UNUSED or not before[_identity(finding)]:
            continue
        for text in _attempts(source, finding):
            after = lint(replace(source, text=text))
            left = Counter(_identity(other) for other in after.findings)
            own = _identity(finding)
            if _chains(after) == _chains(report) and left < before and left[own] < before[own]:
                silenced += sum((before - left).values())
                source, before = replace(source, text=text), left
                break
    return source.text, silenced


def _chains(report: FileReport) -> tuple[tuple[LinkReport, ...], ...]:
    """Return the chains of the models, which a comment must not change, wherever it moves them."""
    return tuple(tuple(replace(link, location=None) for link in model.chain) for model in report.models)


def _identity(finding: Finding) -> tuple[Any, ...]:
    return finding.code, finding.model, finding.role, finding.message


def _attempts(source: Source, finding: Finding) -> Iterator[str]:
    lines = lines_in(source)
    own = (finding.location.path, lines(finding.location)[0])
    for line in [own, *sorted(lines_of(finding, lines) - {own})]:
        yield _with_code(source, line, finding.code)
    yield _with_code(source, None, finding.code)


def _with_code(source: Source, line: tuple[str, int] | None, code: str) -> str:
    """Add a code to the comment of a line, or (None) to that of the whole file, or add a comment."""
    word = LINE if line else FILE
    text = source.text
    for ignore in read_ignores(source, {}):
        if (
            ignore.word == word
            and ignore.brackets
            and (ignore.is_own if line is None else (ignore.path, ignore.line) == line)
        ):
            inside = text[ignore.brackets.start : ignore.brackets.end].rstrip("]").rstrip(" ,")
            joined = f"{inside}{'' if inside == '[' else ', '}{code}]"
            return text[: ignore.brackets.start] + joined + text[ignore.brackets.end :]
    if line is None:
        start = _after_preamble(text)
        newline = "\r\n" if "\r\n" in text else "\n"
        return f"{text[:start]}# shapelint: {FILE}[{code}]{newline}{text[start:]}"
    if source.language == "notebook":
        end = notebook.read(text).end_of(line[1])
        return f"{text[:end]}  # shapelint: {word}[{code}]{text[end:]}"
    start = source.offset(*line, 1)
    end = start + len(re.split(r"[\r\n]", text[start:], maxsplit=1)[0].rstrip())
    return f"{text[:end]}  # shapelint: {word}[{code}]{text[end:]}"


def _after_preamble(text: str) -> int:
    position = 0
    while match := _PREAMBLE.match(text, position):
        position = match.end()
    return position
