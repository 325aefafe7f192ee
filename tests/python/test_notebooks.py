"""Notebooks: findings are located by cell and line, and fixes change nothing but the number in the cell."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shapelint.judge.repair import splice
from shapelint.linting.fixing import move_of
from shapelint.linting.lint_paths import lint_text
from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport
from shapelint.suppress.add_ignores import add_ignores
from shapelint.text.notebook import as_python, read
from shapelint.text.source import Source

IMPORTS = """%matplotlib inline
!pip install lightly
from torch import nn
from lightly.models.modules import BYOLProjectionHead  # "quoted", é, \\n
text = "tab\\tand \\"quotes\\""
"""
MODEL = """class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 96, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projection_head = BYOLProjectionHead(512, 1024, 256)
    def forward(self, x):
        return self.projection_head(self.backbone(x))"""


def notebook(*cells: str | tuple[str, str], as_list: bool = True, **options: Any) -> str:
    """Return a notebook; a cell is code, or (kind, text)."""
    entries = []
    for cell in cells:
        kind, text = cell if isinstance(cell, tuple) else ("code", cell)
        source = text.splitlines(keepends=True) if as_list else text
        entries.append({"cell_type": kind, "execution_count": None, "metadata": {}, "outputs": [], "source": source})
    document = {"cells": entries, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, **options) + "\n"


SPELLINGS: dict[str, dict[str, Any]] = {
    "as Jupyter writes it": {"indent": 1, "ensure_ascii": False},
    "escaped": {"indent": 1, "ensure_ascii": True},
    "in one line": {"indent": None},
    "one string a cell": {"indent": 2, "as_list": False},
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_finding_is_located_and_fixed_in_its_cell(name: str) -> None:
    text = notebook(("markdown", "# BYOL"), IMPORTS, MODEL, "model = Model()", **SPELLINGS[name])
    source = Source("train.ipynb", text)
    (finding,) = lint_source(source, Options()).findings
    assert (finding.code, finding.expected, finding.actual) == ("SL101", 512, 96)
    assert "cell 3, line 5" in finding.notes
    assert finding.fix is not None
    after = splice(text, [move_of(source, edit) for edit in finding.fix.edits])
    assert after == text.replace("BYOLProjectionHead(512", "BYOLProjectionHead(96")
    assert json.loads(after)["cells"][2]["source"] != json.loads(text)["cells"][2]["source"]
    assert lint_source(Source("train.ipynb", after), Options()).findings == ()


def test_every_character_maps_back_to_its_place() -> None:
    text = notebook(IMPORTS, MODEL, indent=1, ensure_ascii=True)
    script = read(text)
    assert len(script.offsets) == len(script.text)
    for character, offset in zip(script.text, script.offsets):
        if character.isalnum() and character.isascii():
            assert text[offset] == character


CELLS = {
    "%%bash\nrm -rf /\n": "#%bash\n#m -rf /\n",
    "%time x = 1": "#time x = 1",
    "    !ls": "    #ls",
    "x = (1,": "# = (1,",
    "y = 1 % 2": "y = 1 % 2",
}


@pytest.mark.parametrize("code", CELLS)
def test_cells_that_are_not_python_become_comments(code: str) -> None:
    assert as_python(code) == CELLS[code]


BROKEN = [
    "",
    "{",
    "[]",
    '{"cells": 3}',
    '{"cells": [',
    '{"cells": ["\\u12"]}',
    "[" * 10_000,
    '{"cells": [{"source": "x}',
]


@pytest.mark.parametrize("text", BROKEN)
def test_an_invalid_notebook_is_reported(text: str) -> None:
    assert [finding.code for finding in lint_source(Source("a.ipynb", text), Options()).findings] == ["SL903"]


def test_malformed_cells_are_skipped() -> None:
    text = json.dumps({"cells": [None, 3, [], {"cell_type": "code"}, {"cell_type": 4, "source": 5}]})
    assert lint_source(Source("a.ipynb", text), Options()).findings == ()


def commented(comment: str, line: int = 4) -> str:
    """Return the cell of the model with a comment at the end of one of its lines."""
    lines = MODEL.split("\n")
    lines[line] += comment
    return "\n".join(lines)


def linted(text: str) -> FileReport:
    return lint_text(Source("train.ipynb", text), Settings(isolated=True))


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("line", range(7))
def test_an_ignore_comment_applies_to_its_line_of_a_cell(name: str, line: int) -> None:
    """Line 4 has the finding, line 3 what it is compared with; elsewhere the comment silences nothing (SL904)."""
    comment = '  # shapelint: ignore[SL101] "on purpose", é'
    cells = (("markdown", "# BYOL"), IMPORTS, commented(comment, line), "model = Model()")
    codes = [finding.code for finding in linted(notebook(*cells, **SPELLINGS[name])).findings]
    assert sorted(codes) == ([] if line in (3, 4) else ["SL101", "SL904"])


@pytest.mark.parametrize("name", SPELLINGS)
def test_an_unused_ignore_is_removed_from_its_cell(name: str) -> None:
    comment = '  # shapelint: ignore[SL204] "why"'
    right = commented(comment).replace("512, 1024", "96, 1024")
    text = notebook(("markdown", "# BYOL"), IMPORTS, right, "model = Model()", **SPELLINGS[name])
    (finding,) = linted(text).findings
    assert finding.code == "SL904"
    assert finding.notes == ("cell 3, line 5",)
    assert finding.fix is not None
    source = Source("train.ipynb", text)
    after = splice(text, [move_of(source, edit) for edit in finding.fix.edits])
    cell = json.loads(after)["cells"][2]["source"]
    assert "".join(cell).splitlines()[4].rstrip() == MODEL.replace("512", "96").splitlines()[4]
    assert linted(after).findings == ()


@pytest.mark.parametrize("name", SPELLINGS)
def test_ignores_are_added_in_the_cell(name: str) -> None:
    text = notebook(IMPORTS, MODEL, "model = Model()", **SPELLINGS[name])
    after, count = add_ignores(Source("train.ipynb", text), lambda source: linted(source.text))
    assert count == 1
    assert "".join(json.loads(after)["cells"][1]["source"]) == commented("  # shapelint: ignore[SL101]")
    assert linted(after).findings == ()
