"""Comments that silence findings, and SL904 for those that silence nothing.

    projection_head: BYOLProjectionHead(512, 1024, 256)  # shapelint: ignore[SL101] the adapter makes it 512
    # shapelint: ignore-file[SL301, SL204]

An `ignore` holds for the findings one of whose spans, primary or related, touches its line; codes (or names) of rules
are required. A code counts as unused only where its rule was judged: it is selected, the file parses, and no component
of it is unknown here but may be known elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

from shapelint.common.frozen import frozen, replace
from shapelint.common.nearest_words import nearest_word
from shapelint.common.patterns import pattern
from shapelint.knowledge.rule_pages import Rule, nearest
from shapelint.spec.findings import Edit, FileReport, Finding, Fix, Severity
from shapelint.suppress.comments import comments
from shapelint.text import notebook
from shapelint.text.location import Location
from shapelint.text.source import Source, Span, UnreadableError, read_source

UNUSED = "SL904"
LINE, FILE = "ignore", "ignore-file"

_DIRECTIVE = pattern(r"#\s*shapelint\s*:\s*(?P<word>[A-Za-z][\w-]*)[ \t]*(?P<codes>\[[^\]#]*\]?)?((?!\s#).)*")
"""The reason after the brackets ends where another comment begins."""

_CODE = pattern(r"[^\s,\[\]]+")


Lines = Callable[[Location], range]
"""Map a location to the lines that it touches."""


@frozen
class Ignore:
    """One ignore comment. `codes` are the contents of its brackets, resolved; `names` the same as written.

    `span` is the directive, `whole` includes its reason, `brackets` is the list with its brackets, if any. `is_own` is
    whether it is in the linted file itself rather than in a file composed with it.
    """

    word: str
    path: str
    line: int
    codes: tuple[str, ...]
    names: tuple[str, ...]
    span: Span
    whole: Span
    brackets: Span | None
    is_own: bool = True


class Silencers:
    """Comments by the lines that they are for, so that their number times that of the findings is no matter."""

    def __init__(self, ignores: Iterable[Ignore], lines: Lines):
        self._lines = lines
        self._of_files: list[Ignore] = []
        self._of_lines: dict[tuple[str, int], list[Ignore]] = {}
        for ignore in ignores:
            if ignore.word == FILE:
                self._of_files.append(ignore)
            elif ignore.word == LINE:
                self._of_lines.setdefault((ignore.path, ignore.line), []).append(ignore)

    def silencing(self, finding: Finding) -> list[Ignore]:
        """Return the comments that silence a finding: with its code, on one of its lines or for its whole file."""
        path = finding.location.path
        found = [ignore for ignore in self._of_files if ignore.is_own or ignore.path == path]
        if self._of_lines:
            found += [one for place in lines_of(finding, self._lines) for one in self._of_lines.get(place, ())]
        return [ignore for ignore in found if finding.code in ignore.codes]


def read_ignores(source: Source, rules: Mapping[str, Rule]) -> list[Ignore]:
    """Every comment addressed to shapelint, in order."""
    if "shapelint" not in source.text:
        return []
    by_name = {rule.page.name: code for code, rule in rules.items()}
    lines = lines_in(source)
    return [ignore for comment in comments(source) for ignore in _directives(source, comment, by_name, lines)]


def _directives(source: Source, comment: Span, by_name: Mapping[str, str], lines: Lines) -> Iterator[Ignore]:
    for match in _DIRECTIVE.finditer(source.text, comment.start, comment.end):
        names = tuple(dict.fromkeys(_CODE.findall(match["codes"] or "")))
        brackets = Span(*match.span("codes")) if match["codes"] else None
        place = source.location(comment)
        yield Ignore(
            word=match["word"].lower(),
            path=place.path,
            line=lines(place)[0],
            codes=tuple(by_name.get(name, name.upper()) for name in names),
            names=names,
            span=Span(match.start(), brackets.end if brackets else match.end("word")),
            whole=Span(match.start(), match.end()),
            brackets=brackets,
            is_own=place.path == source.path,
        )


def apply(
    source: Source, report: FileReport, rules: Mapping[str, Rule], is_judged: Callable[[str], bool]
) -> FileReport:
    """The report without what its comments silence, and with SL904 for the comments that silence nothing."""
    ignores = read_ignores(source, rules)
    elsewhere = any(finding.written for finding in report.findings)
    if not (ignores or elsewhere) or report.status != "checked":
        return report
    silencers = Silencers(ignores, lines_in(source))
    kept, used = [], set()
    for finding in report.findings:
        if finding.written and _is_silenced_there(finding, rules):
            continue
        found = [(ignore, finding.code) for ignore in silencers.silencing(finding)]
        used.update(found)
        if not found:
            kept.append(finding)
    complete = is_complete(report)
    own = [ignore for ignore in ignores if ignore.is_own]  # what one of the others silences may be known elsewhere
    unused = _unused(source, own, used, rules, lambda code: complete and is_judged(code))
    kept += [finding for finding in unused if not silencers.silencing(finding)]
    return replace(report, findings=tuple(sorted(kept, key=lambda finding: (finding.location, finding.code))))


def _is_silenced_there(finding: Finding, rules: Mapping[str, Rule]) -> bool:
    """Whether the local module that contains a fault has a comment for it."""
    assert finding.written is not None
    path, line = finding.written
    try:
        ignores = read_ignores(read_source(Path(path)), rules)
    except UnreadableError:
        return False
    return any(ignore.word == FILE or ignore.line == line for ignore in ignores if finding.code in ignore.codes)


def is_complete(report: FileReport) -> bool:
    """Whether everything in a file was checked: it parses, and no component of it is unknown."""
    unresolved = any(finding.code == "SL901" for finding in report.findings)
    return bool(report.models) and not unresolved and not any(model.unknown for model in report.models)


def lines_of(finding: Finding, lines: Lines) -> frozenset[tuple[str, int]]:
    """The lines that the spans of a finding touch, each with its file."""
    places = [finding.location, *(related.location for related in finding.related)]
    return frozenset((place.path, line) for place in places for line in lines(place))


def lines_in(source: Source) -> Lines:
    """How to count the lines of a text: a notebook's are those of its code cells, which may share one line of JSON."""
    if source.language != "notebook":
        return _lines
    try:
        script = notebook.read(source.text)
    except notebook.NotebookError:
        return _lines

    def lines(place: Location) -> range:
        start = source.offset(place.path, place.line, place.column)
        end = source.offset(place.path, place.end_line, place.end_column)
        return range(script.line_of(start), script.line_of(max(start, end - 1)) + 1)

    return lines


