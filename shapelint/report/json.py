"""`--output-format json`, version 1: one object, its keys in a fixed order, ASCII only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shapelint.report import RenderOptions
from shapelint.report.json_text import json_text
from shapelint.report.summary import summarise
from shapelint.spec.findings import Edit, FileReport, Finding, Fix, ModelReport, Report
from shapelint.text.location import Location

_VERSION = 1


def render(report: Report, options: RenderOptions) -> str:
    """The report as one JSON object. Keys may be added within a version, never removed or given another meaning."""
    return json_text(as_object(report)) + "\n"


def as_object(report: Report) -> dict[str, Any]:
    """The report as dicts, lists, strings and numbers."""
    summary = summarise(report)
    return {
        "version": _VERSION,
        "files": [_file(file) for file in report.files],
        "findings": [_finding(finding) for finding in report.findings],
        "summary": {
            "files": summary.files,
            "models": summary.models,
            "errors": summary.errors,
            "warnings": summary.warnings,
            "infos": summary.infos,
            "unknown": summary.unknown,
            "skipped": summary.skipped,
            "links": summary.links,
            "checked": summary.checked_links,
        },
    }


def _file(file: FileReport) -> dict[str, Any]:
    return {"path": file.path, "status": file.status, "models": [_model(model) for model in file.models]}


def _model(model: ModelReport) -> dict[str, Any]:
    chain = [
        {
            "role": link.role,
            "component": link.component,
            "in": link.input,
            "out": link.output,
            "source": link.source,
        }
        for link in model.chain
    ]
    links = {"total": model.links, "checked": model.checked}
    unchecked = [
        {
            "role": link.role,
            "reason": link.reason,
            "help": link.help,
            "path": link.location.path,
            "line": link.location.line,
            "column": link.location.column,
        }
        for link in model.unchecked
    ]
    return {"name": model.name, "method": model.method, "chain": chain, "links": links, "unchecked": unchecked}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity,
        "message": finding.message,
        **_location(finding.location),
        "model": finding.model,
        "role": finding.role,
        "url": finding.url,
        "expected": finding.expected,
        "actual": finding.actual,
        "related": [{**_location(related.location), "message": related.message} for related in finding.related],
        "notes": list(finding.notes),
        "fix": _fix(finding.fix) if finding.fix else None,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "safety": "safe" if fix.safe else "unsafe",
        "verified": True,
        "message": fix.message,
        "edits": _edits(fix.edits),
        "alternatives": [
            {"message": alternative.message, "edits": _edits(alternative.edits)} for alternative in fix.alternatives
        ],
    }


def _edits(edits: Iterable[Edit]) -> list[dict[str, Any]]:
    return [{**_location(edit.location), "text": edit.text} for edit in edits]


def _location(location: Location) -> dict[str, Any]:
    return {
        "path": location.path,
        "line": location.line,
        "column": location.column,
        "end_line": location.end_line,
        "end_column": location.end_column,
    }
