"""The JSON contract, which other programs read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from report_examples import MIXED, NASTY, NASTY_REPORT, REPORTS, SEED

from shapelint.report import render


def test_the_seed_case() -> None:
    """Keys, order and values are those of the contract."""
    seed: dict[str, Any] = {
        "version": 1,
        "files": [
            {
                "path": "model.yaml",
                "status": "checked",
                "models": [
                    {
                        "name": "model",
                        "method": "byol",
                        "chain": [
                            {
                                "role": "backbone",
                                "component": "yolov8n.Backbone",
                                "in": ["B", 3, "H", "W"],
                                "out": ["B", 256],
                                "source": "declared",
                            },
                            {
                                "role": "projection_head",
                                "component": "BYOLProjectionHead",
                                "in": ["B", 256],
                                "out": ["B", 256],
                                "source": "stored",
                            },
                            {
                                "role": "prediction_head",
                                "component": "BYOLPredictionHead",
                                "in": ["B", 256],
                                "out": ["B", 256],
                                "source": "stored",
                            },
                        ],
                        "links": {"total": 4, "checked": 4},
                        "unchecked": [],
                    }
                ],
            }
        ],
        "findings": [
            {
                "code": "SL101",
                "name": "feature-width-mismatch",
                "severity": "error",
                "message": "projection_head expects 512 features, but backbone produces 256",
                "path": "model.yaml",
                "line": 4,
                "column": 37,
                "end_line": 4,
                "end_column": 40,
                "model": "model",
                "role": "projection_head",
                "url": "https://github.com/shapelint/shapelint/blob/main/rules/SL101-feature-width-mismatch.md",
                "expected": 512,
                "actual": 256,
                "related": [
                    {
                        "path": "model.yaml",
                        "line": 3,
                        "column": 47,
                        "end_line": 3,
                        "end_column": 50,
                        "message": "backbone produces (B, 256)",
                    }
                ],
                "notes": ['training would stop with "mat1 and mat2 shapes cannot be multiplied (Bx256 and 512x1024)"'],
                "fix": {
                    "safety": "safe",
                    "verified": True,
                    "message": "use BYOLProjectionHead(256, 1024, 256)",
                    "edits": [
                        {
                            "path": "model.yaml",
                            "line": 4,
                            "column": 37,
                            "end_line": 4,
                            "end_column": 40,
                            "text": "256",
                        }
                    ],
                    "alternatives": [],
                },
            }
        ],
        "summary": {"files": 1, "models": 1, "errors": 1, "warnings": 0, "infos": 0, "unknown": 0, "skipped": 0},
    }
    seed["summary"] |= {"links": 4, "checked": 4}
    assert render(SEED, "json") == json.dumps(seed, indent=2) + "\n"


def test_every_status_severity_and_kind_of_fix() -> None:
    read = json.loads(render(MIXED, "json"))
    assert [(file["path"], file["status"], len(file["models"])) for file in read["files"]] == [
        ("bad.yaml", "unreadable", 0),
        ("empty.yaml", "no-model", 0),
        ("model.yaml", "checked", 1),
        ("other.yaml", "checked", 2),
        ("passed-over.yaml", "no-model", 0),
    ]
    places = [(finding["path"], finding["line"], finding["column"], finding["code"]) for finding in read["findings"]]
    assert places == sorted(places)
    assert [finding["fix"] and finding["fix"]["safety"] for finding in read["findings"]] == ["safe", None, "unsafe"]
    assert [len(finding["fix"]["alternatives"]) for finding in read["findings"] if finding["fix"]] == [0, 1]
    assert read["files"][3]["models"][1]["chain"] == [
        {"role": "backbone", "component": "my.Net", "in": None, "out": None, "source": "unknown"}
    ]
    assert read["summary"] == {
        "files": 5,
        "models": 3,
        "errors": 1,
        "warnings": 1,
        "infos": 1,
        "unknown": 1,
        "skipped": 4,
        "links": 10,
        "checked": 9,
    }


@pytest.mark.parametrize("name", REPORTS)
def test_the_object_is_ascii_and_survives_a_round_trip(name: str) -> None:
    text = render(REPORTS[name], "json")
    assert text.isascii()
    assert json.dumps(json.loads(text), indent=2) + "\n" == text


def test_texts_survive_a_round_trip() -> None:
    (first, _) = json.loads(render(NASTY_REPORT, "json"))["findings"]
    assert first["message"] == first["path"] == first["expected"] == NASTY
    assert first["fix"]["edits"][0]["text"] == NASTY
