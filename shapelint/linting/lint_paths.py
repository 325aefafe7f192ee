"""Linting of paths: the function behind the command line, and for use from Python."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Union

from shapelint.common import disk
from shapelint.common.frozen import replace
from shapelint.common.kept_entries import BegunEntry
from shapelint.common.patterns import pattern
from shapelint.common.reads import note_unrepeatable
from shapelint.documents.overrides import REFUSED
from shapelint.judge import rulebook
from shapelint.knowledge.rule_pages import RulePageError
from shapelint.linting.collect import MENTIONS_A_MODEL, Candidate, collect, worth_reading
from shapelint.linting.config_classes import through_classes
from shapelint.linting.config_readers import is_data, loaded, through_scripts, with_unread
from shapelint.linting.deduplicate import once
from shapelint.linting.kept_reports import KeptReports
from shapelint.linting.lint_source import lint_source
from shapelint.linting.run_files import RunFiles
from shapelint.linting.script_configs import with_configs
from shapelint.linting.spreading import spread
from shapelint.read.joining_files import join_parts
from shapelint.resolve.begun_traces import only_begun
from shapelint.resolve.resolver import begin
from shapelint.settings.config import ConfigError
from shapelint.settings.settings import Settings, as_severe_as, options_for, overridden
from shapelint.spec.findings import FileReport, Report
from shapelint.suppress import ignores
from shapelint.text.source import Source, UnreadableError
from shapelint.trace.tracing_request import TracingRequest

LintOutcome = Union[FileReport, ConfigError, None]
"""What comes of a file: its report, None if it is skipped, or the fault of its settings."""
INVALID_SETTINGS = "invalid settings, and what they are for is not checked"
_PLACE = pattern(r":(?:(\d+):)? (.*)", re.DOTALL)


class InternalFaultError(RuntimeError):
    """shapelint itself failed on a file; `report` is that of all files, this one with the reason as its `problem`."""

    def __init__(self, report: Report):
        failed = [file for file in report.files if file.is_fault]
        super().__init__("; ".join(f"{file.path}: {file.problem}" for file in failed))
        self.report = report


def lint(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]], settings: Settings | None = None) -> Report:
    """Lint one or several files and folders; raises ConfigError for invalid settings, but nothing for any file content.

    Raises InternalFaultError if shapelint itself failed: what it did not check is not without findings.
    """
    report = lint_files(paths, settings)
    if any(file.is_fault for file in report.files):
        raise InternalFaultError(report)
    return report


def lint_files(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    settings: Settings | None = None,
    watch: Callable[[Sequence[Candidate]], Iterable[Candidate]] = iter,
    beside: Iterable[str | os.PathLike[str]] = (),
    kept: BegunEntry | None = None,
) -> Report:
    """Lint files and folders as `lint` does; a file on which shapelint fails is in the report, too.

    A named file that cannot be read or contains no model is in the report, with the reason as its `problem`; a file
    that is `beside` the named ones is skipped instead. Settings that are invalid are in the report once, in the place
    of the files that they are for; if there are no other files, their ConfigError is raised. `watch` gets the files and
    yields them one by one, to show the progress. Of several files, reports that the run has `kept` are used.
    """
    settings = settings or Settings()
    roots = [Path(path) for path in ([paths] if isinstance(paths, (str, os.PathLike)) else paths)]
    files: list[FileReport] = []
    skipped = 0
    invalid: dict[str, ConfigError] = {}

    def excludes(path: Path, named: bool) -> bool:
        try:
            return settings.excludes(path, named)
        except ConfigError as error:
            invalid.setdefault(error.path, error)
            return not disk.is_folder(path)  # a folder inside may have settings of its own

    read_by_scripts: set[str] = set()

    def lint_one(candidate: Candidate) -> LintOutcome:
        if read_by_scripts and not candidate.named and disk.real(candidate.path) in read_by_scripts:
            return None
        try:
            lint = partial(_lint_candidate, candidate, settings, run_files)
            return lint() if reports is None else reports.of_file(candidate, lint)
        except ConfigError as error:
            return error

    with disk.asked_once():
        candidates = collect(roots, excludes, [Path(path) for path in beside])
        run_files = RunFiles.of(candidate.path for candidate in candidates)
        reports = KeptReports(kept, candidates) if kept is not None and len(candidates) > 1 else None
        for found in _outcomes(sorted(candidates, key=_is_data), watch, lint_one, together=settings.allow_trusted):
            if isinstance(found, FileReport):
                read_by_scripts |= loaded(found)
                files.append(found)
            else:
                skipped += 1
            if isinstance(found, ConfigError):
                invalid.setdefault(found.path, found)
    if invalid and not files:
        raise next(iter(invalid.values()))
    files += map(_invalid_settings, invalid.values())
    return Report(once(sorted(files, key=lambda file: file.path)), skipped)


def _outcomes(
    candidates: Sequence[Candidate],
    watch: Callable[[Sequence[Candidate]], Iterable[Candidate]],
    lint_one: Callable[[Candidate], LintOutcome],
    together: bool,
) -> Iterator[LintOutcome]:
    """Yield what comes of every candidate, scripts first; many are spread over processes, unless they stay `together`.

    Files with traces to wait for come after the others of their kind: so the traces of all of them run at once, in a
    child of this process.
    """

    def attempt(candidate: Candidate) -> tuple[LintOutcome, list[TracingRequest]]:
        with only_begun() as begun:
            return lint_one(candidate), begun

    shown = iter(watch(candidates))
    for _, group in groupby(candidates, key=_is_data):
        waiting, items = [], list(group)
        attempts = map(attempt, items) if together else spread(items, attempt)
        for (found, begun), candidate in zip(attempts, shown):
            begin(begun)
            if begun:
                waiting.append(candidate)
            else:
                yield found
        yield from map(lint_one, waiting)
    next(shown, None)


def _is_data(candidate: Candidate) -> bool:
    return is_data(candidate.path)


def lint_text(
    source: Source,
    settings: Settings,
    users: tuple[str, ...] = (),
    run_files: RunFiles | None = None,
    config: str = "",
) -> FileReport:
    """Lint one text, which the Python files `users` import, as started with a config; raises ConfigError.

    If no users are given, they are searched among the files of the run, provided that a class in the text needs them.
    An internal error becomes an unreadable file with a plain reason.
    """
    found = settings.config_of(source.path)
    try:
        run_files = run_files or RunFiles()
        lint = partial(lint_text, settings=settings, run_files=run_files)
        through, unread = through_scripts(source, run_files, lambda script, started: lint(script, config=started))
        if through is not None:
            return through
        source = join_parts(source, run_files.read)
        options = replace(
            options_for(found, settings.trace, settings.allow_trusted),
            checkpoint=settings.checkpoint or "",
            users=users,
            config=config,
            chains=settings.chains,
        )
        options = overridden(options, settings)
        report = through_classes(source, options, lint_source) or lint_source(
            source, options, lambda: run_files.importing(Path(source.path))
        )
        report = with_unread(report, unread)
        known = rulebook.known(found.rules)
        report = ignores.apply(source, report, known, lambda code: settings.keeps(code, source.path))
    except ConfigError:
        raise
    except RulePageError as error:
        return FileReport(source.path, "unreadable", text=source.own_text, problem=str(error))
    except Exception as error:  # an error of shapelint must not hide the findings in other files
        kind = type(error).__name__
        note_unrepeatable()
        problem = f"shapelint itself failed on it ({kind}: {error}); please report this file"
        return FileReport(source.path, "unreadable", text=source.own_text, problem=problem, is_fault=True)
    parses = bool(report.models)
    kept = (
        finding
        for finding in report.findings
        if all(settings.keeps(finding.code, path, parses) for path in {source.path, finding.location.path})
    )
    judged = (as_severe_as(finding, found) for finding in kept)
    return replace(report, findings=tuple(finding for finding in judged if settings.is_severe(finding)))


def _lint_candidate(candidate: Candidate, settings: Settings, run_files: RunFiles) -> FileReport | None:
    """Return the report of one file; None if it is skipped."""
    lenient = settings.skip_unrecognised or not candidate.named
    try:
        source = run_files.read_to_lint(candidate.path)
    except UnreadableError as error:
        passed_over = lenient and disk.exists(
            candidate.path
        )  # not a text that can be linted: binary, in another encoding, or huge
        return None if passed_over else FileReport(str(candidate.path), "unreadable", problem=str(error))
    if lenient and not worth_reading(candidate.path, source.text):
        return None
    report = lint_text(source, settings, run_files=run_files)
    if report.takes_config:
        lint = partial(lint_text, settings=settings, run_files=run_files)
        return with_configs(report, source, lambda script, started: lint(script, config=started))
    if not candidate.named and settings.overrides and _is_refused(report):  # the overrides are meant for other files
        report = lint_text(source, replace(settings, overrides=()), run_files=run_files)
    if report.status == "no-model":
        return None if lenient else report
    if report.status == "checked" and not report.models and lenient and not MENTIONS_A_MODEL.search(source.text):
        return None
    return report


def _invalid_settings(error: ConfigError) -> FileReport:
    """The report of a settings file, for the files that are not checked because of it."""
    place, reason = _PLACE.match(str(error).removeprefix(error.path)), str(error)
    if place:
        reason = f"line {place[1]}: {place[2]}" if place[1] else place[2]
    return FileReport(error.path, "unreadable", problem=f"{INVALID_SETTINGS}: {reason}")


def _is_refused(report: FileReport) -> bool:
    """Return whether Hydra refuses the overrides for a file."""
    return any(finding.message.startswith(REFUSED) for finding in report.findings)
