"""Lint one text: once, or once for each run of a sweep."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from shapelint.common import disk
from shapelint.common.frozen import replace
from shapelint.documents.nodes import InvalidYamlError
from shapelint.documents.overrides import Override
from shapelint.linting import sweeps
from shapelint.linting.analyse import FileAnalysis, analyse, analysed, is_python, read, unread
from shapelint.linting.file_report import reported
from shapelint.read.yaml import Reading
from shapelint.resolve.options import Options
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source


def lint_source(source: Source, options: Options, importing: Callable[[], tuple[str, ...]] = tuple) -> FileReport:
    """Lint one text, without writing anything or running any of its code.

    `importing` returns the Python files that import it: they are analysed with it if a class gets its parts from them.
    """
    analysis = analyse(source, options)
    if analysis.is_open and not options.users and (users := importing()):
        options = replace(options, users=users)
        analysis = analyse(source, options, analysis.is_traced)
    runs = sweeps.planned(analysis.sweep, options)
    if runs:
        with disk.asked_once():
            return _swept(runs, analysis, options)
    report = reported(analysis, options)
    return _of_one_run(report) if options.overrides else report


def _of_one_run(report: FileReport) -> FileReport:
    """Return the report of a run with overrides: its fixes are proved for that run, not for others of the config."""
    findings = (one if one.fix is None else replace(one, fix=replace(one.fix, safe=False)) for one in report.findings)
    return replace(report, findings=tuple(findings))


def _swept(runs: tuple[Override, ...], analysis: FileAnalysis, options: Options) -> FileReport:
    """Return the report of all combinations of the values of some keys."""
    source, once = analysis.source, replace(options, sweeps=False)
    may_trace, is_program = analysis.is_traced, is_python(analysis.source)

    def judge(overrides: tuple[Override, ...], repair: bool) -> FileReport:
        own = replace(once, overrides=overrides)
        return reported(analyse_run(overrides, own), own, repair, repair or is_program)

    def analyse_run(overrides: tuple[Override, ...], own: Options) -> FileAnalysis:
        if is_program:
            return analyse(source, own, may_trace)
        reading = read_run(overrides)
        return analysed(reading, own) if isinstance(reading, Reading) else unread(source, reading, own)

    @lru_cache(maxsize=2)
    def read_run(overrides: tuple[Override, ...]) -> Reading | InvalidYamlError:
        try:
            return read(source, replace(once, overrides=overrides))
        except InvalidYamlError as error:
            return error

    def made_from(overrides: tuple[Override, ...]) -> object:
        reading = read_run(overrides)
        return reading.models if isinstance(reading, Reading) else reading.message

    is_one = not options.overrides and not any(run.mode for run in runs)
    base = reported(analysis, once) if is_one else None
    return sweeps.judged(runs, judge, None if is_program else made_from, base)
