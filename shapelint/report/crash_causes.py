"""Which findings of a run explain an error of torch: their numbers are those of its words."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from shapelint.common import disk
from shapelint.common.frozen import frozen
from shapelint.knowledge.torch_words import KnownError
from shapelint.spec.findings import Finding, JsonShape, LinkReport, Report
from shapelint.text.stack_frames import StackFrame

_SHOWN_LINES = 5
_SMALLEST_TELLING = 5
"""Smaller numbers are written everywhere."""

Common = Literal["numbers", "line", "rule"]
_COMMON: tuple[Common, ...] = ("numbers", "line", "rule")
"""What a finding and an error may have in common, the strongest first."""


@frozen
class CrashCause:
    """A finding that explains an error, and what both have in common: the numbers, the line, or only the rule."""

    finding: Finding
    common: Common


def causes(error: KnownError, report: Report, frames: Sequence[StackFrame]) -> list[CrashCause]:
    """Return the findings that explain an error, the likeliest first: only those with the most in common."""
    raised = (disk.real(frames[-1].path), frames[-1].line) if frames else None
    every = [CrashCause(one, common) for one in report.findings if (common := _common(error, one, raised)) is not None]
    strongest = next((common for common in _COMMON if any(cause.common == common for cause in every)), None)
    found = [cause for cause in every if cause.common == strongest]
    places = {disk.real(frame.path): frame.line for frame in frames}
    return sorted(found, key=lambda cause: _rank(error, cause.finding, places))


def links_with(numbers: frozenset[int], report: Report) -> list[LinkReport]:
    """Return the components that take or give one of the numbers."""
    every = [link for file in report.files for model in file.models for link in model.chain]
    return [link for link in every if numbers & (_numbers(link.input) | _numbers(link.output))]


def lines_with(number: int, report: Report) -> list[tuple[str, int, str]]:
    """Return the first places where a number is written in the files of a run, as path, line, text; not a small one."""
    if number < _SMALLEST_TELLING:
        return []
    return list(_lines(re.compile(rf"(?<![\w.]){number}(?![\w.])"), report))[:_SHOWN_LINES]


def _lines(pattern: re.Pattern[str], report: Report) -> Iterator[tuple[str, int, str]]:
    texts = [text for file in report.files for text in ((file.path, file.text), *file.others)]
    for path, text in dict(texts).items():
        for number, line in enumerate(text.splitlines(), 1):
            if pattern.search(line.partition("#")[0]):
                yield path, number, line.strip()


def _common(error: KnownError, finding: Finding, raised: tuple[str, int] | None) -> Common | None:
    """What a finding has in common with an error that was `raised` at a line; None if it is about something else."""
    expected, actual = error.numbers("expected"), error.numbers("actual")
    takes, gets = _numbers(finding.expected), _numbers(finding.actual)
    if finding.severity == "info":
        return None
    if (expected & takes and actual & gets) or (expected & gets and actual & takes):
        return "numbers"
    place = finding.location
    if finding.severity == "error" and raised == (disk.real(place.path), place.line):
        return "line"
    is_expected = finding.code in error.entry.rules
    contradicts = (takes and expected and not takes & expected) or (gets and actual and not gets & actual)
    return "rule" if is_expected and not contradicts else None


def _rank(error: KnownError, finding: Finding, places: Mapping[str, int]) -> tuple[int, int, bool]:
    """The order of findings: by the rules of the error, then by the lines to where each file was left."""
    rules = error.entry.rules
    rank = rules.index(finding.code) if finding.code in rules else len(rules)
    locations = (finding.location, *(related.location for related in finding.related))
    paths = {one.path: places.get(disk.real(one.path)) for one in locations}
    distances = [abs(one.line - left) for one in locations if (left := paths[one.path]) is not None]
    return rank, min(distances, default=sys.maxsize), finding.severity != "error"


def _numbers(value: int | str | JsonShape | list[int | str]) -> frozenset[int]:
    """The numbers of a dimension or of shapes, without symbols."""
    if isinstance(value, list):
        return frozenset().union(*map(_numbers, value))
    return frozenset([value]) if isinstance(value, int) else frozenset()