def _lines(place: Location) -> range:
    ends_before = place.end_column == 1 and place.end_line > place.line
    return range(place.line, place.end_line + (0 if ends_before else 1))


def _unused(
    source: Source,
    ignores: Sequence[Ignore],
    used: set[tuple[Ignore, str]],
    rules: Mapping[str, Rule],
    is_judged: Callable[[str], bool],
) -> Iterator[Finding]:
    """One finding for each comment that contains something without effect."""
    for ignore in ignores:
        if ignore.word not in (LINE, FILE):
            near = nearest_word(ignore.word, [LINE, FILE])
            if near:
                message = f"shapelint knows no comment {ignore.word!r}, so it silences nothing"
                yield _finding(source, ignore, rules, message, f"did you mean {near}?")
            continue
        if not ignore.codes:
            message = "this ignore names no rule, so it silences nothing"
            hint = f"name the rules it is for: {ignore.word}[SL101]"
            yield replace(_finding(source, ignore, rules, message, hint), fix=_removal(source, ignore))
            continue
        missing = [name for name, code in zip(ignore.names, ignore.codes) if code not in rules]
        idle = [
            name
            for name, code in zip(ignore.names, ignore.codes)
            if code in rules and code != UNUSED and is_judged(code) and (ignore, code) not in used
        ]
        if missing or idle:
            place = "in this file" if ignore.word == FILE else "on this line"
            reasons = [f"no rule is called {name}{_near(name, rules)}" for name in missing]
            reasons += [f"nothing {place} is {' or '.join(idle)}"] if idle else []
            gone = {*missing, *idle}
            finding = _finding(source, ignore, rules, "; ".join(reasons), "")
            yield replace(finding, fix=_removal(source, ignore, gone))


def _finding(source: Source, ignore: Ignore, rules: Mapping[str, Rule], message: str, help: str) -> Finding:
    page = rules[UNUSED].page
    return Finding(
        code=UNUSED,
        name=page.name,
        severity=cast(Severity, page.severity),
        message=message,
        location=source.location(ignore.span),
        label="does nothing",
        notes=_cell(source, ignore.span),
        help=help,
    )


def _cell(source: Source, span: Span) -> tuple[str, ...]:
    """For a notebook, the cell and the line of a place."""
    if source.language != "notebook":
        return ()
    return (notebook.read(source.text).note(span.start),)


def _near(name: str, rules: Mapping[str, Rule]) -> str:
    near = nearest(name, rules)
    return f" (the nearest is {near})" if near else ""


def _removal(source: Source, ignore: Ignore, gone: Iterable[str] | None = None) -> Fix:
    """Remove some codes of a comment, or the comment if none is left."""
    left = [name for name in ignore.names if gone is not None and name not in gone]
    if left and ignore.brackets:
        edit = Edit(source.location(ignore.brackets), f"[{', '.join(left)}]")
        return Fix(f"remove {', '.join(name for name in ignore.names if name not in left)}", (edit,), True, proof="")
    return Fix("remove the comment", (Edit(source.location(_with_space(source, ignore.whole)), ""),), True, proof="")


def _with_space(source: Source, span: Span) -> Span:
    """The span with the white space before it; the whole line, if it holds nothing else."""
    text = source.text
    start, end = span.start, span.end
    while start > 0 and text[start - 1] in " \t":
        start -= 1
    alone = start == 0 or text[start - 1] in "\r\n"
    rest = re.compile(r"[ \t]*(\r\n|\n|\r|\Z)").match(text, end)
    if rest is None:  # another comment follows on the line
        return Span(span.start, end + len(text[end:]) - len(text[end:].lstrip(" \t")))
    return Span(start, rest.end() if alone else end)
