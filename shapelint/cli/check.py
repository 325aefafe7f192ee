"""`shapelint check`: lint, fix or show fixes, report, and choose the exit code."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TextIO

import click

from shapelint import report as reports
from shapelint.checkpoints import CheckpointError, state_dicts
from shapelint.cli.kept_runs import kept_run
from shapelint.cli.output import EXIT_FINDINGS, colours, encoding, exit_code, write_notices
from shapelint.cli.streams import EXIT_TROUBLE, write_out
from shapelint.common.cache_folder import cached_in
from shapelint.common.escaping import escape
from shapelint.common.frozen import frozen, replace
from shapelint.common.kept_entries import BegunEntry
from shapelint.common.notices import say
from shapelint.common.progress import watched
from shapelint.common.whole_files import replace_files
from shapelint.judge import rulebook
from shapelint.knowledge import rule_pages
from shapelint.linting.collect import collect
from shapelint.linting.config_readers import is_data
from shapelint.linting.deduplicate import once
from shapelint.linting.fixing import diff, fixed_text, write
from shapelint.linting.lint_paths import lint_files, lint_text
from shapelint.read.joining_files import join_parts
from shapelint.report.summary import plural
from shapelint.settings.settings import Settings, with_overrides
from shapelint.spec.findings import AppliedFix, FileReport, Report, Severity
from shapelint.text.source import Source, UnreadableError, decode, joined, read_source

STDIN = "-"


@frozen
class CheckOptions:
    """The options of `check`, as parsed."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    config_file: str | None = None
    isolated: bool = False
    add_ignores: bool = False
    write_baseline: str | None = None
    baseline: str | None = None
    with_dependents: bool = False
    fix: bool = False
    unsafe_fixes: bool = False
    diff: bool = False
    trace: bool = False
    allow_trusted: bool = False
    checkpoint: str | None = None
    output_format: str = "text"
    output_file: str | None = None
    skip_unrecognised: bool = False
    error_on_unknown: bool = False
    stdin_filename: str | None = None
    verbose: bool = False
    quiet: bool = False
    overrides: tuple[str, ...] = ()
    min_severity: Severity = "info"
    exit_zero: bool = False
    statistics: bool = False
    show_files: bool = False
    cache_dir: str | None = None
    no_cache: bool = False


WITH_CHAINS = ("json", "markdown")
"""The formats that show chains."""
_FOR_PEOPLE = ("text", "concise")
"""The formats in which `--quiet` leaves out what is no fault."""


def run(paths: Sequence[str], options: CheckOptions) -> int:
    """Lint and report; return the exit code. Raises click.UsageError for options that exclude each other."""
    with cached_in("" if options.no_cache else options.cache_dir), kept_run(_only_reports(paths, options)) as begun:
        begun.codes.append(_run(paths, options, begun.kept))
    return begun.codes[0]


def _only_reports(paths: Sequence[str], options: CheckOptions) -> bool:
    """Whether a run does nothing but write a report, which depends on nothing but what it reads."""
    changes = options.fix or options.add_ignores or options.write_baseline or options.baseline or options.output_file
    return not (changes or options.trace or options.allow_trusted or options.no_cache or STDIN in paths)


def _run(paths: Sequence[str], options: CheckOptions, kept: BegunEntry | None) -> int:
    _validate(paths, options)
    settings = _settings(paths, options)
    if options.show_files:
        return _show_files(paths, settings)
    dependents = _dependents(paths) if options.with_dependents else []
    report = (
        _lint_stdin(options, settings) if STDIN in paths else lint_files(paths, settings, watched, dependents, kept)
    )
    fixed: tuple[AppliedFix, ...] = ()
    failed: tuple[str, ...] = ()
    if options.fix or options.diff:
        report, fixed, failed = _fix(report, options, settings)
    if options.write_baseline or options.baseline or options.add_ignores:
        from shapelint.cli import known_faults

        if options.write_baseline:
            return known_faults.remember(report, options.write_baseline)
        report = known_faults.without(report, options.baseline, settings, options.quiet) if options.baseline else report
        report = known_faults.ignore(report, settings) if options.add_ignores else report
    if options.diff:
        say(f"{plural(len(fixed), 'finding')} would be fixed.")
    else:
        _write(report, options, fixed)
    if options.verbose:
        write_notices(report, options.output_format != "text" or options.quiet)
    for problem in failed:
        say(f"shapelint: {problem}")
    code = EXIT_TROUBLE if failed else exit_code(report, options.error_on_unknown)
    return 0 if options.exit_zero and code == EXIT_FINDINGS else code


def _show_files(paths: Sequence[str], settings: Settings) -> int:
    found = collect([Path(path) for path in paths], settings.excludes)
    write_out("".join(f"{escape(str(one.path))}\n" for one in found))
    return 0


def _dependents(paths: Sequence[str]) -> list[str]:
    from shapelint.linting.dependents import dependents_of

    return dependents_of(paths)


