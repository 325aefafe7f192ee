"""`--output-format sarif`: SARIF 2.1.0, for GitHub code scanning and others.

The objects are plain dicts: a library for them would be one more dependency of every install, and would prove less than
the official schema, which the tests validate against.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from shapelint.common.escaping import escape
from shapelint.common.version import __version__
from shapelint.report import RenderOptions
from shapelint.report.json_text import json_text
from shapelint.report.remarks import paragraph
from shapelint.report.summary import problem, summarise
from shapelint.spec.findings import Edit, Finding, Fix, Report
from shapelint.spec.fingerprints import fingerprinted, relative
from shapelint.text.location import Location

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_SEVEREST_FIRST = tuple(_LEVELS)


def render(report: Report, options: RenderOptions) -> str:
    """The report as one SARIF log with one run."""
    rules = _rules(report.findings)
    summary = summarise(report)
    numbers = {rule["id"]: number for number, rule in enumerate(rules)}
    driver = {
        "name": "shapelint",
        "version": __version__,
        "informationUri": "https://github.com/shapelint/shapelint",
        "rules": rules,
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report, options)],
        "properties": {"links": summary.links, "checkedLinks": summary.checked_links},
        "results": [
            _result(finding, fingerprint, numbers[finding.code], options)
            for finding, fingerprint in fingerprinted(report, options.root)
        ],
    }
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}) + "\n"


def _rules(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """One descriptor per code; its level is the severest that occurs."""
    by_code: dict[str, Finding] = {}
    for finding in sorted(findings, key=lambda f: (f.code, _SEVEREST_FIRST.index(f.severity))):
        by_code.setdefault(finding.code, finding)
    return [
        {
            "id": code,
            "name": finding.name,
            "shortDescription": {"text": finding.name.replace("-", " ").capitalize()},
            **({"helpUri": finding.url} if finding.url else {}),
            "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        }
        for code, finding in by_code.items()
    ]


def _invocation(report: Report, options: RenderOptions) -> dict[str, Any]:
    """Whether every file could be read, and which could not."""
    notifications = [
        {
            "level": "error",
            "message": {"text": escape(problem(file))},
            "locations": [{"physicalLocation": {"artifactLocation": _artifact(file.path, options)}}],
        }
        for file in report.files
        if problem(file)
    ]
    return {"executionSuccessful": not notifications, "toolExecutionNotifications": notifications}


def _result(finding: Finding, fingerprint: str, rule: int, options: RenderOptions) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": paragraph(finding)},
        "locations": [{"physicalLocation": _place(finding.location, options)}],
        "relatedLocations": [
            {
                "id": number,
                "physicalLocation": _place(related.location, options),
                "message": {"text": escape(related.message)},
            }
            for number, related in enumerate(finding.related, start=1)
        ],
        "partialFingerprints": {"shapelintFinding/v1": fingerprint},
        "properties": {
            "model": finding.model,
            "role": finding.role,
            "expected": finding.expected,
            "actual": finding.actual,
        },
    }
    if finding.fix:
        result["fixes"] = _fixes(finding.fix, options)
    return result


def _fixes(fix: Fix, options: RenderOptions) -> list[dict[str, Any]]:
    """The chosen repair and its alternatives, of which a reader may apply one."""
    choices: list[tuple[str, Sequence[Edit]]] = [(fix.message, fix.edits)]
    choices += [(alternative.message, alternative.edits) for alternative in fix.alternatives]
    return [
        {"description": {"text": escape(message)}, "artifactChanges": _changes(edits, options)}
        for message, edits in choices
        if edits
    ]


def _changes(edits: Sequence[Edit], options: RenderOptions) -> list[dict[str, Any]]:
    return [
        {
            "artifactLocation": _artifact(path, options),
            "replacements": [
                {"deletedRegion": _region(edit.location), "insertedContent": {"text": edit.text}}
                for edit in edits
                if edit.location.path == path
            ],
        }
        for path in dict.fromkeys(edit.location.path for edit in edits)
    ]


def _place(location: Location, options: RenderOptions) -> dict[str, Any]:
    return {"artifactLocation": _artifact(location.path, options), "region": _region(location)}


def _artifact(path: str, options: RenderOptions) -> dict[str, Any]:
    """A reference relative to the root of the sources, or a `file:` URI for a path outside it."""
    path = relative(path, options.root)
    if Path(path).is_absolute():
        return {"uri": Path(path).as_uri()}
    return {"uri": quote(path, errors="surrogateescape"), "uriBaseId": "%SRCROOT%"}


def _region(location: Location) -> dict[str, Any]:
    return {
        "startLine": location.line,
        "startColumn": location.column,
        "endLine": location.end_line,
        "endColumn": location.end_column,
    }
