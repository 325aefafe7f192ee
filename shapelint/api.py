"""Linting paths: the function behind the command line, and for use from Python."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from shapelint import config, rules, suppress
from shapelint.collect import SPEAKS_OF_A_MODEL, Candidate, collect, worth_reading
from shapelint.config import Config, is_selected
from shapelint.findings import FileReport, Finding, Report, Severity
from shapelint.frozen import frozen
from shapelint.linting import lint_source
from shapelint.read.text import Source, UnreadableError, read_source
from shapelint.resolve.resolver import Options
from shapelint.users import Users


@frozen
class Settings:
    """How a run goes; what is given here wins over the settings that are found beside the linted files.

    `select` and `ignore` are codes or the beginnings of codes; `select` replaces both lists of the settings, `ignore`
    alone adds to theirs. `trace` traces every component anew. `skip_unrecognised` passes over named files without a
    model. `exclude` are patterns, from the current folder, beside those of the settings; with `force_exclude` they hold
    for named files too. `config_file` is used for all files; `isolated` uses none. `checkpoint` is a file that every
    model must fit.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    trace: bool = False
    skip_unrecognised: bool = False
    exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    config_file: str | None = None
    isolated: bool = False
    checkpoint: str | None = None

    def config_of(self, path: str | os.PathLike[str]) -> Config:
        """The settings that are found for a file or folder; raises ConfigError."""
        if self.isolated:
            return config.DEFAULTS
        return config.named(self.config_file) if self.config_file else config.for_path(path)

    def keeps(self, code: str, path: str = ".", parses: bool = True) -> bool:
        """Whether findings of a code are reported for a file; one that does not parse always is, unless ignored."""
        found = self.config_of(path)
        select, ignore = (self.select, self.ignore) if self.select else (found.select, (*found.ignore, *self.ignore))
        here = found.ignored_in(path) if found.per_file_ignores else ()
        return is_selected(code, select if parses else (), ignore) and is_selected(code, (), here)

    def excludes(self, path: str | os.PathLike[str], named: bool) -> bool:
        """Whether a file or folder is left out; what the user named only with `force_exclude`."""
        found = self.config_of(path)
        if named and not (self.force_exclude or found.force_exclude):
            return False
        here = bool(self.exclude) and config.matches_any(self.exclude, path, os.getcwd(), above=named)
        return here or found.excludes(path, above=named)


def lint(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    settings: Settings | None = None,
    watch: Callable[[Sequence[Candidate]], Iterable[Candidate]] = iter,
    beside: Iterable[str | os.PathLike[str]] = (),
) -> Report:
    """Lint files and folders, one or several; raises ConfigError for invalid settings, nothing for what a file holds.

    A named file that cannot be read or holds no model is in the report, with the reason as its `problem`; one that is
    `beside` them is passed over. `watch` gets the files and gives them back one by one, to show how far the run is.
    """
    settings = settings or Settings()
    roots = [Path(path) for path in ([paths] if isinstance(paths, (str, os.PathLike)) else paths)]
    files: list[FileReport] = []
    skipped = 0
    candidates = collect(roots, settings.excludes, [Path(path) for path in beside])
    users = Users.of(candidate.path for candidate in candidates)
    for candidate in watch(candidates):
        report = _lint_candidate(candidate, settings, users)
        if report is None:
            skipped += 1
        else:
            files.append(report)
    if not settings.skip_unrecognised:
        files += _empty_folders(roots, files)
    return Report(once(sorted(files, key=lambda file: file.path)), skipped)


def once(files: Sequence[FileReport]) -> tuple[FileReport, ...]:
    """The files with each finding in one of them: several may be composed of the one in which it stands, or use it."""
    return _once_composed(_once_used(files))


def _once_used(files: Sequence[FileReport]) -> Sequence[FileReport]:
    """Without the findings of a file about a line of a Python file it uses, of which that file tells itself."""
    if not any(one.written for file in files for one in file.findings):
        return files
    own = {(os.path.realpath(file.path), one.location.line, one.code) for file in files for one in file.findings}
    told = {one for file in files for one in file.findings if one.written and (*one.written, one.code) in own}
    return [replace(file, findings=tuple(one for one in file.findings if one not in told)) for file in files]


