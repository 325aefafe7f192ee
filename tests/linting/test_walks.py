"""A file that is found in a folder is reported as one that is named: the same findings, the same links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import ROOT

from shapelint.linting.lint_paths import lint
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport

SETTINGS = Settings(isolated=True)
KINDS = {".yaml", ".yml", ".py", ".ipynb"}
FIXTURES = sorted(path for path in (ROOT / "fixtures").rglob("*") if path.suffix in KINDS)
PAGES = sorted((ROOT / "rules").glob("SL*.md"))
EXAMPLE = re.compile(r"^```(yaml|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LAYERS = """\
encoder: resnet18
projector: [Linear(512, 640), BatchNorm1d(640), ReLU(), Linear(640, 96)]
predictor: [Linear(96, 192), BatchNorm1d(192), ReLU(), Linear(192, 96)]
"""


def content(file: FileReport) -> tuple[object, ...]:
    """What a report says of a file."""
    found = [(f.code, f.message, f.location, f.fix) for f in file.findings]
    return file.status, found, [(m.name, m.method, m.chain, m.links, m.unchecked) for m in file.models]


def by_path(files: tuple[FileReport, ...]) -> dict[str, tuple[object, ...]]:
    """Reports by path; a file without a model is one that a walk passes over."""
    return {str(Path(file.path)): content(file) for file in files if file.status != "no-model"}


def assert_alike(folder: Path, names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare walks by either path with the files as they are named, together and one by one."""
    monkeypatch.chdir(folder)
    walked = by_path(lint(".", SETTINGS).files)
    assert walked == by_path(lint(names, SETTINGS).files)
    assert walked == by_path(tuple(file for name in names for file in lint(name, SETTINGS).files))
    absolute = by_path(lint(folder, SETTINGS).files)
    assert {str(folder / path) for path in walked} == absolute.keys()


def test_the_fixtures(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ROOT / "fixtures"
    assert_alike(folder, [str(path.relative_to(folder)) for path in FIXTURES], monkeypatch)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_of_rule_pages(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = []
    for number, (language, text) in enumerate(EXAMPLE.findall(page.read_text(encoding="utf-8"))):
        names.append(f"example{number}.{'py' if language == 'python' else 'yaml'}")
        (tmp_path / names[-1]).write_text(text, encoding="utf-8")
    assert names
    assert_alike(tmp_path, names, monkeypatch)


def test_a_config_whose_heads_are_lists_of_layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()  # no script above it reads it
    (tmp_path / "trunk.yaml").write_text(LAYERS)
    assert_alike(tmp_path, ["trunk.yaml"], monkeypatch)
    assert lint(".", SETTINGS).files[0].models[0].checked == 4
