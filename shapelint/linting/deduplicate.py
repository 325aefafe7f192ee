"""Report each finding once, even if several linted files include or import the file it is in."""

from __future__ import annotations

from collections.abc import Sequence

from shapelint.common import disk
from shapelint.common.frozen import replace
from shapelint.spec.findings import FileReport, Finding, Related


def once(files: Sequence[FileReport]) -> tuple[FileReport, ...]:
    """Report each finding once, even if several linted files include or import the file it is in."""
    return _keep_one(_drop_imported(files))


def _drop_imported(files: Sequence[FileReport]) -> Sequence[FileReport]:
    """Report a fault in a line of an imported Python file once: in that file, or in the first one that uses it."""
    if not any(one.written for file in files for one in file.findings):
        return files
    own = {(disk.real(file.path), one.location.line, one.code) for file in files for one in file.findings}
    users: dict[tuple[object, ...], list[Finding]] = {}
    for one in (one for file in files for one in file.findings if one.written):
        users.setdefault(_fault(one), []).append(one)
    return [
        replace(
            file,
            findings=tuple(
                _with_users(one, users.get(_fault(one), [one]))
                for one in file.findings
                if one.written is None or ((*one.written, one.code) not in own and users[_fault(one)][0] is one)
            ),
        )
        for file in files
    ]


def _fault(finding: Finding) -> tuple[object, ...]:
    """Return what findings in several files have in common that are about one fault in a module they import."""
    return finding.written, finding.code, finding.message


def _with_users(finding: Finding, users: Sequence[Finding]) -> Finding:
    """Return a finding with the places in other files that use the same module."""
    others = (one.location for one in users if one.location.path != finding.location.path)
    related = (Related(place, "used here, too") for place in dict.fromkeys(others))
    return replace(finding, related=(*finding.related, *related))


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