def _once_composed(files: Sequence[FileReport]) -> tuple[FileReport, ...]:
    """With each finding that stands in one place in one of the files only, in that place's own if it is among them."""
    if not any(file.others for file in files):
        return tuple(files)
    owners: dict[tuple[object, ...], str] = {}
    for file in sorted(files, key=lambda file: bool(file.others)):
        for finding in file.findings:
            owners.setdefault(_identity(finding), file.path)
    return tuple(
        replace(file, findings=tuple(one for one in file.findings if owners[_identity(one)] == file.path))
        for file in files
    )


def _identity(finding: Finding) -> tuple[object, ...]:
    return finding.location, finding.code, finding.message


def gathered(source: Source) -> Source:
    """The source with the files joined to it that its Hydra defaults name. Reads files."""
    if "defaults" not in source.text:
        return source
    from shapelint.read import hydra  # for the few that need it

    return hydra.gathered(source)


def lint_text(source: Source, settings: Settings, users: tuple[str, ...] = ()) -> FileReport:
    """Lint one text, which the Python files `users` import; raises ConfigError.

    A fault of shapelint itself becomes an unreadable file with a plain reason.
    """
    found = settings.config_of(source.path)
    try:
        source = gathered(source)
        options = replace(options_for(found, settings.trace), checkpoint=settings.checkpoint or "", users=users)
        report = lint_source(source, options)
        known = rules.known(found.rules)
        report = suppress.apply(source, report, known, lambda code: settings.keeps(code, source.path))
    except Exception as error:  # a fault of ours must not hide the findings in other files
        kind = type(error).__name__
        problem = f"shapelint itself failed on it ({kind}: {error}); please report this file"
        return FileReport(source.path, "unreadable", text=source.own_text, problem=problem)
    parses = bool(report.models)
    kept = (
        finding
        for finding in report.findings
        if all(settings.keeps(finding.code, path, parses) for path in {source.path, finding.location.path})
    )
    return replace(report, findings=tuple(_as_severe_as(finding, found) for finding in kept), users=users)


def options_for(found: Config, trace: bool) -> Options:
    """What the settings say of how components are resolved."""
    return Options(
        trace=trace,
        signatures=tuple(found.signatures.items()),
        trust=found.trust,
        root=found.folder if found.trust else "",
        method=found.method,
        input=found.input,
        rules=found.rules,
    )


def _as_severe_as(finding: Finding, found: Config) -> Finding:
    """The finding with the severity that the settings give its code, or the longest beginning of it."""
    matching = [code for code in found.severity if code == config.ALL or finding.code.startswith(code)]
    if not matching:
        return finding
    chosen = max(matching, key=lambda code: 0 if code == config.ALL else len(code))
    return replace(finding, severity=cast(Severity, found.severity[chosen]))


def _lint_candidate(candidate: Candidate, settings: Settings, users: Users) -> FileReport | None:
    """The report of one file, or None where it is passed over."""
    lenient = settings.skip_unrecognised or not candidate.named
    try:
        source = read_source(candidate.path)
    except UnreadableError as error:
        passed_over = lenient and candidate.path.exists()  # no text of ours: binary, in another encoding, huge
        return None if passed_over else FileReport(str(candidate.path), "unreadable", problem=str(error))
    if lenient and not worth_reading(candidate.path, source.text):
        return None
    report = lint_text(source, settings)
    importing = users.importing(candidate.path) if report.is_open else ()
    if importing:
        report = lint_text(source, settings, importing)
    if report.status == "no-model":
        return None if lenient else report
    if report.status == "checked" and not report.models and lenient and not SPEAKS_OF_A_MODEL.search(source.text):
        return None
    return report


def _empty_folders(roots: Sequence[Path], files: Sequence[FileReport]) -> list[FileReport]:
    """Named folders in which nothing was found to lint."""
    reported = [Path(file.path) for file in files]
    return [
        FileReport(str(root), "no-model", problem="no model is recognised in this folder")
        for root in roots
        if root.is_dir() and not any(root in path.parents or root == path for path in reported)
    ]
