"""What a text means does not depend on how it is written: reports stay the same under changes of its form alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import yaml
from command_line import ROOT

from shapelint.linting.fixing import fixed_text
from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source, read_source

SETTINGS = Settings(isolated=True)
FIXTURES = sorted(path for path in (ROOT / "fixtures").glob("*.*") if path.suffix in (".yaml", ".py"))[::6]
Meaning = list[tuple[object, ...]]


@cache
def source_of(path: Path) -> Source:
    return read_source(path)


def meaning(report: FileReport) -> Meaning:
    """What a report says, without its places."""
    found = [(one.code, one.severity, one.role, str(one.expected), str(one.actual)) for one in report.findings]
    return [*sorted(found, key=str), *((model.method, model.links, model.checked) for model in report.models)]


def linted(source: Source) -> Meaning:
    return meaning(lint_text(source, SETTINGS))


def with_comments(text: str) -> str:
    return re.sub(r"^(?=[A-Za-z_])", "# a comment\n", text, flags=re.MULTILINE)


def with_blank_lines(text: str) -> str:
    return "\n\n" + re.sub(r"^(?=[A-Za-z_])", "\n\n", text, flags=re.MULTILINE) + "\n\n"


def with_windows_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def has_free_lines(text: str) -> bool:
    """Whether a line can be put before each that begins at the margin: no text goes over several of them."""
    return not re.search(r'"""|\'\'\'|[|>][+-]?\s*$|\\$', text, re.MULTILINE)


@pytest.mark.parametrize("change", [with_comments, with_blank_lines, with_windows_lines])
@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_layout_changes_nothing(path: Path, change: Callable[[str], str]) -> None:
    source = source_of(path)
    if change is not with_windows_lines and not has_free_lines(source.text):
        pytest.skip("a text goes over several lines")
    assert linted(replace(source, text=change(source.text))) == linted(source)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_linting_twice_gives_the_same(path: Path) -> None:
    source = source_of(path)
    assert lint_text(source, SETTINGS) == lint_text(source, SETTINGS)


def quoted(text: str) -> str:
    """Every scalar of a YAML text that is a word, in quotes."""
    spans = [
        (event.start_mark.index, event.end_mark.index)
        for event in yaml.parse(text)
        if isinstance(event, yaml.ScalarEvent) and event.style is None and event.implicit[1] is False
        and re.fullmatch(r"[A-Za-z_][\w./]*", event.value) and isinstance(yaml.safe_load(event.value), str)
    ]  # fmt: skip
    for start, end in reversed(spans):
        text = f'{text[:start]}"{text[start:end]}"{text[end:]}'
    return text


YAMLS = [path for path in FIXTURES if path.suffix == ".yaml"]


@pytest.mark.parametrize("path", YAMLS, ids=lambda path: path.name)
def test_quotes_change_nothing(path: Path) -> None:
    source = source_of(path)
    try:
        text = quoted(source.text)
    except yaml.YAMLError:
        pytest.skip("it is no YAML")
    assert linted(replace(source, text=text)) == linted(source)


SHARING = (ast.Global, ast.Nonlocal, ast.FunctionDef, ast.Lambda, ast.ClassDef, ast.JoinedStr)
"""What in a function may know its variables by their names."""


class Renamed(ast.NodeTransformer):
    """Gives the variables of every function other names, where nothing else knows them."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        inside = [one for one in ast.walk(node) if one is not node]
        if any(isinstance(one, SHARING) for one in inside):
            return self.generic_visit(node)
        names = [one for one in inside if isinstance(one, ast.Name)]
        given = {one.arg for one in inside if isinstance(one, ast.arg)}
        own = {one.id for one in names if isinstance(one.ctx, ast.Store)} - given
        for one in names:
            if one.id in own and one.id.islower() and len(one.id) <= 2:
                one.id = f"{one.id}_again"
        return node


@pytest.mark.parametrize("path", [path for path in FIXTURES if path.suffix == ".py"], ids=lambda path: path.name)
def test_names_of_variables_and_spaces_change_nothing(path: Path) -> None:
    """`ast.unparse` writes the same program with other quotes, brackets and lines."""
    source = source_of(path)
    try:
        tree = ast.parse(source.text)
    except SyntaxError:
        pytest.skip("it is no Python")
    if "shapelint:" in source.text:
        pytest.skip("its comments are for shapelint")
    assert linted(replace(source, text=ast.unparse(tree))) == linted(source)
    assert linted(replace(source, text=ast.unparse(Renamed().visit(tree)))) == linted(source)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_fixes_add_no_error(path: Path) -> None:
    source = source_of(path)
    before = lint_text(source, SETTINGS)
    if not any(finding.fix for finding in before.findings):
        return
    for unsafe in (False, True):
        text, _ = fixed_text(source, lambda one: lint_text(one, SETTINGS), unsafe)
        after = lint_text(replace(source, text=text), SETTINGS)
        assert errors(after) <= errors(before)


def errors(report: FileReport) -> int:
    return sum(finding.severity == "error" for finding in report.findings)
