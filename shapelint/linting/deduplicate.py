"""Report each finding once, even if several linted files include or import the file it is in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from shapelint.spec.findings import FileReport, Finding


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
