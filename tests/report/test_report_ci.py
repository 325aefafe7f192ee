"""The formats of CI services: workflow commands, Code Quality, JUnit."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from urllib.parse import unquote
from xml.etree import ElementTree as xml

import pytest
from jsonschema import Draft202012Validator
from junitparser import Error, Failure, JUnitXml
from report_examples import MIXED, NASTY, REPORTS, SEED, SEED_FINDING, SEED_TEXT, at, finding, report_of

from shapelint.report import RenderOptions, render
from shapelint.spec.findings import Finding, Report
from shapelint.text.location import Location

# https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
CODE_QUALITY = Draft202012Validator(
    {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["description", "check_name", "fingerprint", "severity", "location"],
            "additionalProperties": False,
            "properties": {
                "description": {"type": "string", "minLength": 1},
                "check_name": {"type": "string", "minLength": 1},
                "fingerprint": {"type": "string", "minLength": 1},
                "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
                "location": {
                    "type": "object",
                    "required": ["path", "lines"],
                    "additionalProperties": False,
                    "properties": {
                        "path": {"type": "string", "minLength": 1, "not": {"pattern": r"^\./"}},
                        "lines": {
                            "type": "object",
                            "required": ["begin"],
                            "additionalProperties": False,
                            "properties": {
                                "begin": {"type": "integer", "minimum": 1},
                                "end": {"type": "integer", "minimum": 1},
                            },
                        },
                    },
                },
            },
        },
    }
)


def test_a_whole_github_report() -> None:
    assert render(MIXED, "github", RenderOptions()) == (
        """\
::error file=model.yaml,line=4,endLine=4,col=37,endColumn=40,title=shapelint SL101 (feature-width-mismatch)::\
model.yaml:4:37: SL101 projection_head expects 512 features, but backbone produces 256%0A\
note: training would stop with "mat1 and mat2 shapes cannot be multiplied (Bx256 and 512x1024)"%0A\
help: use BYOLProjectionHead(256, 1024, 256)   [fix is safe; the chain fits with it]
::notice file=other.yaml,line=3,endLine=3,col=1,endColumn=7,title=shapelint SL901 (unresolved-component)::\
other.yaml:3:1: SL901 backbone my.Net could not be resolved%0Ahelp: trust the package my to have it traced
::warning file=other.yaml,line=9,endLine=9,col=5,endColumn=8,title=shapelint SL101 (feature-width-mismatch)::\
other.yaml:9:5: SL101 prediction_head expects 128 features, but projection_head produces 256%0A\
help: use 256   [fix is unsafe; the chain fits with it]%0Ahelp: or use 128 before it
::error file=bad.yaml,title=shapelint::bad.yaml: not UTF-8: byte 0xff at offset 3
::error file=empty.yaml,title=shapelint::empty.yaml: no model recognised
Found 1 error, 1 warning and 1 info in 3 models (2 files checked).
[*] 1 fixable with --fix, 1 more with --fix --unsafe-fixes.
9 of 10 links checked; 1 could not be checked:
  other.yaml:12:11: backbone: my.Net is not known
    to make it known, under [tool.shapelint.signatures]: "my.Net" = "B 3 H W -> B ..."
