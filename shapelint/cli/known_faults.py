"""How `check` handles known faults: record them in a baseline, or silence them with comments."""

from __future__ import annotations

from pathlib import Path

import click

from shapelint.common.frozen import replace
from shapelint.common.notices import say
from shapelint.linting.fixing import write
from shapelint.linting.lint_paths import lint_text
from shapelint.read.joining_files import join_parts
from shapelint.report.summary import plural
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport, Report
from shapelint.suppress import baseline
from shapelint.suppress.add_ignores import add_ignores
from shapelint.text.source import Source, read_source


def remember(report: Report, path: str) -> int:
    """Write a baseline of what fails the run; return the exit code: 0, or 2 if a file could not be checked."""
    found = [entry for _, entry in baseline.entries(report, baseline.folder_of(path))]
    _write(path, found)
    say(f"{plural(len(found), 'finding')} remembered in {path}.")
    return 2 if any(file.status != "checked" for file in report.files) else 0


def without(report: Report, path: str, settings: Settings, quiet: bool) -> Report:
    """The report without the faults in the baseline, from which those that are gone are removed.

    Raises click.ClickException.
    """
    try:
        known = baseline.read(path)
    except baseline.BaselineError as error:
        raise click.ClickException(str(error)) from None
    folder = baseline.folder_of(path)

    def is_judged(entry: baseline.Entry) -> bool:
        return settings.keeps(entry.code, str(Path(folder, entry.path)))

    report, hidden, kept = baseline.apply(report, known, path, is_judged)
    if len(kept) < len(known):
        _write(path, kept)
        say(f"{plural(len(known) - len(kept), 'finding')} of {path} gone, and forgotten there.")
    if hidden and not quiet:
        say(f"{plural(hidden, 'finding')} known from {path} not shown.")
    return report


def _write(path: str, entries: list[baseline.Entry]) -> None:
    try:
        baseline.write(path, entries)
    except baseline.BaselineError as error:
        raise click.ClickException(str(error)) from None


def _rewrite(source: Source, text: str) -> None:
    try:
        write(source, text)
    except OSError as error:
        raise click.ClickException(f"cannot write {error.filename}: {error.strerror}") from None


def ignore(report: Report, settings: Settings) -> Report:
    """Add comments to the files for everything that fails the run; return the report after that."""
    files: list[FileReport] = []
    total = 0
    for file in report.files:
        if file.status == "checked" and any(finding.severity != "info" for finding in file.findings):
            source = join_parts(read_source(Path(file.path)))
            text, count = add_ignores(source, lambda text: lint_text(text, settings))
            if count:
                _rewrite(source, text)
                total += count
                file = lint_text(replace(source, text=text), settings)
        files.append(file)
    say(f"{plural(total, 'finding')} silenced by comments.")
    return replace(report, files=tuple(files))
