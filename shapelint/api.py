"""Linting paths: the function behind the command line, and for use from Python."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from shapelint.collect import SPEAKS_OF_A_MODEL, Candidate, collect
from shapelint.findings import FileReport, Report
from shapelint.lint import lint_source
from shapelint.read.text import Source, UnreadableError, read_source
from shapelint.resolve.resolver import Options


@dataclass(frozen=True)
class Settings:
    """How a run goes.

    `select` and `ignore` are codes or the beginnings of codes. `trace` traces every component anew.
    `skip_unrecognised` passes over named files without a model.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    trace: bool = False
    skip_unrecognised: bool = False

    def keeps(self, code: str, parses: bool = True) -> bool:
        """Whether findings of a code are reported; a file that does not parse always is, unless ignored."""
        if any(code.startswith(prefix) for prefix in self.ignore):
            return False
        return not parses or not self.select or any(code.startswith(prefix) for prefix in self.select)


def lint(paths: Iterable[str | os.PathLike[str]], settings: Settings | None = None) -> Report:
    """Lint files and folders; raises nothing for what a file can hold.

    A named file that cannot be read or holds no model is in the report, with the reason as its `problem`.
    """
    settings = settings or Settings()
    roots = [Path(path) for path in paths]
    files: list[FileReport] = []
    skipped = 0
    for candidate in collect(roots):
        report = _lint_candidate(candidate, settings)
        if report is None:
            skipped += 1
        else:
            files.append(report)
    if not settings.skip_unrecognised:
        files += _empty_folders(roots, files)
    return Report(tuple(sorted(files, key=lambda file: file.path)), skipped)


def lint_text(source: Source, settings: Settings) -> FileReport:
    """Lint one text. A fault of shapelint itself becomes an unreadable file with a plain reason."""
    try:
        report = lint_source(source, Options(trace=settings.trace))
    except Exception as error:  # a fault of ours must not hide the findings in other files
        kind = type(error).__name__
        problem = f"shapelint itself failed on it ({kind}: {error}); please report this file"
        return FileReport(source.path, "unreadable", text=source.text, problem=problem)
    parses = bool(report.models)
    findings = tuple(finding for finding in report.findings if settings.keeps(finding.code, parses))
    return replace(report, findings=findings)


def _lint_candidate(candidate: Candidate, settings: Settings) -> FileReport | None:
    """The report of one file, or None where it is passed over."""
    lenient = settings.skip_unrecognised or not candidate.named
    try:
        source = read_source(candidate.path)
    except UnreadableError as error:
        return None if not candidate.named else FileReport(str(candidate.path), "unreadable", problem=str(error))
    if not candidate.named and not SPEAKS_OF_A_MODEL.search(source.text) and not _names_a_role(source.text):
        return None
    report = lint_text(source, settings)
    if report.status == "no-model":
        return None if lenient else report
    if report.status == "checked" and not report.models and lenient and not SPEAKS_OF_A_MODEL.search(source.text):
        return None
    return report


def _names_a_role(text: str) -> bool:
    return "method:" in text or "Head" in text


def _empty_folders(roots: Sequence[Path], files: Sequence[FileReport]) -> list[FileReport]:
    """Named folders in which nothing was found to lint."""
    reported = [Path(file.path) for file in files]
    return [
        FileReport(str(root), "no-model", problem="no model is recognised in this folder")
        for root in roots
        if root.is_dir() and not any(root in path.parents or root == path for path in reported)
    ]
