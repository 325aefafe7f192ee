"""An error of torch explained: what it means, where it was raised, and the finding that has its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shapelint.common.escaping import escape
from shapelint.common.frozen import frozen
from shapelint.knowledge.torch_words import KnownError
from shapelint.report import RenderOptions
from shapelint.report.chain_table import shape
from shapelint.report.crash_causes import CrashCause, lines_with, links_with
from shapelint.report.summary import plural, problem, unchecked_lines
from shapelint.report.terminal import paint
from shapelint.report.text import block, source_lines
from shapelint.spec.findings import Report
from shapelint.text.stack_frames import StackFrame

_COMMON = {
    "numbers": "has the numbers of the error",
    "line": "is at the line that raised the error",
    "rule": "may be the cause: nothing in the words contradicts it",
}


@frozen
class Crash:
    """An error, the places of its traceback in one's own files, and what linting these files found."""

    error: KnownError
    frames: tuple[StackFrame, ...]
    report: Report | None
    causes: tuple[CrashCause, ...]


def render(crash: Crash, rule_names: Mapping[str, str], options: RenderOptions) -> str:
    """The explanation for a person at a terminal."""
    blocks = ["\n".join(_head(crash, options))]
    if crash.report is None:
        blocks.append("\n".join(_advice(crash.error, rule_names)))
    else:
        texts = source_lines(crash.report)
        blocks += ["\n".join(block(cause.finding, texts, options)) for cause in crash.causes]
        blocks.append("\n".join(_verdict(crash, crash.report)))
    return "\n\n".join(filter(None, blocks)) + "\n"


def _head(crash: Crash, options: RenderOptions) -> Iterator[str]:
    yield paint("torch", "error", options.colour) + paint(
        f": {escape(crash.error.text, options.encoding)}", "strong", options.colour
    )
    yield f"  = that is: {escape(crash.error.means, options.encoding)}"
    for frame in crash.frames[-1:]:
        where = f", in {frame.function}" if frame.function else ""
        yield escape(f"  = raised at {frame.path}:{frame.line}{where}", options.encoding)


def _advice(error: KnownError, rule_names: Mapping[str, str]) -> Iterator[str]:
    yield f"Usually {escape(error.usually)}."
    if error.entry.rules:
        first, *others = error.entry.rules
        more = f" (also {', '.join(others)})" if others else ""
        rule = f"{first} {rule_names[first]}{more}"
        yield f"The rule that finds it before training: {rule}; `shapelint rule {first}` explains it."
    yield "Name the file of the model or its config too, and the line is found: shapelint explain ERROR FILE"


def _verdict(crash: Crash, report: Report) -> Iterator[str]:
    if crash.causes:
        what = "This finding" if len(crash.causes) == 1 else f"Each of these {len(crash.causes)} findings"
        yield f"{what} {_COMMON[crash.causes[0].common]}."
        if any(cause.finding.fix for cause in crash.causes):
            yield "`shapelint --diff` shows what the fix would change."
        return
    models = [model for file in report.files for model in file.models]
    yield f"Nothing that was found in {plural(len(models), 'model')} has these numbers."
    yield from _clues(crash.error, report)
    unchecked = [link for model in models for link in model.unchecked]
    if unchecked:
        which = "it" if len(unchecked) == 1 else "one of them"
        yield f"{plural(len(unchecked), 'link')} could not be checked; the error may be at {which}:"
        yield from map(escape, unchecked_lines(unchecked))
    yield from (escape(f"{file.path}: {problem(file)}") for file in report.files if problem(file))
    others = sum(finding.severity != "info" for finding in report.findings)
    if others:
        yield f"{plural(others, 'other fault')} found: `shapelint check` reports {'it' if others == 1 else 'them'}."
    yield f"Usually {escape(crash.error.usually)}."


def _clues(error: KnownError, report: Report) -> Iterator[str]:
    """Where the numbers of the error occur: in the chain, and in the text."""
    numbers = error.numbers("expected") | error.numbers("actual")
    for link in links_with(numbers, report):
        yield escape(f"  {link.role}: {link.component} gets {shape(link.input)} and gives {shape(link.output)}")
    for number in sorted(numbers, reverse=True):
        for path, line, text in lines_with(number, report):
            yield escape(f"  {number} is written at {path}:{line}: {text}")