2 files could not be checked.
4 files without a model skipped.
"""
    )


def test_github_has_columns_on_one_line_only() -> None:
    report = report_of("", finding(Location("a.yaml", 2, 3, 4, 5)))
    assert render(report, "github").startswith("::error file=a.yaml,line=2,endLine=4,title=")


def read_command(line: str) -> tuple[str, dict[str, str], str]:
    """Parse a workflow command like the runner: split first, unescape afterwards."""
    match = re.fullmatch(r"::(\w+) (.*?)::(.*)", line)
    assert match
    pairs = (pair.split("=", 1) for pair in match[2].split(","))
    return match[1], {key: unquote(value) for key, value in pairs}, unquote(match[3])


def test_github_survives_nasty_text() -> None:
    path = "a,b:c%25=::d.yaml"
    report = report_of("", finding(at(1, 2, 3, path), message=NASTY, notes=("100%0A",)))
    command, properties, message = read_command(render(report, "github").split("\n")[0])
    assert command == "error"
    assert list(properties) == ["file", "line", "endLine", "col", "endColumn", "title"]
    assert properties["file"] == path
    assert message.startswith(f"{path}:1:2: SL101 a\\tb\\r\\nc\\x1b[31m\\u202ed")
    assert message.split("\n")[1:] == ["note: 100%0A"]


@pytest.mark.parametrize("name", REPORTS)
def test_github_writes_one_line_per_finding(name: str) -> None:
    rendered = render(REPORTS[name], "github").split("\n")
    problems = sum(bool(file.problem) for file in REPORTS[name].files)
    assert sum(line.startswith("::") for line in rendered) == len(REPORTS[name].findings) + problems
    assert all(line.isprintable() for line in rendered)


@pytest.mark.parametrize("name", REPORTS)
def test_gitlab_is_valid_with_unique_fingerprints(name: str) -> None:
    issues = json.loads(render(REPORTS[name], "gitlab"))
    assert [error.message for error in CODE_QUALITY.iter_errors(issues)] == []
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)


def test_a_whole_gitlab_report() -> None:
    issues = json.loads(render(MIXED, "gitlab"))
    assert issues[0] == {
        "description": "projection_head expects 512 features, but backbone produces 256",
        "check_name": "SL101",
        "fingerprint": fingerprints(SEED)[0],
        "severity": "major",
        "location": {"path": "model.yaml", "lines": {"begin": 4, "end": 4}},
    }
    assert [(issue["check_name"], issue["severity"]) for issue in issues] == [
        ("SL101", "major"),
        ("SL901", "info"),
        ("SL101", "minor"),
        ("unreadable", "blocker"),
        ("no-model", "blocker"),
    ]


def fingerprints(report: Report, root: str = "") -> list[str]:
    return [issue["fingerprint"] for issue in json.loads(render(report, "gitlab", RenderOptions(root=root)))]


def shifted(one: Finding, lines: int) -> Finding:
    place = one.location
    return replace(one, location=replace(place, line=place.line + lines, end_line=place.end_line + lines))


def test_a_finding_that_moves_keeps_its_fingerprint() -> None:
    moved = report_of("\n\n" + SEED_TEXT, shifted(SEED_FINDING, 2))
    assert fingerprints(moved) == fingerprints(report_of(SEED_TEXT, SEED_FINDING))


def test_equal_findings_differ_and_keep_their_order() -> None:
    twice = report_of("", SEED_FINDING, shifted(SEED_FINDING, 9))
    assert len(set(fingerprints(twice))) == 2
    assert fingerprints(twice)[0] == fingerprints(SEED)[0]
    assert fingerprints(report_of("", shifted(SEED_FINDING, 1), shifted(SEED_FINDING, 10))) == fingerprints(twice)


@pytest.mark.parametrize("field", ["code", "message", "model", "role"])
def test_another_finding_has_another_fingerprint(field: str) -> None:
    assert fingerprints(report_of("", replace(SEED_FINDING, **{field: "other"}))) != fingerprints(SEED)


def test_the_way_a_path_is_written_does_not_matter() -> None:
    def named(path: str) -> Report:
        return report_of("", replace(SEED_FINDING, location=at(4, 37, 40, path)))

    assert fingerprints(named("./model.yaml")) == fingerprints(SEED)
    assert fingerprints(named("/home/repo/model.yaml"), "/home/repo") == fingerprints(SEED)
    assert fingerprints(named("other.yaml")) != fingerprints(SEED)


def test_a_whole_junit_report() -> None:
    assert render(MIXED, "junit") == (
        """\
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="shapelint" tests="5" failures="2" errors="2" time="0">
  <testsuite name="bad.yaml" tests="1" failures="0" errors="1" time="0">
    <testcase name="bad.yaml" classname="bad.yaml" time="0">
      <error type="unreadable" message="not UTF-8: byte 0xff at offset 3" />
    </testcase>
  </testsuite>
  <testsuite name="empty.yaml" tests="1" failures="0" errors="1" time="0">
    <testcase name="empty.yaml" classname="empty.yaml" time="0">
      <error type="no-model" message="no model recognised" />
    </testcase>
  </testsuite>
  <testsuite name="model.yaml" tests="1" failures="1" errors="0" time="0">
    <testcase name="model" classname="model.yaml" time="0">
      <failure type="SL101" message="SL101 projection_head expects 512 features, but backbone produces 256">\
error[SL101]: projection_head expects 512 features, but backbone produces 256
  --&gt; model.yaml:4:37
   |
 3 | backbone: {target: yolov8n.Backbone, out_dim: 256}
   |                                               --- backbone produces (B, 256)
 4 | projection_head: BYOLProjectionHead(512, 1024, 256)
   |                                     ^^^ projection_head accepts (B, 512)
   |
   = note: training would stop with "mat1 and mat2 shapes cannot be multiplied (Bx256 and 512x1024)"
   = help: use BYOLProjectionHead(256, 1024, 256)   [fix is safe; the chain fits with it]</failure>
    </testcase>
  </testsuite>
  <testsuite name="other.yaml" tests="2" failures="1" errors="0" time="0">
    <testcase name="second" classname="other.yaml" time="0">
      <failure type="SL101" message="SL101 prediction_head expects 128 features, but projection_head produces 256">\
warning[SL101]: prediction_head expects 128 features, but projection_head produces 256
  --&gt; other.yaml:9:5
   |
   = help: use 256   [fix is unsafe; the chain fits with it]
   = help: or use 128 before it</failure>
    </testcase>
    <testcase name="third" classname="other.yaml" time="0">
      <system-out>info[SL901]: backbone my.Net could not be resolved
  --&gt; other.yaml:3:1
   |
   = help: trust the package my to have it traced</system-out>
    </testcase>
  </testsuite>
</testsuites>
"""
    )


@pytest.mark.parametrize("name", REPORTS)
def test_junit_is_read_by_a_real_consumer(name: str) -> None:
    report = REPORTS[name]
    text = render(report, "junit")
    assert text.isascii()
    suites = JUnitXml.fromroot(xml.parse(io.BytesIO(text.encode())).getroot())
    results = [result for suite in suites for case in suite for result in case.result]
    faulty = {(f.location.path, f.model) for f in report.findings if f.severity != "info"}
    assert sum(isinstance(result, Failure) for result in results) == suites.failures == len(faulty)
    assert sum(isinstance(result, Error) for result in results) == suites.errors
    assert suites.errors == sum(bool(file.problem) for file in report.files)
    totals = suites.tests, suites.failures, suites.errors
    suites.update_statistics()  # starts a new count
    assert (suites.tests, suites.failures, suites.errors) == totals


def test_junit_lists_all_findings_of_a_model_in_one_failure() -> None:
    files = [replace(SEED.files[0], findings=(SEED_FINDING, shifted(SEED_FINDING, 0), finding(at(1, 1, 2), label="")))]
    root = xml.fromstring(render(Report(tuple(files)), "junit"))
    failures = root.findall(".//failure")
    assert [failure.get("message", "").partition("256")[2] for failure in failures] == [" (and 1 other finding)", ""]
    assert [case.get("name") for case in root.iter("testcase")] == ["model", "model.yaml"]
