"""Report each finding once, even if several linted files include or import the file it is in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from shapelint.spec.findings import FileReport, Finding


def once(files: Sequence[FileReport]) -> tuple[FileReport, ...]:
    """Report each finding once, even if several linted files include or import the file it is in."""
    return _keep_one(_drop_imported(files))


def _drop_imported(files: Sequence[FileReport]) -> Sequence[FileReport]:
    """Drop findings about a line of an imported Python file if that file reports them itself."""
    if not any(one.written for file in files for one in file.findings):
        return files
    own = {(os.path.realpath(file.path), one.location.line, one.code) for file in files for one in file.findings}
    repeated = {one for file in files for one in file.findings if one.written and (*one.written, one.code) in own}
    return [replace(file, findings=tuple(one for one in file.findings if one not in repeated)) for file in files]


def _keep_one(files: Sequence[FileReport]) -> tuple[FileReport, ...]:
    """Keep each finding in one of the files that include its place, preferably in the file it is located in."""
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