def _validate(paths: Sequence[str], options: CheckOptions) -> None:
    if options.unsafe_fixes and not (options.fix or options.diff):
        raise click.UsageError("--unsafe-fixes goes with --fix or --diff")
    if options.fix and options.diff:
        raise click.UsageError("--fix changes files, --diff only shows the changes: choose one")
    exclusive = [options.add_ignores, options.write_baseline, options.baseline]
    if sum(map(bool, exclusive)) > 1:
        raise click.UsageError("choose one of --add-ignores, --write-baseline and --baseline")
    if (options.add_ignores or options.write_baseline) and (options.fix or options.diff):
        raise click.UsageError("fix first, then remember what is left: --fix goes with --baseline alone")
    if options.checkpoint:
        _validate_checkpoint(options.checkpoint)
    if options.statistics and options.output_format != "text":
        raise click.UsageError("--statistics goes with the text format")
    if STDIN in paths:
        if len(paths) > 1:
            raise click.UsageError("- (stdin) goes with no other path")
        if options.stdin_filename is None:
            raise click.UsageError("- (stdin) needs --stdin-filename, to know what kind of file it is")
        if options.fix or options.add_ignores:
            raise click.UsageError("stdin cannot be changed: use --diff")


def _validate_checkpoint(path: str) -> None:
    try:
        state_dicts(Path(path))
    except CheckpointError as error:
        raise click.UsageError(f"the checkpoint {path} is not read: {error}") from None


def _settings(paths: Sequence[str], options: CheckOptions) -> Settings:
    """The settings from the command line; raises click.UsageError for a code that no rule has."""
    quiet_for_people = options.quiet and options.output_format in _FOR_PEOPLE
    settings = Settings(
        trace=options.trace,
        allow_trusted=options.allow_trusted,
        skip_unrecognised=options.skip_unrecognised,
        exclude=options.exclude,
        force_exclude=options.force_exclude,
        config_file=options.config_file,
        isolated=options.isolated,
        checkpoint=options.checkpoint,
        chains="links" if options.output_format in WITH_CHAINS or options.add_ignores else "",
        min_severity="warning" if quiet_for_people and options.min_severity == "info" else options.min_severity,
    )
    settings = with_overrides(settings, options.overrides)
    if not options.select and not options.ignore:
        return settings
    folders = {folder for path in paths for folder in settings.config_of(path).rules}
    among = rulebook.known(tuple(sorted(folders)))
    return replace(settings, select=_codes(options.select, among), ignore=_codes(options.ignore, among))


def _codes(texts: Sequence[str], among: Mapping[str, rule_pages.Rule]) -> tuple[str, ...]:
    """Codes, separated by commas or given one by one; raises click.UsageError."""
    try:
        return rule_pages.codes(",".join(texts).split(","), among)
    except rule_pages.UnknownRuleError as error:
        raise click.UsageError(str(error)) from None


def _lint_stdin(options: CheckOptions, settings: Settings) -> Report:
    name = options.stdin_filename or STDIN
    stream: TextIO | None = sys.stdin
    if stream is None:
        raise click.UsageError("stdin is closed")
    try:
        source = decode(name, stream.buffer.read())
    except UnreadableError as error:
        return Report((FileReport(name, "unreadable", problem=str(error)),))
    file = lint_text(source, settings)
    if file.status == "no-model" and settings.skip_unrecognised:
        return Report((), 1)
    return Report((file,))


def _fix(
    report: Report, options: CheckOptions, settings: Settings
) -> tuple[Report, tuple[AppliedFix, ...], tuple[str, ...]]:
    """Apply fixes to the files (or print them as a diff).

    Return the report after them, the fixes, and why files could not be written: they do not keep the others from it.
    """
    failed: list[str] = []
    made: list[AppliedFix] = []
    diffs: list[str] = []
    written: set[str] = set()

    @cache
    def again(source: Source, users: tuple[str, ...]) -> FileReport:
        return lint_text(source, settings, users)

    for file in report.files:
        if any(finding.fix for finding in file.findings):
            source = _joined(file, options)
            text, changes = fixed_text(source, partial(again, users=file.users), options.unsafe_fixes)
            try:
                if options.diff:
                    diffs.append(diff(source, text))
                else:
                    written.update(write(source, text))
                made += changes
            except OSError as error:
                failed.append(f"cannot write {escape(str(error.filename))}: {error.strerror}; nothing in it is fixed")
    for text in dict.fromkeys(diffs):  # several files may include the one that changes
        write_out(text)
    changed = (not written.isdisjoint((file.path, *(path for path, _ in file.others))) for file in report.files)
    files = (
        again(_joined(file, options), users=file.users) if new else file for file, new in zip(report.files, changed)
    )
    return replace(report, files=once(list(files))), tuple(dict.fromkeys(made)), tuple(dict.fromkeys(failed))


def _joined(file: FileReport, options: CheckOptions) -> Source:
    """The text of a file as it is now, with the other files joined to it that its report is about."""
    source = join_parts(_source(file, options))
    if source.language == "yaml" and not options.overrides:
        return source
    known = {part.path for part in source.parts}
    others = [path for path, _ in file.others if path not in known and (source.language != "yaml" or is_data(path))]
    return joined(source, [(path, read_source(Path(path)).text) for path in others])


def _source(file: FileReport, options: CheckOptions) -> Source:
    return Source(file.path, file.text) if options.stdin_filename else read_source(Path(file.path))


def _write(report: Report, options: CheckOptions, fixed: Sequence[AppliedFix]) -> None:
    chosen = reports.RenderOptions(
        colour=colours() and not options.output_file,
        encoding="utf-8" if options.output_file else encoding(),
        fixed=tuple(fixed),
        quiet=options.quiet,
    )
    text = reports.render(report, "statistics" if options.statistics else options.output_format, chosen)
    if options.output_file is None:
        write_out(text)
        return
    try:
        replace_files({options.output_file: text.encode()})
    except OSError as error:
        raise click.UsageError(f"cannot write {options.output_file}: {error.strerror}") from None
