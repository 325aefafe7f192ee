"""Inputs that made a reader fail once."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import ROOT, run_process

from shapelint.checkpoints import CheckpointError, state_dicts
from shapelint.common import syntax_trees
from shapelint.common.mentions import mentioned
from shapelint.common.whole_numbers import whole_number
from shapelint.documents.overrides import InvalidYamlError, parse
from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.shapes import expression
from shapelint.text.source import Source


@pytest.mark.parametrize("tag", ["int", "float", "bool", "timestamp", "binary", "null", "merge", "value"])
@pytest.mark.parametrize("value", ["", "x", "-", "2024-13-45"])
def test_a_scalar_that_is_not_what_its_tag_says(tag: str, value: str) -> None:
    text = f'backbone: {{out_dim: !!{tag} "{value}"}}\nprojection_head: Linear(256, 4)\n'
    assert not lint_text(Source("model.yaml", text), Settings(isolated=True)).is_fault
    assert not lint_text(Source("model.yaml", f"!!{tag} {value}"), Settings(isolated=True)).is_fault


@pytest.mark.parametrize(
    "text",
    ["a=range(1e999)", "a=range(1,inf,nan)", f"a={'9' * 5000}", f"a=range({'9' * 400},1.5)", "a=range(0,-1e999,-inf)"],
)
def test_numbers_of_overrides_that_are_none(text: str) -> None:
    try:
        parse(text)
    except InvalidYamlError:
        return


@pytest.mark.parametrize("text", ["-text", "-sizes", "-(1, 2)", "-'a'"])
def test_a_sign_before_what_is_no_number(text: str) -> None:
    with pytest.raises(expression.OperandError, match="no number"):
        expression.evaluate(text, {"text": "a", "sizes": (1, 2)})


def test_digits_that_are_no_number() -> None:
    assert [whole_number(text) for text in ("12", "²", "٣", "-1", "1_0", "9" * 18, "9" * 19, "")] == [
        12, None, None, None, None, 10**18 - 1, None, None,
    ]  # fmt: skip


def test_python_says_nothing_about_a_linted_text(tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text('backbone: {out_dim: 256}\nprojection_head: "Linear(0x1for x in y, 3)"\n')
    (tmp_path / "other.yaml").write_text('backbone: {out_dim: 256}\nprojection_head: "Linear(1or 2, 3)"\n')
    assert run_process(tmp_path, ".").stderr == ""


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("text", ["\\e", "\\_", "\\d"])
def test_python_says_nothing_about_an_escape_in_a_checkpoint(tmp_path: Path, text: str) -> None:
    with zipfile.ZipFile(tmp_path / "model.pt", "w") as archive:
        archive.writestr("model/data.pkl", f"S'{text}'\n.")
    with pytest.raises(CheckpointError):
        state_dicts(tmp_path / "model.pt")


@pytest.mark.parametrize("call", ["range()", "range(1, 2, 3, 4)", "range(1, 2, 0)", "range(1, *range(5))"])
def test_a_range_that_python_refuses(call: str) -> None:
    text = f"import torch\nfrom torch import nn\nhead = nn.Linear(3, 4)\nfor i in {call}:\n    head(torch.rand(2, 3))\n"
    assert not lint_text(Source("model.py", text), Settings(isolated=True)).is_fault


WARNED = {
    "model.yaml": 'backbone: {out_dim: 256}\nprojection_head: "Linear(0x1for x in y, 3)"\n',
    "other.yaml": "backbone: {out_dim: 256}\nprojection_head: Linear('\\d', 3)\n",
    "model.py": "import torch\nx = torch.nn.Linear(1or 2, 3) is 3\n",
}


@pytest.mark.parametrize("name", WARNED)
def test_python_warns_nobody_who_lints_in_a_program(name: str) -> None:
    """`lint_text` is called by the API, the server and the plugin, which leave Python's warnings as they are."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert not lint_text(Source(name, WARNED[name]), Settings(isolated=True)).is_fault
    assert caught == []


@pytest.mark.parametrize("text", ["\0", "-" * 100_000 + "1", "(" * 300, "'\ud800'", ")"])
@pytest.mark.parametrize("parse_text", [syntax_trees.module, syntax_trees.expression])
def test_what_is_no_python_is_one_error(text: str, parse_text: Callable[[str], object]) -> None:
    with pytest.raises(SyntaxError):
        parse_text(text)


def test_nothing_else_parses_python() -> None:
    code = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "shapelint").rglob("*.py")}
    assert [name for name, text in code.items() if "ast.parse(" in text] == ["syntax_trees.py"]


def test_a_long_number_in_a_string() -> None:
    """A pattern tried every way to cut the digits, which took longer than the age of the universe."""
    text = f'"""{"5" * 80}The classifier of a ResNet."""\nfrom torch import nn\n'
    assert not lint_text(Source("train.py", text), Settings(isolated=True)).is_fault


def test_many_empty_lines_before_the_header_of_a_config(tmp_path: Path) -> None:
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "a.yaml").write_text("\n" * 80 + " \n" * 80 + "backbone: {out_dim: 256}\n")
    (tmp_path / "model.yaml").write_text("defaults:\n  - part: a\n  - _self_\nprojection_head: Linear(512, 4)\n")
    assert run_process(tmp_path, "model.yaml").returncode in (0, 1, 2)


def test_a_class_that_builds_itself_twice() -> None:
    """A thousand models: what is said of each is looked for once."""
    head = "import torchvision\nfrom torch import nn\n\n\nclass MLP(nn.Module):\n    def __init__(self):\n"
    parts = (
        "self.encoder = torchvision.models.resnet18(twesgih=None)\n",
        "self.projector = MLP()\n",
        "self.other = MLP()\n",
    )
    text = head + "".join(f"        {part}" for part in ("super().__init__()\n", *parts))
    report = lint_text(Source("train.py", f"{text}\n\nMLP()\n"), Settings(isolated=True))
    assert not report.is_fault


@pytest.mark.parametrize(
    "text",
    ["#" + "x" * 300_000, "from " + "." * 300_000, "from a import (\n" * 20_000, "x" * 300_000 + ".py"],
    ids=["a long word", "many dots", "open brackets", "a long path"],
)
@pytest.mark.parametrize("path", ["a.py", "a.yaml"])
def test_what_a_text_with_long_words_names(path: str, text: str) -> None:
    """Each of these took hours: a pattern looked for its end from every place in a word."""
    assert mentioned(path, text + f"\ndefaults: [{text.strip()}]\n").configs == ()
