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
YAMLS = sorted((ROOT / "fixtures").rglob("*.yaml"))[::8]
PROGRAMS = sorted((ROOT / "fixtures").rglob("*.py"))[::3]
FIXTURES = [*YAMLS, *PROGRAMS]
Meaning = list[tuple[object, ...]]


def test_there_are_files_of_both_kinds() -> None:
    """A table of tests that is empty would be skipped in silence."""
    assert len(YAMLS) > 10
    assert len(PROGRAMS) > 5


@cache
def source_of(path: Path) -> Source:
    return read_source(path)


def meaning(report: FileReport) -> Meaning:
    """What a report says, without its places."""
    found = [(one.code, one.severity, one.role, str(one.expected), str(one.actual)) for one in report.findings]
    return [*sorted(found, key=str), *((model.method, model.links, model.checked) for model in report.models)]


@cache
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


def quoted(text: str, quote: str) -> str:
    """Every scalar of a YAML text that is a word or a call without arguments, in quotes."""
    spans = [
        (event.start_mark.index, event.end_mark.index)
        for event in yaml.parse(text)
        if isinstance(event, yaml.ScalarEvent) and event.style is None and event.implicit[1] is False
        and re.fullmatch(r"[A-Za-z_][\w./]*(\(\))?", event.value) and isinstance(yaml.safe_load(event.value), str)
    ]  # fmt: skip
    for start, end in reversed(spans):
        text = f"{text[:start]}{quote}{text[start:end]}{quote}{text[end:]}"
    return text


@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize("path", YAMLS, ids=lambda path: path.name)
def test_quotes_change_nothing(path: Path, quote: str) -> None:
    source = source_of(path)
    try:
        text = quoted(source.text, quote)
    except yaml.YAMLError:
        pytest.skip("it is no YAML")
    assert linted(replace(source, text=text)) == linted(source)


def reordered(text: str) -> str:
    """A YAML text with the keys of each mapping in the opposite order; those of lists and of `{...}` stay."""
    lines = text.splitlines(True)

    def block(node: yaml.MappingNode, end: int) -> list[str]:
        starts = [key.start_mark.line for key, _ in node.value] + [end]
        pieces = [lines[starts[0] : starts[0]]]
        for (_, value), start, after in zip(node.value, starts, starts[1:]):
            inner = value.start_mark.line
            is_block = isinstance(value, yaml.MappingNode) and not value.flow_style and inner > start
            pieces.append([*lines[start:inner], *block(value, after)] if is_block else lines[start:after])
        return [line for piece in reversed(pieces) for line in piece]

    node = yaml.compose(text)
    if not isinstance(node, yaml.MappingNode) or node.flow_style or not node.value:
        return text
    return "".join([*lines[: node.start_mark.line], *block(node, len(lines))])


def has_an_order(text: str) -> bool:
    """Whether lines of a YAML text depend on those before: aliases, comments for the next one, documents."""
    return bool(re.search(r"[&*]\w|<<:|shapelint:|^---", text, re.MULTILINE)) or not text.endswith("\n")


@pytest.mark.parametrize("path", YAMLS, ids=lambda path: path.name)
def test_the_order_of_keys_changes_nothing(path: Path) -> None:
    source = source_of(path)
    if has_an_order(source.text):
        pytest.skip("its lines have an order")
    try:
        text = reordered(source.text)
    except yaml.YAMLError:
        pytest.skip("it is no YAML")
    assert yaml.safe_load(text) == yaml.safe_load(source.text)
    assert sorted(linted(replace(source, text=text)), key=str) == sorted(linted(source), key=str)


def test_keys_are_reordered() -> None:
    assert reordered("a: 1\nb:\n  c: 2\n  d: {e: 3, f: 4}\ng: [\n  5]\n") == (
        "g: [\n  5]\nb:\n  d: {e: 3, f: 4}\n  c: 2\na: 1\n"
    )


class Turned(ast.NodeTransformer):
    """Gives the keywords of every call in the opposite order."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if all(keyword.arg for keyword in node.keywords):
            node.keywords.reverse()
        return self.generic_visit(node)


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


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.name)
def test_names_of_variables_keywords_and_spaces_change_nothing(path: Path) -> None:
    """`ast.unparse` writes the same program with other quotes, brackets and lines."""
    source = source_of(path)
    try:
        tree = ast.parse(source.text)
    except SyntaxError:
        pytest.skip("it is no Python")
    if "shapelint:" in source.text:
        pytest.skip("its comments are for shapelint")
    assert linted(replace(source, text=ast.unparse(tree))) == linted(source)
    assert linted(replace(source, text=ast.unparse(Turned().visit(tree)))) == linted(source)
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
