"""The bounds: each is used, and where no test of a reader does it, tried on both of its sides."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from command_line import ROOT

from shapelint.common import bounds, disk
from shapelint.common.gitignore import above
from shapelint.common.toml_text import TomlError, read_toml
from shapelint.linting.lint_paths import lint_text
from shapelint.python.tensors.refusals import missing_axis
from shapelint.read import call_strings
from shapelint.settings.settings import Settings
from shapelint.shapes import dims, expression
from shapelint.text import notebook
from shapelint.text.source import Source, Span, UnreadableError, decode

NAMES = [name for name in vars(bounds) if name.isupper()]


@pytest.mark.parametrize("name", NAMES)
def test_a_bound_is_used_and_explained(name: str) -> None:
    text = (ROOT / "shapelint" / "common" / "bounds.py").read_text(encoding="utf-8")
    assert re.search(rf'^{name} = .*\n"""[A-Z].*"""$', text, re.MULTILINE)
    code = (path.read_text(encoding="utf-8") for path in (ROOT / "shapelint").rglob("*.py"))
    assert any(f"bounds.{name}" in text for text in code)


def messages(text: str) -> str:
    return " ".join(
        finding.message for finding in lint_text(Source("model.yaml", text), Settings(isolated=True)).findings
    )


def test_the_size_of_a_file() -> None:
    assert decode("a.yaml", b"#" * bounds.SOURCE_BYTES).text
    with pytest.raises(UnreadableError, match="larger than 4 MiB"):
        decode("a.yaml", b"#" * (bounds.SOURCE_BYTES + 1))


def test_the_levels_of_yaml() -> None:
    def nested(levels: int) -> str:
        return messages("projection_head: Linear(3, 4)\nx: " + "[" * levels + "]" * levels)

    assert "levels deep" not in nested(bounds.YAML_DEPTH - 1)
    assert "nested more than 100 levels deep" in nested(bounds.YAML_DEPTH)


def test_the_values_of_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shapelint.documents.nodes.MAXIMUM_NODES", 1000)

    def many(count: int) -> str:
        return messages(f"projection_head: Linear(3, 4)\nx: [{'1, ' * count}]\n")

    assert "aliases expanded" not in many(990)
    assert "more than 1000 values, aliases expanded" in many(1010)


def test_the_levels_of_a_notebook() -> None:
    def nested(levels: int) -> str:
        inside = "[" * levels + "]" * levels
        return json.dumps({"cells": [], "metadata": 0}).replace("0", inside)

    assert notebook.read(nested(bounds.NOTEBOOK_DEPTH - 2)).text == ""
    with pytest.raises(notebook.NotebookError):
        notebook.read(nested(bounds.NOTEBOOK_DEPTH + 2))


def test_the_characters_of_a_call() -> None:
    def parse(length: int) -> None:
        text = "Linear(3, 4" + " " * (length - 12) + ")"
        call_strings.parse_call(text, lambda start, end: (Span(start, end), None))

    parse(bounds.CALL_LENGTH)
    with pytest.raises(call_strings.CallError, match="longer than 20000 characters"):
        parse(bounds.CALL_LENGTH + 1)


def test_an_expression() -> None:
    assert expression.evaluate("1" + " " * (bounds.EXPRESSION_LENGTH - 2) + "\t", {}) == 1
    with pytest.raises(expression.ExpressionError, match="longer than 2000"):
        expression.evaluate("1" + " " * bounds.EXPRESSION_LENGTH, {})
    assert expression.evaluate("-" * (bounds.EXPRESSION_DEPTH - 2) + "1", {}) == 1
    with pytest.raises(expression.ExpressionError, match="nested too deeply"):
        expression.evaluate("-" * (bounds.EXPRESSION_DEPTH + 1) + "1", {})


def test_the_terms_of_a_formula() -> None:
    def summed(count: int) -> dims.Dim:
        total: dims.Dim = 1
        for number in range(count - 1):
            total = total + dims.symbol(f"x{number}")
        return total

    assert dims.is_known(summed(100) * summed(bounds.FORMULA_TERMS // 100))
    assert not dims.is_known(summed(101) * summed(bounds.FORMULA_TERMS // 100))


def test_the_axes_of_a_tensor() -> None:
    assert missing_axis(bounds.AXES - 1, 4).split()[-2] == f"axis{bounds.AXES - 1}"
    assert missing_axis(-bounds.AXES, 4) == missing_axis(bounds.AXES - 1, 4)
    assert missing_axis(bounds.AXES, 4) == missing_axis(10**9, 4) == missing_axis(-(10**9), 4) == ""


def test_the_parts_of_a_key() -> None:
    assert read_toml("a" + ".a" * (bounds.TOML_KEY_PARTS - 1) + " = 1")
    with pytest.raises(TomlError, match="more than 64 parts"):
        read_toml("a" + ".a" * bounds.TOML_KEY_PARTS + " = 1")


def test_the_size_of_a_file_that_is_searched(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("import b\n".ljust(bounds.SEARCHED_BYTES, "#"))
    found = disk.mentions(path)
    assert found is not None
    assert found.imported == (("b", ()),)
    path.write_text("import b\n".ljust(bounds.SEARCHED_BYTES + 1, "#"))
    assert disk.mentions(path) is None


def test_the_patterns_of_a_gitignore(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()

    def ignores(pattern: str) -> bool:
        (tmp_path / ".gitignore").write_text(pattern)
        return above(str(tmp_path)).below(str(tmp_path)).covers(str(tmp_path / "abc"))

    assert ignores("#\n" * 5000 + "x\n" * (bounds.IGNORE_PATTERNS - 1) + "abc\n")
    assert not ignores("x\n" * bounds.IGNORE_PATTERNS + "abc\n")
    assert ignores("*a*b*c\n"[: 2 * bounds.WILDCARDS])
    assert not ignores("*a*b*c*\n")
    assert ignores("abc\n" + "#" * (bounds.IGNORE_FILE_BYTES - 4))
    assert not ignores("abc\n" + "#" * (bounds.IGNORE_FILE_BYTES - 3))
